import Kernel
import Storage

extension ObjectStore {
  /// A page of a bucket's objects.
  struct ObjectPage: Sendable {
    var objects: [(key: String, record: ObjectRecord)] = []
    var prefixes: [String] = []
    var more = false
    /// The last key or prefix of the page.
    var last: String?
  }

  /// The current versions whose keys begin with `prefix`, after `marker`.
  func listObjects(
    _ bucket: Bucket, prefix: String, delimiter: String, after marker: String?, limit: Int
  ) async throws -> ObjectPage {
    try await keys.read { try Self.listObjects(bucket, prefix, delimiter, marker, limit, $0) }
  }

  static func listObjects(
    _ bucket: Bucket, _ prefix: String, _ delimiter: String, _ marker: String?, _ limit: Int, _ reader: any KeyReader
  ) throws -> ObjectPage {
    let listing = KeyListing(prefix: prefix, delimiter: delimiter, limit: limit)
    let table = bucket.objects
    let (items, more) = try listing.page(table, from: listing.start(after: marker, in: table), reader)
    var page = ObjectPage(more: more)
    for item in items {
      switch item {
      case .entry(let key, let value):
        let text = String(decoding: key, as: UTF8.self)
        page.objects.append((text, try ObjectRecord(head: value)))
        page.last = text
      case .prefix(let prefix):
        let text = String(decoding: prefix, as: UTF8.self)
        page.prefixes.append(text)
        page.last = text
      }
    }
    return page
  }

  /// A page of the uploads under way.
  struct UploadPage: Sendable {
    var uploads: [(key: String, upload: UploadRecord)] = []
    var prefixes: [String] = []
    var more = false
    var lastKey: String?
    var lastUploadID: String?
  }

  /// Uploads by key and then by age, after `keyMarker`, or after one upload of that key.
  func listUploads(
    _ bucket: Bucket, prefix: String, delimiter: String, keyMarker: String?, uploadIDMarker: String?, limit: Int
  ) async throws -> UploadPage {
    let listing = KeyListing(prefix: prefix, delimiter: delimiter, limit: limit)
    let table = Layout.uploads(bucket.number)
    var start = listing.start(after: keyMarker, in: table)
    if let keyMarker, !keyMarker.isEmpty, let uploadIDMarker, let id = VersionID(uploadIDMarker),
      listing.commonPrefix(of: Array(keyMarker.utf8)) == nil
    {
      start = table.appending(keyMarker, id.order.saturatingAdd(1))
    }
    return try await keys.read { [start] reader in
      let (items, more) = try listing.page(table, from: start, reader)
      var page = UploadPage(more: more)
      for item in items {
        switch item {
        case .entry(let key, let value):
          let upload = try UploadRecord(decoding: value)
          page.uploads.append((String(decoding: key, as: UTF8.self), upload))
          page.lastKey = page.uploads.last?.key
          page.lastUploadID = upload.id.text
        case .prefix(let prefix):
          page.prefixes.append(String(decoding: prefix, as: UTF8.self))
          page.lastKey = page.prefixes.last
          page.lastUploadID = nil
        }
      }
      return page
    }
  }
}
