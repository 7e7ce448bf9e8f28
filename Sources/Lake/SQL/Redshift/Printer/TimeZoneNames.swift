/// Abbreviations of time zones, as PostgreSQL 8 knows them: Redshift, "Time zone abbreviations".
enum TimeZoneNames {
  /// Minutes east of UTC.
  private static let minutes: [String: Int] = [
    "acsst": 630, "acst": 570, "act": -300, "adt": -180, "aesst": 660, "aest": 600, "akdt": -480, "akst": -540,
    "almst": 420, "almt": 360, "amst": -180, "amt": -240, "art": -180, "ast": -240, "awsst": 540, "awst": 480,
    "azst": 300, "azt": 240, "bdst": 120, "bnt": 480, "bort": 480, "bot": -240, "bra": -180, "bst": 60, "btt": 360,
    "cadt": 630, "cast": 570, "cct": 480, "cdt": -300, "cest": 120, "cet": 60, "cetdst": 120, "cst": -360,
    "east": -360, "eat": 180, "edt": -240, "eest": 180, "eet": 120, "eetdst": 180, "est": -300, "gmt": 0, "hst": -600,
    "idt": 180, "ist": 120, "jst": 540, "kst": 540, "mdt": -360, "mest": 120, "met": 60, "msd": 240, "msk": 180,
    "mst": -420, "ndt": -150, "nst": -210, "nzdt": 780, "nzst": 720, "pdt": -420, "pst": -480, "sast": 120,
    "ut": 0, "utc": 0, "wadt": 480, "wast": 420, "wdt": 540, "west": 60, "wet": 0, "wst": 480, "z": 0, "zulu": 0,
  ]

  /// The engine's name for the offset that an abbreviation stands for (its signs are POSIX's); `nil` for other words,
  /// and for the offsets that it has no name for.
  static func region(_ name: String) -> String? {
    guard let minutes = minutes[name.lowercased()], minutes.isMultiple(of: 60) else { return nil }
    if minutes == 0 { return "UTC" }
    return "Etc/GMT\(minutes < 0 ? "+" : "-")\(abs(minutes / 60))"
  }

  /// `+HH:MM` of an abbreviation; `nil` for other words.
  static func offset(_ name: String) -> String? {
    guard let minutes = minutes[name.lowercased()] else { return nil }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let size = Int(minutes.magnitude)
    return "\(minutes < 0 ? "-" : "+")\(two(size / 60)):\(two(size % 60))"
  }
}
