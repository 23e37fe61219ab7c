// base/sha256.h
//
// SHA-256 (FIPS 180-4), whole: for secrets that people write down as a hash, made with any tool.
// Contents are named by Sha128 (base/hash.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

using Sha256Digest = std::array<uint8_t, 32>;

// Thread-safe. With SHA instructions about 0.2 us for 64 bytes.
Sha256Digest Sha256(std::string_view data);

// As 64 lower-case hex digits; back from those of either case, false when it is anything else.
std::string DigestToHex(const Sha256Digest& digest);
[[nodiscard]] bool DigestFromHex(std::string_view hex, Sha256Digest& digest);

}  // namespace pitot
