/// How a language spells words and literals. The parser asks it for what differs, so that a further dialect is a
/// further value.
public struct Dialect: Sendable, Hashable {
  public var name: String
  /// `"…"` is a string, as in Hive, and not an identifier.
  public var doubleQuotesAreStrings: Bool
  /// `` `…` `` is an identifier.
  public var backquotesAreIdentifiers: Bool
  /// `\n`, `\'` and the like are read within strings.
  public var backslashEscapes: Bool
  /// Words that cannot be names unless quoted.
  public var reservedWords: Set<String>

  /// Athena's queries: Trino SQL.
  public static let trino = Dialect(
    name: "trino", doubleQuotesAreStrings: false, backquotesAreIdentifiers: false, backslashEscapes: false,
    reservedWords: trinoReserved)
  /// Athena's DDL: Hive's language.
  public static let hive = Dialect(
    name: "hive", doubleQuotesAreStrings: true, backquotesAreIdentifiers: true, backslashEscapes: true,
    reservedWords: hiveReserved)

  private static let trinoReserved = words(
    """
    ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
    CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP
    ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT
    INTO IS JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME
    LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN
    TRIM TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH
    """)

  /// Source: Athena's user guide, "Reserved keywords in DDL statements".
  private static let hiveReserved = words(
    """
    ALL ALTER AND ARRAY AS AUTHORIZATION BETWEEN BIGINT BINARY BOOLEAN BOTH BY CASE CASHE CAST CHAR COLUMN CONF
    CONSTRAINT COMMIT CREATE CROSS CUBE CURRENT CURRENT_DATE CURRENT_TIMESTAMP CURSOR DATABASE DATE DAYOFWEEK DECIMAL
    DELETE DESCRIBE DISTINCT DIV DOUBLE DROP ELSE END EXCHANGE EXISTS EXTENDED EXTERNAL EXTRACT FALSE FETCH FLOAT FLOOR
    FOLLOWING FOR FOREIGN FROM FULL FUNCTION GRANT GROUP GROUPING HAVING IF IMPORT IN INNER INSERT INT INTEGER
    INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LESS LIKE LOCAL MACRO MAP MORE NONE NOT NULL NUMERIC OF ON ONLY OR
    ORDER OUT OUTER OVER PARTIALSCAN PARTITION PERCENT PRECEDING PRECISION PRESERVE PRIMARY PROCEDURE RANGE READS
    REDUCE REGEXP REFERENCES REVOKE RIGHT RLIKE ROLLBACK ROLLUP ROW ROWS SELECT SET SMALLINT START TABLE TABLESAMPLE
    THEN TIME TIMESTAMP TO TRANSFORM TRIGGER TRUE TRUNCATE UNBOUNDED UNION UNIQUEJOIN UPDATE USER USING UTC_TIMESTAMP
    VALUES VARCHAR VIEWS WHEN WHERE WINDOW WITH
    """)

  private static func words(_ text: String) -> Set<String> {
    Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
  }
}
