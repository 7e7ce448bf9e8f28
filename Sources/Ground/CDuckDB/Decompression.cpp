#include "Bridge.hpp"

#include "Decompression.hpp"

#include <bzlib.h>
#include <zlib.h>

#include <cstring>
#include <vector>

// Exported by DuckDB's library, whose headers for them are not.
namespace duckdb_zstd {
struct ZSTD_DCtx_s;
struct ZSTD_outBuffer_s {
  void *dst;
  size_t size;
  size_t pos;
};
struct ZSTD_inBuffer_s {
  const void *src;
  size_t size;
  size_t pos;
};
ZSTD_DCtx_s *ZSTD_createDCtx(void);
size_t ZSTD_freeDCtx(ZSTD_DCtx_s *context);
size_t ZSTD_decompressStream(ZSTD_DCtx_s *context, ZSTD_outBuffer_s *output, ZSTD_inBuffer_s *input);
unsigned ZSTD_isError(size_t code);
} // namespace duckdb_zstd
namespace duckdb_snappy {
bool GetUncompressedLength(const char *input, size_t count, size_t *length);
bool RawUncompress(const char *input, size_t count, char *output);
} // namespace duckdb_snappy
namespace duckdb_lz4 {
int LZ4_decompress_safe(const char *input, char *output, int count, int capacity);
} // namespace duckdb_lz4

namespace tarn {

namespace {

constexpr size_t STEP = 256 << 10;
// lzop's own largest block.
constexpr size_t LZOP_BLOCK_MAX = 64 << 20;

[[noreturn]] void Damaged(const char *format) {
  throw duckdb::IOException("the %s data is damaged or not complete", format);
}

class Bzip2Source : public ByteSource {
public:
  explicit Bzip2Source(std::unique_ptr<ByteSource> inner) : inner(std::move(inner)), input(STEP) {
  }
  ~Bzip2Source() override {
    End();
  }

  size_t Read(char *target, size_t count) override {
    size_t filled = 0;
    while (filled < count && !finished) {
      if (stream.avail_in == 0 && !ended) {
        auto got = inner->Read(input.data(), input.size());
        ended = got == 0;
        stream.next_in = input.data();
        stream.avail_in = static_cast<unsigned>(got);
      }
      if (!open) {
        // Another stream may follow the last one: files of parallel compressors hold many.
        if (stream.avail_in == 0) {
          if (!any) {
            Damaged("bzip2");
          }
          finished = true;
          break;
        }
        Begin();
      }
      auto room = std::min<size_t>(count - filled, STEP);
      stream.next_out = target + filled;
      stream.avail_out = static_cast<unsigned>(room);
      auto had = stream.avail_in;
      auto result = BZ2_bzDecompress(&stream);
      auto made = room - stream.avail_out;
      filled += made;
      if (result == BZ_STREAM_END) {
        End();
      } else if (result != BZ_OK || (ended && had == stream.avail_in && made == 0)) {
        Damaged("bzip2");
      }
    }
    return filled;
  }

private:
  void Begin() {
    auto next = stream.next_in;
    auto available = stream.avail_in;
    stream = bz_stream {};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
      throw duckdb::IOException("no memory for bzip2");
    }
    stream.next_in = next;
    stream.avail_in = available;
    open = true;
    any = true;
  }
  void End() {
    if (open) {
      auto next = stream.next_in;
      auto available = stream.avail_in;
      BZ2_bzDecompressEnd(&stream);
      stream.next_in = next;
      stream.avail_in = available;
      open = false;
    }
  }

  std::unique_ptr<ByteSource> inner;
  std::vector<char> input;
  bz_stream stream {};
  bool open = false;
  bool any = false;
  bool ended = false;
  bool finished = false;
};

// lzop's file: a header, then blocks with their lengths and checksums.
class LzopSource : public ByteSource {
public:
  explicit LzopSource(std::unique_ptr<ByteSource> inner) : inner(std::move(inner)) {
    Header();
  }

  size_t Read(char *target, size_t count) override {
    size_t filled = 0;
    while (filled < count) {
      if (position == block.size()) {
        if (finished || !Next()) {
          break;
        }
      }
      auto part = std::min(count - filled, block.size() - position);
      std::memcpy(target + filled, block.data() + position, part);
      filled += part;
      position += part;
    }
    return filled;
  }

private:
  // Flags of the header: which checksums follow, and which fields there are.
  static constexpr uint32_t ADLER_PLAIN = 0x1, ADLER_PACKED = 0x2, EXTRA = 0x40, CRC_PLAIN = 0x100, CRC_PACKED = 0x200,
                            FILTER = 0x800;

  void Exactly(char *target, size_t count) {
    while (count > 0) {
      auto got = inner->Read(target, count);
      if (got == 0) {
        Damaged("lzop");
      }
      target += got;
      count -= got;
    }
  }
  uint32_t Number(int bytes) {
    unsigned char raw[4];
    Exactly(reinterpret_cast<char *>(raw), static_cast<size_t>(bytes));
    uint32_t value = 0;
    for (int index = 0; index < bytes; index++) {
      value = value << 8 | raw[index];
    }
    return value;
  }
  void Pass(size_t count) {
    char dropped[256];
    while (count > 0) {
      auto part = std::min(count, sizeof(dropped));
      Exactly(dropped, part);
      count -= part;
    }
  }

