// measure/json_hash.h
//
// A hash of what a JSON text says, not of how it is written: the order of an object's members, white
// space, escapes, 1 for 1.0 or 1e0 make no difference, nor do members that are null or whose names are
// volatile. Text that is not JSON is hashed as text. One pass, no tree, no allocation unless a string
// has escapes. Pure; thread-safe once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "measure/hash.h"

namespace pitot {

class JsonHasher {
 public:
  struct Options {
    // Names of members, at any depth, that differ from call to call and mean nothing. Compared
    // without case, "_" and "-": request_id is also requestId.
    std::vector<std::string> volatile_keys;
    // A string that is a JSON object or array itself counts as that: tools answer JSON in a text.
    bool read_strings = false;
    // For messages: members named "content" or "parts" that are a string count as one text block, that
    // something is a text block or a message does not count, and cache_control is volatile.
    bool message = false;
    uint64_t seed = 0;
  };

  explicit JsonHasher(Options options);

  // Never 0.
  uint64_t operator()(std::string_view json) const;

 private:
  class Reader;

  Options options_;
  std::vector<uint64_t> volatile_;      // Hashes of the folded names, sorted.
  std::vector<uint64_t> silent_types_;  // Of the types that do not count.
};

}  // namespace pitot
