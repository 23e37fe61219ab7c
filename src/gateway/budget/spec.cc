#include "gateway/budget/spec.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

#include "base/status.h"
#include "base/text.h"
#include "price/override.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(BudgetScope::kEnd)> kScopes = {
    "global", "project", "key",     "feature", "workflow",
    "user",   "model",   "session", "trace",   "request"};
constexpr std::array<std::string_view, static_cast<size_t>(BudgetPer::kEnd)> kPers = {
    "default", "each", "all"};
constexpr std::array<std::string_view, static_cast<size_t>(BudgetWindow::kEnd)> kWindows = {
    "default", "minute", "hour", "day", "week", "month", "rolling", "lifetime"};
constexpr std::array<std::string_view, static_cast<size_t>(BudgetMode::kEnd)> kModes = {"strict",
                                                                                        "expected"};
constexpr std::array<std::string_view, static_cast<size_t>(UnknownPrice::kEnd)> kUnknownPrices = {
    "refuse", "allow"};
constexpr std::array<std::string_view, 2> kOnExceed = {"refuse", "cut"};
constexpr std::array<std::string_view, 2> kBools = {"false", "true"};
constexpr int kUsdDecimals = 9;

template <typename T, size_t n>
absl::Status SetWord(std::string_view key, std::string_view value,
                     const std::array<std::string_view, n>& words, T& to) {
  const auto at = std::ranges::find(words, value);
  if (at == words.end()) {
    return InvalidArgument("{}: \"{}\" is not one of {}{}", key, value, fmt::join(words, ", "),
                           DidYouMean(value, words));
  }
  to = static_cast<T>(at - words.begin());
  return absl::OkStatus();
}

absl::Status SetLimit(std::string_view value, NanoUsd& to) {
  const std::optional<int64_t> nano = ParseDecimal(value, kUsdDecimals, kBudgetLimitMax.value);
  if (!nano) {
    return InvalidArgument(
        "limit_usd: \"{}\" is not a number of dollars from 0 to {} with at most {} decimals", value,
        UsdText(kBudgetLimitMax), kUsdDecimals);
  }
  to.value = *nano;
  return absl::OkStatus();
}

struct Field {
  std::string_view key;
  absl::Status (*set)(std::string_view key, std::string_view value, BudgetSpec& spec);
};

using Key = std::string_view;
absl::Status SetText(std::string_view value, std::string& to) {
  to = value;
  return absl::OkStatus();
}

constexpr Field kFields[] = {
    {"id", [](Key, Key v, BudgetSpec& s) { return SetText(v, s.id); }},
    {"scope", [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kScopes, s.scope); }},
    {"match", [](Key, Key v, BudgetSpec& s) { return SetText(v, s.match); }},
    {"per", [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kPers, s.per); }},
    {"window", [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kWindows, s.window); }},
    {"length",
     [](Key, Key v, BudgetSpec& s) {
       const absl::StatusOr<int64_t> ns = ParseDurationNs(v, 1'000'000'000);
       if (!ns.ok()) return Annotate(ns.status(), "length");
       s.length_ns = *ns;
       return absl::OkStatus();
     }},
    {"timezone", [](Key, Key v, BudgetSpec& s) { return SetText(v, s.timezone); }},
    {"limit_usd", [](Key, Key v, BudgetSpec& s) { return SetLimit(v, s.limit); }},
    {"hard", [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kBools, s.hard); }},
    {"mode", [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kModes, s.mode); }},
    {"on_exceed", [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kOnExceed, s.cut); }},
    {"unknown_price",
     [](Key k, Key v, BudgetSpec& s) { return SetWord(k, v, kUnknownPrices, s.unknown_price); }},
    {"project", [](Key, Key v, BudgetSpec& s) { return SetText(v, s.project); }},
};

bool IsIdChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

bool LifetimeOnly(BudgetScope scope) {
  return scope == BudgetScope::kSession || scope == BudgetScope::kTrace ||
         scope == BudgetScope::kRequest;
}

