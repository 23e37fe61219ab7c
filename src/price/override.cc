#include "price/override.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include "price/match.h"

namespace pitot {
namespace {

constexpr int64_t kTiersMax = 16;
constexpr int64_t kNotListed = -1;
constexpr int64_t kPicoPerCallMax = 1'000'000'000'000'000;  // A thousand dollars a call.

// The bucket that a price key ("cache_read") names, or kEnd.
UsageBucket BucketOfKey(std::string_view key) {
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    if (key == PriceKey(static_cast<UsageBucket>(i))) return static_cast<UsageBucket>(i);
  }
  return UsageBucket::kEnd;
}

std::array<int64_t, kUsageBuckets> NoPrices() {
  std::array<int64_t, kUsageBuckets> prices;
  prices.fill(kNotListed);
  return prices;
}

struct RawBand {
  std::optional<int64_t> above;
  std::array<int64_t, kUsageBuckets> own = NoPrices();
};

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Collects the fields of one entry. Each setter returns false after noting why in `error`.
class Reader {
 public:
  Reader(PriceOverride& out, std::string* error) : out_(out), error_(error) {}

  bool Set(std::string_view key, std::string_view value) {
    if (!seen_.insert(std::string(key)).second) return Fail(key, value, "is given twice");
    if (key == "model") return SetText(key, value, out_.model);
    if (key == "provider") return SetText(key, value, out_.provider);
    if (key == "service_tier") return SetText(key, value, out_.service_tier);
    if (key == "from") return SetDay(key, value, out_.from_ns);
    if (key == "until") return SetDay(key, value, out_.until_ns);
    if (Strip(key, "per_million_usd.")) return SetPrice(key, value, base_);
    if (Strip(key, "per_thousand_calls_usd.")) return SetFee(key, value);
    if (Strip(key, "tiers.")) return SetTier(key, value);
    return Fail(key, value,
                "is not a key of prices.yaml: model, provider, service_tier, from, until, "
                "per_million_usd, tiers, per_thousand_calls_usd");
  }

  bool Finish() {
    if (out_.model.empty()) return Fail("model", "", "is required");
    if (out_.from_ns >= out_.until_ns) return Fail("until", "", "must be after from");
    for (const UsageBucket bucket : {UsageBucket::kInput, UsageBucket::kOutput}) {
      if (base_.own[static_cast<size_t>(bucket)] == kNotListed) {
        return Fail(
            bucket == UsageBucket::kInput ? "per_million_usd.input" : "per_million_usd.output", "",
            "is required; write 0 if it costs nothing");
      }
    }
    out_.bands.push_back({-1, FillPrices(base_.own)});
    std::ranges::sort(tiers_, {}, &RawBand::above);
    for (const RawBand& tier : tiers_) {
      if (!tier.above.has_value())
        return Fail("tiers", "", "needs above_input_tokens in each item");
      if (*tier.above == out_.bands.back().above) {
        return Fail("above_input_tokens", std::to_string(*tier.above), "is given twice");
      }
      // What neither lists is billed as what it is a kind of in this tier, not in the base.
      std::array<int64_t, kUsageBuckets> own = tier.own;
      for (size_t i = 0; i < kUsageBuckets; ++i) {
        if (own[i] == kNotListed) own[i] = base_.own[i];
      }
      out_.bands.push_back({*tier.above, FillPrices(own)});
    }
    return true;
  }

 private:
  bool Fail(std::string_view key, std::string_view value, std::string_view why) {
    *error_ = std::string(key);
    if (!value.empty()) *error_ += " \"" + std::string(value.substr(0, 80)) + "\"";
    *error_ += ' ';
    *error_ += why;
    return false;
  }

  static bool Strip(std::string_view& key, std::string_view prefix) {
    if (!key.starts_with(prefix)) return false;
    key.remove_prefix(prefix.size());
    return true;
  }

  bool SetText(std::string_view key, std::string_view value, std::string& out) {
    if (value.empty()) return Fail(key, value, "is empty");
    out = LowerCase(value);
    return true;
  }

  bool SetDay(std::string_view key, std::string_view value, int64_t& out) {
    const std::optional<int64_t> day = ParseDay(value);
    if (!day) return Fail(key, value, "must be a day like 2026-03-13");
    out = *day;
    return true;
  }

