// gateway/attempt_body.h
//
// A call for another model than the one it names: the one place in body or path changed, every other
// byte as it was. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pitot {

// `body`, a JSON object, with its top-level "model" replaced. Nothing: it has none.
std::optional<std::string> WithModel(std::string_view body, std::string_view model);

// Gemini: /v1beta/models/MODEL:verb?query with another MODEL. Nothing: not such a path.
std::optional<std::string> WithModelInPath(std::string_view target, std::string_view model);

}  // namespace pitot
