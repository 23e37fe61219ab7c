// base/hash.h
//
// Sha128: the first 16 bytes of SHA-256, for content that strangers may choose (payloads, request
// bodies). With SHA instructions about 0.6 us a kilobyte.
// Crc32c: checksum of our own records against torn and rotten writes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pitot {

std::array<uint8_t, 16> Sha128(std::string_view data);

// Castagnoli CRC (RFC 3720, appendix B.4). `crc` continues an earlier one; 0 starts.
uint32_t Crc32c(std::string_view data, uint32_t crc = 0);

}  // namespace pitot
