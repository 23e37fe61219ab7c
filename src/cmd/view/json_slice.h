// cmd/view/json_slice.h
//
// The values of a JSON text as they are written there, byte by byte: what an agent wrote as 39.90 is
// shown as 39.90, which no parsed number can promise. For well-formed text; anything else is answered
// with fewer values, never read beyond. Pure; slices point into the text given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// The value of a member of an object; empty when there is none, or no object.
std::string_view JsonMember(std::string_view object, std::string_view name);

std::vector<std::string_view> JsonElements(std::string_view array);

// The content of a string; any other value as it is written.
std::string JsonAsText(std::string_view value);

}  // namespace pitot
