#include "price/catalogue.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "price/override.h"

namespace pitot {
namespace {

namespace dom = simdjson::dom;

constexpr int64_t kFormat = 1;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;
constexpr int kMatchDepthMax = 8;

// Thrown and caught in this file only: a catalogue is read once, and a wrong one is refused whole.
struct Bad {
  std::string why;
};

template <typename T>
T Get(const dom::object& object, std::string_view key, const std::string& where) {
  T out;
  if (object[key].get(out) != simdjson::SUCCESS) {
    throw Bad{where + ": \"" + std::string(key) + "\" is missing or of the wrong type"};
  }
  return out;
}

bool Has(const dom::object& object, std::string_view key) {
  return object[key].error() == simdjson::SUCCESS;
}

std::string Text(const dom::object& object, std::string_view key, const std::string& where) {
  return std::string(Get<std::string_view>(object, key, where));
}

std::vector<std::string> Texts(const dom::object& object, std::string_view key,
                               const std::string& where, bool required = false) {
  std::vector<std::string> out;
  if (!required && !Has(object, key)) return out;
  for (const dom::element item : Get<dom::array>(object, key, where)) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) {
      throw Bad{where + ": \"" + std::string(key) + "\" holds something else than text"};
    }
    out.emplace_back(text);
  }
  return out;
}

NameMatch ReadMatch(const dom::object& object, const std::string& where, int depth = 0) {
  if (depth > kMatchDepthMax) throw Bad{where + ": match is nested too deeply"};
  NameMatch match;
  const auto words = [&](std::string_view key) {
    std::vector<std::string> out = Texts(object, key, where);
    if (std::ranges::any_of(out, &std::string::empty)) throw Bad{where + ": empty word in match"};
    return out;
  };
  match.equals = words("equals");
  match.starts_with = words("starts_with");
  match.ends_with = words("ends_with");
  match.contains = words("contains");
  match.patterns = words("pattern");
  if (Has(object, "all")) {
    for (const dom::element item : Get<dom::array>(object, "all", where)) {
      dom::object child;
      if (item.get(child) != simdjson::SUCCESS) throw Bad{where + ": \"all\" holds no match"};
      match.all.push_back(ReadMatch(child, where, depth + 1));
    }
  }
  if (Has(object, "not")) {
    match.negated = std::make_unique<NameMatch>(
        ReadMatch(Get<dom::object>(object, "not", where), where, depth + 1));
  }
  return match;
}

int32_t DailySecond(std::string_view text, const std::string& where) {
  int hours = 0;
  int minutes = 0;
  const bool shaped =
      text.size() == 5 && text[2] == ':' &&
      std::from_chars(text.data(), text.data() + 2, hours).ptr == text.data() + 2 &&
      std::from_chars(text.data() + 3, text.data() + 5, minutes).ptr == text.data() + 5;
  if (!shaped || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
    throw Bad{where + ": not a time of day: " + std::string(text)};
  }
  return hours * 3600 + minutes * 60;
}

// One key's price: a number, or [base, above, price, above, price, ...].
std::vector<int64_t> ReadPrice(const dom::element& element, const std::string& where) {
  std::vector<int64_t> out;
  if (element.is_array()) {
    for (const dom::element item : dom::array(element)) {
      int64_t value = -1;
      if (item.get(value) != simdjson::SUCCESS) throw Bad{where + ": a tier is not an integer"};
      out.push_back(value);
    }
  } else {
    out.emplace_back(-1);
    if (element.get(out[0]) != simdjson::SUCCESS) throw Bad{where + ": not an integer"};
  }
  if (out.size() % 2 == 0) throw Bad{where + ": tiers come in pairs after the base price"};
  for (size_t i = 0; i < out.size(); ++i) {
    const bool is_price = i % 2 == 0;
    if (out[i] < 0 || (is_price && out[i] > kPicoPerTokenMax) ||
        (!is_price && i >= 3 && out[i] <= out[i - 2])) {
      throw Bad{where + ": a price or tier is out of range or order"};
    }
  }
  return out;
}

int64_t PriceAbove(const std::vector<int64_t>& price, int64_t above) {
  if (price.empty()) return -1;
  int64_t out = price[0];
  for (size_t i = 1; i < price.size(); i += 2) {
    if (above >= price[i]) out = price[i + 1];
  }
  return out;
}

