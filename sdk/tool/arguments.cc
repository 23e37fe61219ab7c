#include <charconv>
#include <cmath>
#include <limits>

#include "measure/json_schema/schema.h"
#include "pitot/tool.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string Pointer(std::string_view key) {
  std::string out = "/";
  AppendPointerToken(key, out);
  return out;
}

[[noreturn]] void Refuse(std::string_view key, std::string_view expected, std::string_view raw) {
  constexpr size_t kShownBytes = 80;
  std::string reason = "expected ";
  reason.append(expected).append(", got ");
  if (raw.empty()) {
    reason += "nothing";
  } else if (raw.size() > kShownBytes) {
    reason += IsObject(raw) ? "an object" : IsArray(raw) ? "an array" : "a longer text";
  } else {
    reason += raw;
  }
  throw InvalidArguments(Pointer(key), reason);
}

bool IsNumber(std::string_view raw) {
  return !raw.empty() && (raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'));
}

// Written 3, 3.0 or 3e0.
std::optional<int64_t> ToInteger(std::string_view raw) {
  int64_t value = 0;
  const char* const end = raw.data() + raw.size();
  if (!IsNumber(raw)) return std::nullopt;
  if (const auto parsed = std::from_chars(raw.data(), end, value);
      parsed.ec == std::errc() && parsed.ptr == end) {
    return value;
  }
  double number = 0;
  const auto parsed = std::from_chars(raw.data(), end, number);
  constexpr double kExactMax = 9007199254740992.0;
  if (parsed.ec != std::errc() || parsed.ptr != end || number != std::floor(number) ||
      std::abs(number) > kExactMax) {
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

std::optional<double> ToNumber(std::string_view raw) {
  double number = 0;
  const char* const end = raw.data() + raw.size();
  if (!IsNumber(raw)) return std::nullopt;
  const auto parsed = std::from_chars(raw.data(), end, number);
  if (parsed.ptr != end) return std::nullopt;
  // Beyond what a double holds.
  if (parsed.ec == std::errc::result_out_of_range) return std::nullopt;
  return number;
}

}  // namespace

ToolArguments::ToolArguments(std::string_view json) : json_(json) {
  if (json_.find_first_not_of(" \t\r\n") == std::string_view::npos) json_ = "{}";
  if (!VisitObject(json_, [](std::string_view, std::string_view) {})) {
    throw InvalidArguments("", "expected a JSON object");
  }
}

bool ToolArguments::has(std::string_view key) const { return !Member(json_, key).empty(); }

std::string ToolArguments::text(std::string_view key) const {
  const std::string_view raw = Member(json_, key);
  if (!IsString(raw)) Refuse(key, "a string", raw);
  return Text(raw);
}
std::string ToolArguments::text(std::string_view key, std::string_view otherwise) const {
  return has(key) ? text(key) : std::string(otherwise);
}

int64_t ToolArguments::integer(std::string_view key) const {
  const std::string_view raw = Member(json_, key);
  const std::optional<int64_t> value = ToInteger(raw);
  if (!value) Refuse(key, "a whole number", raw);
  return *value;
}
int64_t ToolArguments::integer(std::string_view key, int64_t otherwise) const {
  return has(key) ? integer(key) : otherwise;
}

double ToolArguments::number(std::string_view key) const {
  const std::string_view raw = Member(json_, key);
  const std::optional<double> value = ToNumber(raw);
  if (!value) Refuse(key, "a number", raw);
  return *value;
}
double ToolArguments::number(std::string_view key, double otherwise) const {
  return has(key) ? number(key) : otherwise;
}

bool ToolArguments::boolean(std::string_view key) const {
  const std::string_view raw = Member(json_, key);
  if (raw != "true" && raw != "false") Refuse(key, "true or false", raw);
  return raw == "true";
}
bool ToolArguments::boolean(std::string_view key, bool otherwise) const {
  return has(key) ? boolean(key) : otherwise;
}

std::string_view ToolArguments::json(std::string_view key) const {
  const std::string_view raw = Member(json_, key);
  if (raw.empty()) Refuse(key, "a value", raw);
  return raw;
}

}  // namespace sdk
}  // namespace pitot