  void Header() {
    static const char MAGIC[9] = {'\x89', 'L', 'Z', 'O', '\0', '\r', '\n', '\x1a', '\n'};
    char magic[9];
    Exactly(magic, sizeof(magic));
    if (std::memcmp(magic, MAGIC, sizeof(magic)) != 0) {
      throw duckdb::IOException("the file is not compressed with lzop");
    }
    auto version = Number(2);
    Number(2);
    const bool newer = version >= 0x0940;
    if (newer) {
      Number(2);
    }
    auto method = Number(1);
    if (method < 1 || method > 3) {
      throw duckdb::IOException("lzop's method %d is not known", static_cast<int>(method));
    }
    if (newer) {
      Number(1);
    }
    flags = Number(4);
    if (flags & FILTER) {
      Number(4);
    }
    Number(4);
    Number(4);
    if (newer) {
      Number(4);
    }
    Pass(Number(1));
    Number(4);
    if (flags & EXTRA) {
      Pass(Number(4));
      Number(4);
    }
  }

  bool Next() {
    auto plain = Number(4);
    if (plain == 0) {
      finished = true;
      return false;
    }
    auto packed = Number(4);
    if (plain > LZOP_BLOCK_MAX || packed > plain) {
      Damaged("lzop");
    }
    uint32_t adler = flags & ADLER_PLAIN ? Number(4) : 0;
    uint32_t crc = flags & CRC_PLAIN ? Number(4) : 0;
    if (packed < plain) {
      if (flags & ADLER_PACKED) {
        Number(4);
      }
      if (flags & CRC_PACKED) {
        Number(4);
      }
    }
    input.resize(packed);
    Exactly(&input[0], packed);
    block.clear();
    position = 0;
    if (packed == plain) {
      block = input;
    } else {
      LZOBlock(input.data(), input.size(), plain, block);
    }
    auto bytes = reinterpret_cast<const Bytef *>(block.data());
    auto length = static_cast<uInt>(block.size());
    if (block.size() != plain || ((flags & ADLER_PLAIN) && adler32(1, bytes, length) != adler) ||
        ((flags & CRC_PLAIN) && crc32(0, bytes, length) != crc)) {
      Damaged("lzop");
    }
    return true;
  }

  std::unique_ptr<ByteSource> inner;
  uint32_t flags = 0;
  std::string input;
  std::string block;
  size_t position = 0;
  bool finished = false;
};

// Makes room bit by bit, so that what a damaged block says of its size is never believed at once.
class Growing {
public:
  Growing(std::string &output, size_t limit, const char *format) : output(output), limit(limit), format(format) {
    start = output.size();
  }
  char *Room(size_t &count) {
    auto made = output.size() - start;
    if (made >= limit) {
      throw duckdb::IOException("a block of %s data is larger than %d bytes", format, static_cast<int64_t>(limit));
    }
    count = std::min(std::max<size_t>(STEP, made), limit - made);
    output.resize(output.size() + count);
    return &output[output.size() - count];
  }
  void GiveBack(size_t count) {
    output.resize(output.size() - count);
  }

private:
  std::string &output;
  size_t limit;
  const char *format;
  size_t start;
};

} // namespace

std::unique_ptr<ByteSource> MakeBzip2(std::unique_ptr<ByteSource> inner) {
  return std::make_unique<Bzip2Source>(std::move(inner));
}

std::unique_ptr<ByteSource> MakeLzop(std::unique_ptr<ByteSource> inner) {
  return std::make_unique<LzopSource>(std::move(inner));
}

void InflateBlock(const char *input, size_t count, size_t limit, std::string &output) {
  z_stream stream {};
  // A negative window: bare DEFLATE.
  if (inflateInit2(&stream, -15) != Z_OK) {
    throw duckdb::IOException("no memory for zlib");
  }
  std::unique_ptr<z_stream, int (*)(z_stream *)> guard(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(input));
  stream.avail_in = static_cast<uInt>(count);
  Growing growing(output, limit, "DEFLATE");
  while (true) {
    size_t room;
    auto target = growing.Room(room);
    stream.next_out = reinterpret_cast<Bytef *>(target);
    stream.avail_out = static_cast<uInt>(room);
    auto result = inflate(&stream, Z_NO_FLUSH);
    auto left = stream.avail_out;
    growing.GiveBack(left);
    if (result == Z_STREAM_END) {
      return;
    }
    if (result != Z_OK || left > 0) {
      Damaged("DEFLATE");
    }
  }
}

void SnappyBlock(const char *input, size_t count, size_t limit, std::string &output) {
  size_t length;
  if (!duckdb_snappy::GetUncompressedLength(input, count, &length) || length > limit) {
    Damaged("snappy");
  }
  auto start = output.size();
  output.resize(start + length);
  if (!duckdb_snappy::RawUncompress(input, count, &output[start])) {
    Damaged("snappy");
  }
}

