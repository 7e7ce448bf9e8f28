enum BinaryFunctions {
  static let rules = [
    "from_base64(varbinary) -> varbinary | from_base64(decode({0}))",
    "from_base64(varchar) -> varbinary | from_base64({0})",
    "from_base64url(varchar) -> varbinary | trino_from_base64url({0})",
    "from_big_endian_32(varbinary) -> integer | trino_from_big_endian_32({0})",
    "from_big_endian_64(varbinary) -> bigint | trino_from_big_endian_64({0})",
    "from_hex(varchar) -> varbinary | unhex({0})",
    "from_hex(varbinary) -> varbinary | unhex(decode({0}))",
    "md5(varbinary) -> varbinary | unhex(md5({0}))",
    "sha1(varbinary) -> varbinary | unhex(sha1({0}))",
    "sha256(varbinary) -> varbinary | unhex(sha256({0}))",
    "to_base64(varbinary) -> varchar | to_base64({0})",
    "to_base64url(varbinary) -> varchar | translate(to_base64({0}), '+/', '-_')",
    "to_big_endian_32(integer) -> varbinary | trino_to_big_endian({0}, 4)",
    "to_big_endian_64(bigint) -> varbinary | trino_to_big_endian({0}, 8)",
    "to_hex(varbinary) -> varchar | hex({0})",
    "uuid() -> uuid | uuid()",
  ]
}

/// The functions that choose among their arguments.
enum ConditionalFunctions {
  static let rules = [
    "greatest(O...) -> O | @greatest",
    "least(O...) -> O | @least",
  ]
}

enum URLFunctions {
  static let rules = [
    "url_encode(varchar) -> varchar | trino_url_encode({0})",
    "url_decode(varchar) -> varchar | url_decode(replace({0}, '+', ' '))",
    "url_extract_fragment(varchar) -> varchar | trino_url_fragment({0})",
    "url_extract_host(varchar) -> varchar | trino_url_host({0})",
    "url_extract_parameter(varchar, varchar) -> varchar | trino_url_parameter({0}, {1})",
    "url_extract_path(varchar) -> varchar | trino_url_path({0})",
    "url_extract_port(varchar) -> bigint | trino_url_port({0})",
    "url_extract_protocol(varchar) -> varchar | trino_url_protocol({0})",
    "url_extract_query(varchar) -> varchar | trino_url_query({0})",
  ]
}