  bool SetPrice(std::string_view key, std::string_view value, RawBand& band) {
    const UsageBucket bucket = BucketOfKey(key);
    if (bucket == UsageBucket::kEnd) {
      return Fail(key, value,
                  "is not a price: input, cache_read, cache_write_5m, cache_write_1h, "
                  "input_audio, input_image, output, reasoning, output_audio, output_image");
    }
    const std::optional<int64_t> pico = ParseDecimal(value, 6, kPicoPerTokenMax);
    if (!pico) {
      return Fail(key, value,
                  "must be dollars a million tokens, 0 to 1000000, at most six decimals");
    }
    band.own[static_cast<size_t>(bucket)] = *pico;
    return true;
  }

  bool SetFee(std::string_view key, std::string_view value) {
    int64_t* const fee = key == "web_search"    ? &out_.fees.web_search
                         : key == "file_search" ? &out_.fees.file_search
                         : key == "request"     ? &out_.fees.request
                                                : nullptr;
    if (fee == nullptr) return Fail(key, value, "is not a fee: web_search, file_search, request");
    const std::optional<int64_t> pico = ParseDecimal(value, 9, kPicoPerCallMax);
    if (!pico) {
      return Fail(key, value,
                  "must be dollars a thousand calls, 0 to 1000000, at most nine decimals");
    }
    *fee = *pico;
    return true;
  }

  bool SetTier(std::string_view key, std::string_view value) {
    const size_t dot = key.find('.');
    const std::optional<int64_t> index = ParseInteger(key.substr(0, dot));
    if (dot == std::string_view::npos || !index || *index < 0 || *index >= kTiersMax) {
      return Fail(key, value, "must be an item of tiers, of at most 16");
    }
    if (tiers_.size() <= static_cast<size_t>(*index)) tiers_.resize(*index + 1);
    RawBand& tier = tiers_[*index];
    key.remove_prefix(dot + 1);
    if (key != "above_input_tokens") return SetPrice(key, value, tier);
    tier.above = ParseInteger(value);
    if (!tier.above || *tier.above < 0) return Fail(key, value, "must be a number of tokens");
    return true;
  }

  PriceOverride& out_;
  std::string* const error_;
  std::set<std::string> seen_;
  RawBand base_;
  std::vector<RawBand> tiers_;
};

}  // namespace

std::string_view PriceKey(UsageBucket bucket) {
  constexpr std::string_view kSuffix = "_tokens";
  std::string_view name = kUsageBucketNames[static_cast<size_t>(bucket)];
  name.remove_suffix(kSuffix.size());
  return name;
}

std::optional<PriceOverride> ParseOverride(
    std::span<const std::pair<std::string, std::string>> fields, std::string* error) {
  PriceOverride out;
  Reader reader(out, error);
  for (const auto& [key, value] : fields) {
    if (!reader.Set(key, value)) return std::nullopt;
  }
  if (!reader.Finish()) return std::nullopt;
  return out;
}

std::optional<int64_t> ParseDecimal(std::string_view text, int digits, int64_t max) {
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  if (whole.empty() || (point < text.size() && fraction.empty())) return std::nullopt;
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (fraction.size() > static_cast<size_t>(digits)) return std::nullopt;
  std::string all(whole);
  all += fraction;
  all.append(static_cast<size_t>(digits) - fraction.size(), '0');
  if (!std::ranges::all_of(all, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const std::optional<int64_t> value = ParseInteger(all);
  if (!value || *value > max) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::optional<int64_t> y = ParseInteger(text.substr(0, 4));
  const std::optional<int64_t> m = ParseInteger(text.substr(5, 2));
  const std::optional<int64_t> d = ParseInteger(text.substr(8, 2));
  if (!y || !m || !d || *y < 1970 || *y > 2200 || *m < 1 || *d < 1) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(*y)),
                                        std::chrono::month(static_cast<unsigned>(*m)),
                                        std::chrono::day(static_cast<unsigned>(*d))};
  if (!day.ok()) return std::nullopt;
  const std::chrono::sys_days since_epoch = day;
  return std::chrono::nanoseconds(since_epoch.time_since_epoch()).count();
}

}  // namespace pitot
