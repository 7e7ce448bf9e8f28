#include "Bridge.hpp"

#include <cerrno>
#include <sys/random.h>

namespace tarn {

namespace {

// DuckDB's own AES is whole but for its random numbers, which it takes from a generator that is not meant for keys
// and nonces; therefore it refuses to write with it. Here they come from the kernel.
class Cipher : public duckdb::EncryptionState {
public:
  Cipher(
      duckdb::shared_ptr<duckdb::EncryptionState> cipher,
      duckdb::unique_ptr<duckdb::EncryptionStateMetadata> metadata)
      : EncryptionState(std::move(metadata)), cipher(std::move(cipher)) {
  }

  void InitializeEncryption(
      duckdb::EncryptionNonce &nonce, duckdb::const_data_ptr_t key, duckdb::const_data_ptr_t aad,
      duckdb::idx_t aad_len) override {
    cipher->InitializeEncryption(nonce, key, aad, aad_len);
  }
  void InitializeDecryption(
      duckdb::EncryptionNonce &nonce, duckdb::const_data_ptr_t key, duckdb::const_data_ptr_t aad,
      duckdb::idx_t aad_len) override {
    cipher->InitializeDecryption(nonce, key, aad, aad_len);
  }
  size_t Process(
      duckdb::const_data_ptr_t in, duckdb::idx_t in_len, duckdb::data_ptr_t out, duckdb::idx_t out_len) override {
    return cipher->Process(in, in_len, out, out_len);
  }
  size_t Finalize(
      duckdb::data_ptr_t out, duckdb::idx_t out_len, duckdb::data_ptr_t tag, duckdb::idx_t tag_len) override {
    return cipher->Finalize(out, out_len, tag, tag_len);
  }
  void GenerateRandomData(duckdb::data_ptr_t data, duckdb::idx_t len) override {
    while (len > 0) {
      const auto got = getrandom(data, len, 0);
      if (got < 0 && errno != EINTR) {
        throw duckdb::IOException("the kernel gave no random bytes");
      }
      if (got > 0) {
        data += got;
        len -= static_cast<duckdb::idx_t>(got);
      }
    }
  }

private:
  duckdb::shared_ptr<duckdb::EncryptionState> cipher;
};

class Encryption : public duckdb::EncryptionUtil {
public:
  explicit Encryption(duckdb::shared_ptr<duckdb::EncryptionUtil> ciphers) : ciphers(std::move(ciphers)) {
  }
  duckdb::shared_ptr<duckdb::EncryptionState> CreateEncryptionState(
      duckdb::unique_ptr<duckdb::EncryptionStateMetadata> metadata) const override {
    auto copy = duckdb::make_uniq<duckdb::EncryptionStateMetadata>(*metadata);
    return duckdb::make_shared_ptr<Cipher>(
        ciphers->CreateEncryptionState(std::move(metadata)), std::move(copy));
  }
  void OverrideEncryptionUtil() override {
  }

private:
  duckdb::shared_ptr<duckdb::EncryptionUtil> ciphers;
};

} // namespace

duckdb::shared_ptr<duckdb::EncryptionUtil> MakeEncryption(duckdb::shared_ptr<duckdb::EncryptionUtil> ciphers) {
  return duckdb::make_shared_ptr<Encryption>(std::move(ciphers));
}

} // namespace tarn
