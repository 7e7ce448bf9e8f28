/// Limits of authentication.
enum SignatureLimits {
  /// How far a request's time may be off. Source: S3's `RequestTimeTooSkewed`, 15 minutes.
  static let s3SkewMillisecondsMax: Int64 = 900_000
  /// Source: "Signature Version 4: handling dates", five minutes, for all other services.
  static let skewMinutesMax = 5
  /// A presigned URL is good for a week at most.
  static let presignedSecondsMax: Int64 = 604_800
  /// The longest body of a call that is signed over its whole body: PutRecords' 10 MiB in base64, with room to spare.
  static let signedBodyBytesMax = 64 << 20
  /// A chunk's header line in the aws-chunked form.
  static let chunkHeaderBytesMax = 4_096
  /// All trailer lines together.
  static let trailerBytesMax = 16_384
}