absl::Status CheckWindow(const BudgetSpec& spec) {
  const std::string_view id = spec.id;
  if (LifetimeOnly(spec.scope)) {
    if (spec.the_window() == BudgetWindow::kLifetime) return absl::OkStatus();
    return InvalidArgument(
        "budget {}: window {}: a {} has its whole lifetime for a window; leave window out", id,
        Name(spec.window), Name(spec.scope));
  }
  if (spec.window == BudgetWindow::kDefault) {
    return InvalidArgument(
        "budget {}: window is missing: minute, hour, day, week, month or rolling", id);
  }
  if (spec.window == BudgetWindow::kLifetime) {
    return InvalidArgument("budget {}: window lifetime is for session, trace and request, not {}",
                           id, Name(spec.scope));
  }
  const bool rolling = spec.window == BudgetWindow::kRolling;
  if (!rolling && spec.length_ns != 0) {
    return InvalidArgument("budget {}: length is of rolling windows only, not of {}", id,
                           Name(spec.window));
  }
  if (rolling && (spec.length_ns < kRollingMinNs || spec.length_ns > kRollingMaxNs)) {
    return InvalidArgument("budget {}: length {} is not from 1m to 366d, as a rolling window needs",
                           id, FormatDuration(spec.length_ns));
  }
  return absl::OkStatus();
}

// A JSON value as the text that a YAML file would have.
absl::StatusOr<std::string> ScalarText(std::string_view key, const boost::json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return std::string(value.get_bool() ? "true" : "false");
  if (value.is_int64()) return fmt::to_string(value.get_int64());
  if (value.is_uint64()) return fmt::to_string(value.get_uint64());
  // To the nine decimals that money has: 0.1 is 0.1 again.
  if (value.is_double()) return fmt::format("{:.9f}", value.get_double());
  return InvalidArgument("{}: a text, a number, true or false is expected", key);
}

}  // namespace

std::string_view Name(BudgetScope v) { return kScopes[static_cast<size_t>(v)]; }
std::string_view Name(BudgetPer v) { return kPers[static_cast<size_t>(v)]; }
std::string_view Name(BudgetWindow v) { return kWindows[static_cast<size_t>(v)]; }
std::string_view Name(BudgetMode v) { return kModes[static_cast<size_t>(v)]; }
std::string_view Name(UnknownPrice v) { return kUnknownPrices[static_cast<size_t>(v)]; }

bool BudgetSpec::each() const {
  switch (scope) {
    case BudgetScope::kGlobal:
      return false;
    case BudgetScope::kRequest:
      return true;
    case BudgetScope::kUser:
    case BudgetScope::kKey:
    case BudgetScope::kSession:
    case BudgetScope::kTrace:
      return per != BudgetPer::kAll;
    default:
      return per == BudgetPer::kEach;
  }
}

BudgetWindow BudgetSpec::the_window() const {
  return window == BudgetWindow::kDefault && LifetimeOnly(scope) ? BudgetWindow::kLifetime : window;
}

absl::Status BudgetSpec::Validate() const {
  if (id.empty() || id.size() > kBudgetIdBytesMax || !std::ranges::all_of(id, IsIdChar)) {
    return InvalidArgument(
        "budget id \"{}\": 1 to {} letters, digits, '_', '.' and '-' are expected", id,
        kBudgetIdBytesMax);
  }
  if (match.empty()) return InvalidArgument("budget {}: match is empty; \"*\" means any", id);
  if (limit.value < 0 || limit > kBudgetLimitMax) {
    return InvalidArgument("budget {}: limit_usd {} is not from 0 to {}", id, UsdText(limit),
                           UsdText(kBudgetLimitMax));
  }
  if (per == BudgetPer::kEach && scope == BudgetScope::kGlobal) {
    return InvalidArgument("budget {}: per each has no meaning for scope global", id);
  }
  if (per == BudgetPer::kAll && LifetimeOnly(scope)) {
    return InvalidArgument(
        "budget {}: per all: one counter for all {}s has no end; use scope global with a window",
        id, Name(scope));
  }
  if (!hard && (cut || mode == BudgetMode::kExpected)) {
    return InvalidArgument("budget {}: {} needs hard: true", id,
                           cut ? "on_exceed cut" : "mode expected");
  }
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(timezone, &zone)) {
    return InvalidArgument(
        "budget {}: timezone \"{}\" is not known on this machine (package tzdata); names are like "
        "Europe/Berlin",
        id, timezone);
  }
  return CheckWindow(*this);
}

