// tests/bench/ingest/body_file.h
//
// Request bodies in one file: each a length (32 bits, little-endian) and its bytes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

// False when the disk does not take it.
inline bool WriteBody(std::FILE* file, std::string_view body) {
  const auto bytes = static_cast<uint32_t>(body.size());
  return std::fwrite(&bytes, sizeof bytes, 1, file) == 1 &&
         std::fwrite(body.data(), 1, body.size(), file) == body.size();
}

// Nothing when the file cannot be read or ends inside a body.
inline std::optional<std::vector<std::string>> ReadBodies(const char* path) {
  const FileHandle file(std::fopen(path, "rb"));
  if (file == nullptr) return std::nullopt;
  std::vector<std::string> bodies;
  uint32_t bytes = 0;
  while (std::fread(&bytes, sizeof bytes, 1, file.get()) == 1) {
    std::string body(bytes, '\0');
    if (std::fread(body.data(), 1, bytes, file.get()) != bytes) return std::nullopt;
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace pitot
