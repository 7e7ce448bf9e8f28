/// The roles that every namespace has: Redshift, "Amazon Redshift system-defined roles". They are written down once
/// somebody is granted one.
enum SystemRoles {
  static let prefix = "sys:"

  private static let reading = ["ACCESS SYSTEM TABLE", "ACCESS CATALOG"]
  private static let operating = reading + ["ANALYZE", "VACUUM", "CANCEL"]
  private static let all: [(id: Int, name: String, permissions: [String])] = [
    (10, "sys:operator", operating),
    (11, "sys:monitor", reading),
    (
      12, "sys:dba",
      operating + [
        "CREATE SCHEMA", "CREATE TABLE", "DROP SCHEMA", "DROP TABLE", "ALTER TABLE", "TRUNCATE TABLE",
        "CREATE OR REPLACE PROCEDURE", "DROP PROCEDURE", "CREATE OR REPLACE FUNCTION",
        "CREATE OR REPLACE EXTERNAL FUNCTION", "DROP FUNCTION", "CREATE VIEW", "DROP VIEW",
      ]
    ),
    (13, "sys:superuser", []),
    (
      14, "sys:secadmin",
      reading + ["CREATE USER", "ALTER USER", "DROP USER", "CREATE ROLE", "DROP ROLE", "GRANT ROLE"]
    ),
  ]

  static func add(to catalog: inout Catalog) {
    for role in all where catalog.group(role.name, isRole: true) == nil {
      catalog.apply(
        .put(CatalogGroup(id: role.id, name: role.name, isRole: true, owner: 1, permissions: role.permissions)))
    }
  }
}
