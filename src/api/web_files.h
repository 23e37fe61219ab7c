// api/web_files.h
//
// The web pages as they lie in the program: built by tools/web_build, packed by web/pack.mjs.
// Immutable; all views are of static memory.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace pitot {

struct WebFile {
  std::string_view path;  // "/assets/index-1a2b3c4d.js"
  std::string_view content_type;
  std::string_view hash;   // Of the content, hex.
  bool immutable = false;  // Its name holds a hash of its content.
  std::string_view plain;
  std::string_view gzip;
  std::string_view brotli;
};

struct WebFiles {
  std::span<const WebFile> files;
  // Paths that show /index.html, as patterns of api/router.h: "/traces/{trace_id}".
  std::span<const std::string_view> pages;
};

const WebFiles& BuiltInWebFiles();

}  // namespace pitot