void ZstdBlock(const char *input, size_t count, size_t limit, std::string &output) {
  std::unique_ptr<duckdb_zstd::ZSTD_DCtx_s, size_t (*)(duckdb_zstd::ZSTD_DCtx_s *)> context(
      duckdb_zstd::ZSTD_createDCtx(), duckdb_zstd::ZSTD_freeDCtx);
  if (!context) {
    throw duckdb::IOException("no memory for zstd");
  }
  duckdb_zstd::ZSTD_inBuffer_s source {input, count, 0};
  Growing growing(output, limit, "zstd");
  while (true) {
    size_t room;
    auto memory = growing.Room(room);
    duckdb_zstd::ZSTD_outBuffer_s target {memory, room, 0};
    auto result = duckdb_zstd::ZSTD_decompressStream(context.get(), &target, &source);
    growing.GiveBack(room - target.pos);
    if (duckdb_zstd::ZSTD_isError(result)) {
      Damaged("zstd");
    }
    if (source.pos == count && target.pos < room) {
      if (result != 0) {
        Damaged("zstd");
      }
      return;
    }
    if (result == 0 && source.pos == count) {
      return;
    }
  }
}

void LZ4Block(const char *input, size_t count, size_t limit, std::string &output) {
  auto start = output.size();
  output.resize(start + limit);
  auto made = duckdb_lz4::LZ4_decompress_safe(
      input, &output[start], static_cast<int>(count), static_cast<int>(limit));
  if (made < 0) {
    Damaged("LZ4");
  }
  output.resize(start + static_cast<size_t>(made));
}

void Bzip2Block(const char *input, size_t count, size_t limit, std::string &output) {
  class Memory : public ByteSource {
  public:
    Memory(const char *bytes, size_t count) : bytes(bytes), left(count) {
    }
    size_t Read(char *target, size_t count) override {
      auto part = std::min(count, left);
      std::memcpy(target, bytes, part);
      bytes += part;
      left -= part;
      return part;
    }

  private:
    const char *bytes;
    size_t left;
  };
  Bzip2Source source(std::make_unique<Memory>(input, count));
  Growing growing(output, limit, "bzip2");
  while (true) {
    size_t room;
    auto target = growing.Room(room);
    auto got = source.Read(target, room);
    growing.GiveBack(room - got);
    if (got < room) {
      return;
    }
  }
}

// LZO1X: instructions of one to three bytes and more, each a run of literals or a match behind in what was written;
// the lowest bits of a match say how many literals (0 to 3) follow it.
void LZOBlock(const char *input, size_t count, size_t limit, std::string &output) {
  auto at = reinterpret_cast<const unsigned char *>(input);
  const auto end = at + count;
  const auto start = output.size();
  auto byte = [&]() -> size_t {
    if (at == end) {
      Damaged("LZO");
    }
    return *at++;
  };
  // A length that does not fit its bits goes on in zero bytes of 255 each and a last one.
  auto longer = [&](size_t base) {
    size_t length = base;
    size_t next;
    while ((next = byte()) == 0) {
      length += 255;
      if (length > limit) {
        Damaged("LZO");
      }
    }
    return length + next;
  };
  auto literals = [&](size_t length) {
    if (length > static_cast<size_t>(end - at) || output.size() - start + length > limit) {
      Damaged("LZO");
    }
    output.append(reinterpret_cast<const char *>(at), length);
    at += length;
  };
  auto match = [&](size_t distance, size_t length) {
    const auto made = output.size() - start;
    if (distance > made || made + length > limit) {
      Damaged("LZO");
    }
    // Byte by byte: a match may reach into what it writes.
    for (size_t index = 0; index < length; index++) {
      output.push_back(output[output.size() - distance]);
    }
  };

  // How many literals came last: 4 stands for a whole run.
  size_t state = 0;
  if (at < end && *at > 17) {
    const auto length = byte() - 17;
    literals(length);
    state = std::min<size_t>(length, 4);
  }
  while (true) {
    const auto code = byte();
    size_t distance;
    size_t length;
    if (code < 16) {
      if (state == 0) {
        literals(code == 0 ? longer(15) + 3 : code + 3);
        state = 4;
        continue;
      }
      const auto high = byte();
      distance = (high << 2) + (code >> 2) + (state == 4 ? 2049 : 1);
      length = state == 4 ? 3 : 2;
      state = code & 3;
    } else if (code < 64) {
      const bool far = code < 32;
      const size_t bits = far ? code & 7 : code & 31;
      length = bits == 0 ? longer(far ? 7 : 31) + 2 : bits + 2;
      const auto low = byte();
      const auto word = low | byte() << 8;
      state = word & 3;
      if (far) {
        distance = 16384 + ((code & 8) << 11) + (word >> 2);
        if (distance == 16384) {
          return;
        }
      } else {
        distance = (word >> 2) + 1;
      }
    } else {
      const auto high = byte();
      distance = (high << 3) + (code >> 2 & 7) + 1;
      length = code < 128 ? 3 + (code >> 5 & 1) : 5 + (code >> 5 & 3);
      state = code & 3;
    }
    match(distance, length);
    literals(state);
  }
}

} // namespace tarn