absl::StatusOr<BudgetSpec> BudgetFromFields(
    std::span<const std::pair<std::string, std::string>> fields) {
  BudgetSpec spec;
  bool has_scope = false;
  bool has_limit = false;
  std::vector<std::string_view> known;
  for (const Field& field : kFields) known.push_back(field.key);
  for (const auto& [key, value] : fields) {
    const auto at = std::ranges::find(kFields, key, &Field::key);
    if (at == std::end(kFields)) {
      return InvalidArgument("budget: unknown key \"{}\"{}", key, DidYouMean(key, known));
    }
    RETURN_IF_ERROR(at->set(key, value, spec));
    has_scope |= key == "scope";
    has_limit |= key == "limit_usd";
  }
  if (!has_scope) return InvalidArgument("budget \"{}\": scope is missing", spec.id);
  if (!has_limit) return InvalidArgument("budget \"{}\": limit_usd is missing", spec.id);
  RETURN_IF_ERROR(spec.Validate());
  return spec;
}

absl::StatusOr<BudgetSpec> BudgetFromJson(std::string_view json, std::string_view id) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse({json.data(), json.size()}, error);
  if (error) return InvalidArgument("budget: not JSON: {}", error.message());
  if (!value.is_object()) return InvalidArgument("budget: a JSON object is expected");
  std::vector<std::pair<std::string, std::string>> fields;
  bool has_id = false;
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    // As BudgetToJson writes it, and as GET /budgets shows it: who made it is not the caller's word.
    if (key == "source" || member.value().is_null()) continue;
    ASSIGN_OR_RETURN(std::string text, ScalarText(key, member.value()));
    if (key == "id") {
      has_id = true;
      if (!id.empty() && text != id) {
        return InvalidArgument("budget: id \"{}\" in the body is not \"{}\" of the path", text, id);
      }
    }
    fields.emplace_back(key, std::move(text));
  }
  if (!has_id && !id.empty()) fields.emplace_back("id", std::string(id));
  return BudgetFromFields(fields);
}

std::string BudgetToJson(const BudgetSpec& spec) {
  boost::json::object out;
  const auto put = [&](std::string_view key, std::string_view value) {
    out[boost::json::string_view(key.data(), key.size())] =
        boost::json::string_view(value.data(), value.size());
  };
  put("id", spec.id);
  put("scope", Name(spec.scope));
  put("match", spec.match);
  put("per", spec.each() ? "each" : "all");
  put("window", Name(spec.the_window()));
  if (spec.the_window() == BudgetWindow::kRolling) {
    put("length", fmt::format("{}ms", spec.length_ns / 1'000'000));
  }
  put("timezone", spec.timezone);
  put("limit_usd", UsdText(spec.limit));
  out["hard"] = spec.hard;
  put("mode", Name(spec.mode));
  put("on_exceed", spec.cut ? "cut" : "refuse");
  put("unknown_price", Name(spec.unknown_price));
  if (!spec.project.empty()) put("project", spec.project);
  put("source", spec.from_config ? "config" : "api");
  std::string text = boost::json::serialize(out);
  // Money is a number, written by us: a double would not hold it exactly.
  const std::string quoted = fmt::format("\"limit_usd\":\"{}\"", UsdText(spec.limit));
  const std::string plain = fmt::format("\"limit_usd\":{}", UsdText(spec.limit));
  text.replace(text.find(quoted), quoted.size(), plain);
  return text;
}

std::string UsdText(NanoUsd amount) {
  constexpr int64_t kNanos = 1'000'000'000;
  const uint64_t size = amount.value < 0 ? 0 - static_cast<uint64_t>(amount.value)
                                         : static_cast<uint64_t>(amount.value);
  std::string text =
      fmt::format("{}{}.{:09}", amount.value < 0 ? "-" : "", size / kNanos, size % kNanos);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace pitot
