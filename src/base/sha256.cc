#include "base/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <memory>

#include "base/hex.h"

namespace pitot {

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

Sha256Digest Sha256(std::string_view data) {
  static_assert(std::tuple_size_v<Sha256Digest> == SHA256_DIGEST_LENGTH);
  // OpenSSL 3 looks the algorithm up by name on each SHA256(), which takes three times as long as
  // hashing 64 bytes.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256Digest digest;
  const bool done = algorithm != nullptr && context != nullptr &&
                    EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!done) SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(), digest.data());
  return digest;
}

std::string DigestToHex(const Sha256Digest& digest) {
  return ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool DigestFromHex(std::string_view hex, Sha256Digest& digest) {
  return FromHex(hex, reinterpret_cast<char*>(digest.data()), digest.size());
}

}  // namespace pitot
