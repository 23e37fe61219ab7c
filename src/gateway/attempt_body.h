// gateway/attempt_body.h
//
// A call for another model than the one it names, or with another limit of its output: the one place in
// body or path changed, every other byte as it was. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/api.h"

namespace pitot {

// `body`, a JSON object, with its top-level "model" replaced. Nothing: it has none.
std::optional<std::string> WithModel(std::string_view body, std::string_view model);

// Gemini: /v1beta/models/MODEL:verb?query with another MODEL. Nothing: not such a path.
std::optional<std::string> WithModelInPath(std::string_view target, std::string_view model);

// `body` with at most `tokens` of output asked for, where the API says so: the limit it has, if that is
// larger, else a new one in front. Nothing: it asks for no more than that, is no JSON object, or its API
// has no such limit.
std::optional<std::string> WithOutputLimit(WireApi api, std::string_view body, int64_t tokens);

}  // namespace pitot
