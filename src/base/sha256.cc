#include "base/sha256.h"

#include <openssl/sha.h>

#include "base/hex.h"

namespace pitot {

Sha256Digest Sha256(std::string_view data) {
  static_assert(std::tuple_size_v<Sha256Digest> == SHA256_DIGEST_LENGTH);
  Sha256Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(), digest.data());
  return digest;
}

std::string DigestToHex(const Sha256Digest& digest) {
  return ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool DigestFromHex(std::string_view hex, Sha256Digest& digest) {
  return FromHex(hex, reinterpret_cast<char*>(digest.data()), digest.size());
}

}  // namespace pitot