void ReadBands(const dom::object& object, const std::string& where, PriceRow& row) {
  std::array<std::vector<int64_t>, kUsageBuckets> prices;
  std::set<int64_t> starts = {-1};
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    const std::string_view key = PriceKey(static_cast<UsageBucket>(i));
    if (!Has(object, key)) continue;
    prices[i] = ReadPrice(object[key].value_unsafe(), where + " " + std::string(key));
    for (size_t k = 1; k < prices[i].size(); k += 2) starts.insert(prices[i][k]);
  }
  if (prices[0].empty()) throw Bad{where + ": a row has no \"input\""};
  for (const int64_t above : starts) {
    std::array<int64_t, kUsageBuckets> own;
    for (size_t i = 0; i < kUsageBuckets; ++i) own[i] = PriceAbove(prices[i], above);
    // A model that lists input only (embeddings, rerankers) is billed by its input only.
    int64_t& output = own[static_cast<size_t>(UsageBucket::kOutput)];
    if (output < 0) output = 0;
    row.bands.push_back({above, FillPrices(own)});
  }
}

PriceRow ReadRow(const dom::object& object, const std::string& where) {
  PriceRow row;
  if (Has(object, "from")) {
    row.from_text = Text(object, "from", where);
    const std::optional<int64_t> day = ParseDay(row.from_text);
    if (!day) throw Bad{where + ": not a day: " + row.from_text};
    row.from_ns = *day;
  }
  if (Has(object, "daily")) {
    const std::vector<std::string> times = Texts(object, "daily", where);
    if (times.size() != 2) throw Bad{where + ": \"daily\" needs a start and an end"};
    row.daily_start_s = DailySecond(times[0], where);
    row.daily_end_s = DailySecond(times[1], where);
    row.daily_text = times[0] + "-" + times[1] + "Z";
  }
  ReadBands(object, where, row);
  const auto fee = [&](std::string_view key, int64_t absent) {
    if (!Has(object, key)) return absent;
    const int64_t pico = Get<int64_t>(object, key, where);
    if (pico < 0) throw Bad{where + ": a fee below zero"};
    return pico;
  };
  row.fees = {fee("web_search", kFeeUnknown), fee("file_search", kFeeUnknown), fee("request", 0)};
  return row;
}

// What a span shows as the rule that priced it: "deepseek/deepseek-v4-pro from 2026-08-17
// 01:00-04:00Z", "anthropic/claude-sonnet-4-5 above 200000 +batch".
void NameRules(CatalogueModel& model) {
  for (PriceRow& row : model.rows) {
    for (const PriceBand& band : row.bands) {
      std::string rule = model.provider + "/" + model.id;
      if (!row.from_text.empty()) rule += " from " + row.from_text;
      if (!row.daily_text.empty()) rule += " " + row.daily_text;
      if (band.above >= 0) rule += " above " + std::to_string(band.above);
      row.rules.push_back(rule);
      for (const ServiceTier* tier : model.service_tiers) {
        row.rules.push_back(rule + " +" + tier->name);
      }
    }
  }
}

CatalogueModel ReadModel(const dom::object& object, const std::string& provider,
                         const std::vector<ServiceTier>& tiers) {
  CatalogueModel model;
  model.provider = provider;
  model.id = Text(object, "id", provider);
  const std::string where = provider + "/" + model.id;
  model.match = ReadMatch(Get<dom::object>(object, "match", where), where);
  if (Has(object, "context")) model.context_tokens = Get<int64_t>(object, "context", where);
  if (Has(object, "prices")) {
    for (const dom::element item : Get<dom::array>(object, "prices", where)) {
      dom::object row;
      if (item.get(row) != simdjson::SUCCESS) throw Bad{where + ": a price row is no object"};
      model.rows.push_back(ReadRow(row, where));
    }
  }
  for (const ServiceTier& tier : tiers) {
    if (std::ranges::find(tier.providers, provider) == tier.providers.end()) continue;
    const auto fits = [&](const std::string& glob) { return GlobMatches(glob, model.id); };
    if (std::ranges::any_of(tier.models, fits)) model.service_tiers.push_back(&tier);
  }
  NameRules(model);
  return model;
}

