#include "gateway/attempt_body.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <charconv>

#include "http/message.h"
#include "http/url.h"

namespace pitot {
namespace {

using Object = simdjson::ondemand::object;

// Where an API's limit of output stands. The last of `names` is put where there is none.
struct LimitPlace {
  WireApi api;
  std::array<std::string_view, 2> inside;  // The object it is in; empty: the body itself.
  std::array<std::string_view, 2> names;
};
constexpr LimitPlace kLimitPlaces[] = {
    {WireApi::kAnthropicMessages, {}, {"", "max_tokens"}},
    {WireApi::kOpenAiChat, {}, {"max_tokens", "max_completion_tokens"}},
    {WireApi::kOpenAiCompletions, {}, {"", "max_tokens"}},
    {WireApi::kOpenAiResponses, {}, {"", "max_output_tokens"}},
    {WireApi::kGeminiGenerate,
     {"generation_config", "generationConfig"},
     {"max_output_tokens", "maxOutputTokens"}},
};

// The text of a member's value, as it stands in the body; empty: there is no such member, or it is no
// number and no object.
std::string_view TokenOf(Object& object, std::string_view name) {
  simdjson::ondemand::value value;
  std::string_view token;
  if (object.find_field_unordered(name).get(value) != simdjson::SUCCESS ||
      simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token) !=
          simdjson::SUCCESS) {
    return {};
  }
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

// `text` with "NAME":VALUE, put behind the '{' at `brace`.
std::string WithMember(std::string_view text, size_t brace, std::string_view name,
                       std::string_view value) {
  const size_t next = text.find_first_not_of(" \n\r\t", brace + 1);
  const bool alone = next != std::string_view::npos && text[next] == '}';
  return fmt::format("{}\"{}\":{}{}{}", text.substr(0, brace + 1), name, value, alone ? "" : ",",
                     text.substr(brace + 1));
}

}  // namespace

std::optional<std::string> WithOutputLimit(WireApi api, std::string_view body, int64_t tokens) {
  const LimitPlace* place = nullptr;
  for (const LimitPlace& known : kLimitPlaces) {
    if (known.api == api) place = &known;
  }
  if (place == nullptr) return std::nullopt;
  const std::string limit = fmt::to_string(tokens);
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  Object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  size_t brace = body.find('{');
  if (!place->inside[0].empty()) {
    Object inner;
    bool found = false;
    for (const std::string_view name : place->inside) {
      found =
          found || object.find_field_unordered(name).get_object().get(inner) == simdjson::SUCCESS;
    }
    if (!found) {
      return WithMember(body, brace, place->inside[1],
                        fmt::format("{{\"{}\":{}}}", place->names[1], limit));
    }
    std::string_view raw;
    if (inner.raw_json().get(raw) != simdjson::SUCCESS || inner.reset().error())
      return std::nullopt;
    brace = static_cast<size_t>(raw.data() - padded.data());
    object = inner;
  }
  for (const std::string_view name : place->names) {
    if (name.empty()) continue;
    const std::string_view token = TokenOf(object, name);
    if (token.empty()) continue;
    const auto at = static_cast<size_t>(token.data() - padded.data());
    int64_t asked = 0;
    const auto end = std::from_chars(token.data(), token.data() + token.size(), asked);
    // What is no whole number (null) stands for no limit.
    if (end.ec == std::errc() && asked <= tokens) return std::nullopt;
    return fmt::format("{}{}{}", body.substr(0, at), limit, body.substr(at + token.size()));
  }
  return WithMember(body, brace, place->names[1], limit);
}

std::optional<std::string> WithModel(std::string_view body, std::string_view model) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document["model"].get(value) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::string_view token;
  if (simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token) !=
      simdjson::SUCCESS) {
    return std::nullopt;
  }
  // The token may have spaces behind it, up to the next one.
  while (!token.empty() && token.back() != '"') token.remove_suffix(1);
  if (token.size() < 2) return std::nullopt;
  const auto at = static_cast<size_t>(token.data() - padded.data());
  std::string out;
  out.reserve(body.size() + model.size());
  out.append(body.substr(0, at)).append(QuoteJson(model)).append(body.substr(at + token.size()));
  return out;
}

std::optional<std::string> WithModelInPath(std::string_view target, std::string_view model) {
  const std::string_view path = target.substr(0, target.find('?'));
  const size_t models = path.rfind("/models/");
  const size_t colon = path.rfind(':');
  if (models == std::string_view::npos || colon == std::string_view::npos || colon < models) {
    return std::nullopt;
  }
  std::string out(target.substr(0, models + 8));
  out += PercentEncode(model);
  out += target.substr(colon);
  return out;
}

}  // namespace pitot
