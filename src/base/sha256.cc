#include "base/sha256.h"

#include <openssl/sha.h>

namespace pitot {

Sha256Digest Sha256(std::string_view data) {
  static_assert(std::tuple_size_v<Sha256Digest> == SHA256_DIGEST_LENGTH);
  Sha256Digest digest;
  SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(), digest.data());
  return digest;
}

}  // namespace pitot