ServiceTier ReadTier(const dom::object& object) {
  const std::string where = "service_tiers";
  ServiceTier tier;
  tier.name = Text(object, "name", where);
  tier.tiers = Texts(object, "tiers", where, true);
  tier.providers = Texts(object, "providers", where, true);
  tier.models = Texts(object, "models", where, true);
  std::vector<int64_t> times;
  for (const dom::element item : Get<dom::array>(object, "times", where)) {
    times.push_back(-1);
    if (item.get(times.back()) != simdjson::SUCCESS) times.back() = -1;
  }
  const auto usable = [](int64_t n) { return n > 0 && n <= kTimesMax; };
  if (times.size() != 2 || !std::ranges::all_of(times, usable)) {
    throw Bad{where + ": \"times\" is not two integers from 1 to 1000"};
  }
  tier.times = {times[0], times[1], 0};
  for (const std::string& name : Texts(object, "except", where)) {
    const auto at = std::ranges::find(kUsageBucketNames, name + "_tokens");
    if (at == kUsageBucketNames.end()) throw Bad{where + ": no bucket is named " + name};
    tier.times.exempt |= 1u << (at - kUsageBucketNames.begin());
  }
  return tier;
}

dom::object Parse(dom::parser& parser, std::string_view json, const std::string& name) {
  dom::object root;
  const simdjson::error_code code = parser.parse(json.data(), json.size()).get(root);
  if (code != simdjson::SUCCESS) {
    throw Bad{name + ": not a JSON object: " + simdjson::error_message(code)};
  }
  if (Get<int64_t>(root, "format", name) != kFormat) {
    throw Bad{name + ": this program reads format 1 only"};
  }
  return root;
}

void ReadRules(std::string_view json, Catalogue& out) {
  const std::string where = "pricing_rules.json";
  dom::parser parser;
  const dom::object root = Parse(parser, json, where);
  for (const dom::key_value_pair field : Get<dom::object>(root, "aliases", where)) {
    std::string_view id;
    if (field.value.get(id) != simdjson::SUCCESS) throw Bad{where + ": an alias is no text"};
    out.aliases.emplace(field.key, id);
  }
  out.self_hosted = Texts(root, "self_hosted", where, true);
  out.plain_tiers = Texts(root, "plain_tiers", where, true);
  for (const dom::element item : Get<dom::array>(root, "service_tiers", where)) {
    dom::object tier;
    if (item.get(tier) != simdjson::SUCCESS) throw Bad{where + ": a service tier is no object"};
    out.service_tiers.push_back(ReadTier(tier));
  }
}

void ReadPrices(std::string_view json, Catalogue& out) {
  const std::string where = "prices.json";
  dom::parser parser;
  const dom::object root = Parse(parser, json, where);
  out.version = Text(root, "version", where);
  out.published = Text(root, "published", where);
  for (const dom::element item : Get<dom::array>(root, "providers", where)) {
    dom::object object;
    if (item.get(object) != simdjson::SUCCESS) throw Bad{where + ": a provider is no object"};
    CatalogueProvider provider;
    provider.id = Text(object, "id", where);
    const auto match = [&](std::string_view key) -> std::optional<NameMatch> {
      if (!Has(object, key)) return std::nullopt;
      return ReadMatch(Get<dom::object>(object, key, where), provider.id);
    };
    provider.provider_match = match("provider_match");
    provider.model_match = match("model_match");
    provider.fallback = Texts(object, "fallback", where);
    for (const dom::element model_item : Get<dom::array>(object, "models", provider.id)) {
      dom::object model;
      if (model_item.get(model) != simdjson::SUCCESS) throw Bad{provider.id + ": no model"};
      provider.models.push_back(ReadModel(model, provider.id, out.service_tiers));
    }
    out.providers.push_back(std::move(provider));
  }
}

}  // namespace

bool PriceRow::HoldsAt(int64_t at_ns) const {
  if (at_ns < from_ns) return false;
  if (daily_start_s < 0) return true;
  int64_t second = at_ns / kNanosPerSecond % kSecondsPerDay;
  if (second < 0) second += kSecondsPerDay;
  if (daily_end_s < daily_start_s) return second >= daily_start_s || second < daily_end_s;
  return second >= daily_start_s && second < daily_end_s;
}

std::optional<Catalogue> ParseCatalogue(std::string_view prices_json, std::string_view rules_json,
                                        std::string* error) {
  Catalogue out;
  try {
    ReadRules(rules_json, out);
    ReadPrices(prices_json, out);
  } catch (const Bad& bad) {
    *error = bad.why;
    return std::nullopt;
  } catch (const simdjson::simdjson_error& bad) {
    *error = bad.what();
    return std::nullopt;
  }
  return out;
}

}  // namespace pitot
