#include "query/filter/json_scalar.h"

#include <boost/json.hpp>
#include <charconv>
#include <cstdlib>

namespace pitot {
namespace {

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

}  // namespace

std::string_view JsonScalarText(std::string_view json, std::string& storage) {
  if (json == "null") return {};
  if (!json.starts_with('"')) return json;
  if (json.size() >= 2 && json.back() == '"' && json.find('\\') == std::string_view::npos) {
    return json.substr(1, json.size() - 2);
  }
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse({json.data(), json.size()}, error);
  if (error || !value.is_string()) return {};
  storage = value.get_string();
  return storage;
}

bool IsNumber(std::string_view text) {
  const size_t begin = text.starts_with('-') ? 1 : 0;
  size_t at = SkipDigits(text, begin);
  if (at == begin) return false;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = at + 1;
    at = SkipDigits(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const size_t exponent = at;
    at = SkipDigits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

std::optional<double> ParseNumber(std::string_view text) {
  if (!IsNumber(text)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ReadNumber(std::string_view text) {
  if (!IsNumber(text)) return std::nullopt;
  if (const auto number = ParseNumber(text)) return number;
  return std::strtod(std::string(text).c_str(), nullptr);
}

}  // namespace pitot
