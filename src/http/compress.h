// http/compress.h
//
// Content codings: gzip (RFC 1952, several members allowed), deflate (zlib wrapped, as RFC 9110
// says, or raw, as some clients send), zstd (RFC 8878, window up to 8 MiB as RFC 9659 asks), br.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pitot {

enum class Coding { kIdentity, kGzip, kDeflate, kZstd, kBrotli };

// From a Content-Encoding value; "" is identity. Empty for unknown and for stacked codings.
std::optional<Coding> ParseCoding(std::string_view content_encoding);

// Undoes a coding piece by piece, so that the caller can check the size as it grows: a bomb never
// gets more memory than the caller hands out. Not thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Takes bytes off the front of `in` and writes into `out`; returns how many were written. Output
  // may be left inside: call again while the result fills `out`, even with `in` empty.
  // kInvalidArgument: the input is corrupt. kOutOfRange: it asks for too large a window.
  virtual absl::StatusOr<size_t> Decode(std::string_view& in, std::span<char> out) = 0;

  // kInvalidArgument when the input so far was cut short.
  virtual absl::Status Finish() const = 0;
};

// REQUIRES: coding != kIdentity.
std::unique_ptr<Decoder> MakeDecoder(Coding coding);

// Whole bodies. kOutOfRange when the result would be longer than `bytes_max`.
absl::StatusOr<std::string> Decompress(Coding coding, std::string_view in, size_t bytes_max);

std::string CompressGzip(std::string_view in, int level = 6);
std::string CompressZstd(std::string_view in, int level = 3);

}  // namespace pitot
