// price/catalogue.h
//
// The catalogue in memory. Two files under catalog/ make it; both are built into the program:
//
// prices.json, written by tools/update_prices. After a header (format, source, version, ...):
//   providers[]: id; provider_match, model_match: which provider names mean it, which models
//     are its own when no provider is named; fallback[]: providers whose models it also sells;
//     models[]: the first whose match holds is the model.
//   model: id, match, context (tokens), prices[]: the last row whose conditions all hold counts.
//   row: from (day, inclusive), daily [from, to) in UTC, both optional; then integer pico-USD:
//     a token by bucket (usage.h's names without "_tokens"; a list [base, above, price, ...] is
//     tiered by the call's whole input, strictly above), a call by web_search, file_search,
//     request. A model without rows has no known price.
//   match: see match.h; its keys are equals, starts_with, ends_with, contains, pattern, all, not.
//
// pricing_rules.json, written by hand: aliases (provider name -> id), self_hosted (names that no
// price applies to), plain_tiers (service tiers at the list price), service_tiers[] (name, tiers,
// providers, models as globs of ids, times [numerator, denominator], except[] buckets).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "price/charge.h"
#include "price/match.h"

namespace pitot {

struct ServiceTier {
  std::string name;                // In rules: "openai/gpt-5+batch".
  std::vector<std::string> tiers;  // Lower case, as providers report them.
  std::vector<std::string> providers;
  std::vector<std::string> models;
  Times times;
};

// Prices with their conditions.
struct PriceRow {
  int64_t from_ns = std::numeric_limits<int64_t>::min();
  std::string from_text;  // "2026-03-13"
  // Part of the UTC day, [start, end), past midnight when end < start. -1: all day.
  int32_t daily_start_s = -1;
  int32_t daily_end_s = -1;
  std::string daily_text;        // "01:00-04:00Z"
  std::vector<PriceBand> bands;  // `above` rising from -1.
  CallFees fees;
  // rules[band * (1 + service tiers of the model) + (0: plain, else 1 + tier)].
  std::vector<std::string> rules;

  bool HoldsAt(int64_t at_ns) const;
};

struct CatalogueModel {
  std::string provider;
  std::string id;
  NameMatch match;
  int64_t context_tokens = 0;  // 0: not known.
  std::vector<PriceRow> rows;
  std::vector<const ServiceTier*> service_tiers;
};

struct CatalogueProvider {
  std::string id;
  std::optional<NameMatch> provider_match;
  std::optional<NameMatch> model_match;
  std::vector<std::string> fallback;
  std::vector<CatalogueModel> models;
};

struct Catalogue {
  Catalogue() = default;
  Catalogue(Catalogue&&) = default;  // Models point into service_tiers; moving keeps them in place.
  Catalogue& operator=(Catalogue&&) = default;

  std::string version;
  std::string published;
  std::vector<CatalogueProvider> providers;
  std::unordered_map<std::string, std::string> aliases;
  std::vector<std::string> self_hosted;
  std::vector<std::string> plain_tiers;
  std::vector<ServiceTier> service_tiers;
};

// Nothing when a file is not what the comment above says, with the reason in `error`.
std::optional<Catalogue> ParseCatalogue(std::string_view prices_json, std::string_view rules_json,
                                        std::string* error);

// The files this program was built with.
std::string_view BuiltInPrices();
std::string_view BuiltInRules();

}  // namespace pitot
