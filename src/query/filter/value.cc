#include "query/filter/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"
#include "query/filter/json_scalar.h"

namespace pitot {
namespace {

// More is no number that somebody means.
constexpr size_t kNumberBytesMax = 64;

struct Unit {
  std::string_view name;
  int64_t scale;
};
constexpr Unit kDurationUnits[] = {{"", 1'000'000},
                                   {"ns", 1},
                                   {"us", 1'000},
                                   {"ms", 1'000'000},
                                   {"s", 1'000'000'000},
                                   {"m", 60'000'000'000},
                                   {"h", 3'600'000'000'000},
                                   {"d", 86'400'000'000'000}};
constexpr Unit kMoneyUnits[] = {{"", 1'000'000'000}, {"usd", 1'000'000'000}};

std::string Joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (name.empty()) continue;
    text += text.empty() ? "" : ", ";
    text += name;
  }
  return text;
}

class Reader {
 public:
  Reader(const FilterField& field, const FilterToken& token, const FilterText& text)
      : field_(field), token_(token), text_(text) {
    value_.text = token.text;
    value_.quoted = token.kind == TokenKind::kQuoted;
  }

  absl::StatusOr<FilterValue> Read() {
    RETURN_IF_ERROR(ReadType());
    SetPrint();
    return std::move(value_);
  }

 private:
  absl::Status ReadType() {
    switch (field_.type) {
      case FieldType::kText:
      case FieldType::kList:
        return absl::OkStatus();
      case FieldType::kKeyed:
        if (value_.quoted || !IsNumber(value_.text)) return absl::OkStatus();
        return ReadNumber();
      case FieldType::kEnum:
        return ReadEnum();
      case FieldType::kNumber:
        return ReadNumber();
      case FieldType::kDuration:
        return ReadScaled(kDurationUnits, "a duration as in 250ms, 2s or 5m");
      case FieldType::kMoney:
        return ReadScaled(kMoneyUnits, "US dollars as in 0.05 or 0.05usd");
      case FieldType::kTime:
        return ReadTime();
      case FieldType::kBool:
        return ReadBool();
      case FieldType::kId:
        return ReadId();
    }
    return absl::OkStatus();
  }

  absl::Status ReadEnum() {
    const auto found = std::ranges::find(field_.values, value_.text);
    if (found != field_.values.end() && !found->empty()) {
      value_.integer = found - field_.values.begin();
      return absl::OkStatus();
    }
    const std::string_view nearest = NearestName(value_.text, field_.values);
    if (!nearest.empty()) {
      return Wrong("no {} \"{}\"; did you mean \"{}\"?", field_.name, Shortened(value_.text),
                   nearest);
    }
    return Wrong("no {} \"{}\"; there are {}", field_.name, Shortened(value_.text),
                 Joined(field_.values));
  }

  absl::Status ReadNumber() {
    value_.number = ParseNumber(value_.text);
    if (value_.number) return absl::OkStatus();
    if (IsNumber(value_.text)) {
      return Wrong("the number {} is too large or too small", Shortened(value_.text));
    }
    return Wrong("{} takes a number, not \"{}\"", field_.name, Shortened(value_.text));
  }

  absl::Status ReadScaled(std::span<const Unit> units, std::string_view expected) {
    const std::string_view all = value_.text;
    size_t digits = all.size() > kNumberBytesMax ? 0 : all.size();
    while (digits > 0 && !IsNumber(all.substr(0, digits))) --digits;
    const auto unit = std::ranges::find(units, all.substr(digits), &Unit::name);
    if (digits == 0 || unit == units.end()) {
      return Wrong("{} takes {}, not \"{}\"", field_.name, expected, Shortened(all));
    }
    long double number = 0;
    const auto [end, error] = std::from_chars(all.data(), all.data() + digits, number);
    // Finer than the unit stored is 0: what is meant is "next to nothing".
    if (error == std::errc::result_out_of_range && all.substr(0, digits).find("e-") != all.npos) {
      number = 0;
    }
    const long double scaled = number * static_cast<long double>(unit->scale);
    constexpr long double kLargest = 9.2e18L;
    if ((error != std::errc() && number != 0) || end == all.data() ||
        !(std::fabs(scaled) <= kLargest)) {
      return Wrong("{} is too large for {}", Shortened(all), field_.name);
    }
    value_.integer = std::llroundl(scaled);
    return absl::OkStatus();
  }

  absl::Status ReadTime() {
    std::optional<int64_t> time = ParseRfc3339(value_.text);
    if (!time && value_.text.size() == 10) time = ParseRfc3339(value_.text + "T00:00:00Z");
    if (!time) {
      return Wrong("{} takes a time as in 2026-11-20T10:00:00Z, not \"{}\"", field_.name,
                   Shortened(value_.text));
    }
    value_.integer = *time;
    return absl::OkStatus();
  }

  absl::Status ReadBool() {
    value_.integer = value_.text == "true";
    if (value_.integer != 0 || value_.text == "false") return absl::OkStatus();
    return Wrong("{} takes true or false, not \"{}\"", field_.name, Shortened(value_.text));
  }

  absl::Status ReadId() {
    const size_t bytes = field_.name == "trace_id" ? 16 : 8;
    std::string raw(bytes, '\0');
    if (!FromHex(value_.text, raw.data(), bytes)) {
      return Wrong("{} takes {} hex digits, not \"{}\"", field_.name, 2 * bytes,
                   Shortened(value_.text));
    }
    value_.text = std::move(raw);
    return absl::OkStatus();
  }

  // Bare where that means the same.
  void SetPrint() {
    const std::string text = field_.type == FieldType::kId ? ToHex(value_.text) : value_.text;
    const bool number_in_quotes =
        field_.type == FieldType::kKeyed && value_.quoted && IsNumber(text);
    const bool bare = !text.empty() && std::ranges::all_of(text, IsWordByte) &&
                      !IsFilterKeyword(text) && !number_in_quotes;
    value_.print = bare ? text : QuoteFilterText(text);
  }

  template <typename... Args>
  absl::Status Wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return text_.Error(token_.begin, "{}", fmt::format(format, std::forward<Args>(args)...));
  }

  const FilterField& field_;
  const FilterToken& token_;
  const FilterText& text_;
  FilterValue value_;
};

}  // namespace

absl::StatusOr<FilterValue> ReadFilterValue(const FilterField& field, const FilterToken& token,
                                            const FilterText& text) {
  return Reader(field, token, text).Read();
}

bool IsFilterKeyword(std::string_view word) {
  constexpr std::string_view kKeywords[] = {"and", "or", "not", "in", "null"};
  return std::ranges::any_of(
      kKeywords, [&](std::string_view keyword) { return EqualsIgnoreCase(word, keyword); });
}

}  // namespace pitot
