// sdk/llm/json_body.h
//
// Request bodies: written member by member, or changed in one. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pitot/llm_client.h"

namespace pitot {
inline namespace sdk {

// A JSON object while it is written. What is given as JSON is checked: std::invalid_argument naming the
// member.
class JsonBody {
 public:
  JsonBody& Text(std::string_view key, std::string_view text);
  JsonBody& Whole(std::string_view key, int64_t value);
  JsonBody& Number(std::string_view key, double value);  // Finite.
  JsonBody& Texts(std::string_view key, const std::vector<std::string>& texts);
  // `kind`: '[' an array, '{' an object, 0 any value. `option`: how messages name it.
  JsonBody& Json(std::string_view key, std::string_view json, char kind, std::string_view option);
  // Messages as {"role":...,"content":...}, after one of `system` unless that is empty.
  JsonBody& Messages(std::string_view key, std::string_view system,
                     const std::vector<LlmMessage>& messages);
  // The members of an object; empty: none.
  JsonBody& Members(std::string_view json, std::string_view option);

  std::string Take();

 private:
  std::string out_ = "{";
};

// `body` with "stream": true in place of what it said; what is not an object stays as it is.
std::string WithStream(std::string_view body);
// Whether a chat body says something of stream_options.include_usage.
bool SaysIncludeUsage(std::string_view body);

}  // namespace sdk
}  // namespace pitot
