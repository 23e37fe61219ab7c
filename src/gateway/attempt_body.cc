#include "gateway/attempt_body.h"

#include <simdjson.h>

#include "http/message.h"
#include "http/url.h"

namespace pitot {

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
