#include <algorithm>

#include "price/book_entry.h"
#include "price/catalogue.h"
#include "price/price.h"

namespace pitot {
namespace {

constexpr std::string_view kLiteLlm = "litellm";
constexpr std::string_view kGeminiPrefix = "models/";  // Gemini's API lists its models under it.

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// "gpt-x-20250929" -> "gpt-x-2025-09-29", for each compact date that a '-', ':' or the end follows.
std::string DashedDates(std::string_view model) {
  std::string out;
  size_t at = 0;
  while (at < model.size()) {
    const std::string_view rest = model.substr(at);
    const bool framed = rest.size() >= 9 && rest.starts_with("-20") &&
                        (rest.size() == 9 || rest[9] == '-' || rest[9] == ':');
    const std::string dashed = framed ? std::string(rest.substr(1, 4)) + "-" +
                                            std::string(rest.substr(5, 2)) + "-" +
                                            std::string(rest.substr(7, 2))
                                      : std::string();
    if (framed && ParseDay(dashed)) {
      out += '-';
      out += dashed;
      at += 9;
    } else {
      out += model[at++];
    }
  }
  return out;
}

struct Found {
  const CatalogueModel* model = nullptr;
  PriceConfidence confidence = PriceConfidence::kNone;
};

Found FindIn(const CatalogueProvider& provider, std::string_view model) {
  for (const CatalogueModel& candidate : provider.models) {
    const PriceConfidence confidence = Match(candidate.match, model);
    if (confidence == PriceConfidence::kNone) continue;
    const auto versionless = [](std::string_view text) {
      return text.substr(0, VersionlessSize(text));
    };
    const bool same = versionless(candidate.id) == versionless(model);
    return {&candidate, same ? PriceConfidence::kExact : confidence};
  }
  return {};
}

const CatalogueProvider* ProviderById(const Catalogue& catalogue, std::string_view id) {
  const auto at = std::ranges::find(catalogue.providers, id, &CatalogueProvider::id);
  return at == catalogue.providers.end() ? nullptr : &*at;
}

// The provider that a name stands for: an alias, an id, or what its match takes.
const CatalogueProvider* FindProvider(const Catalogue& catalogue, const std::string& name) {
  if (name.empty()) return nullptr;
  const auto alias = catalogue.aliases.find(name);
  const std::string& id = alias == catalogue.aliases.end() ? name : alias->second;
  if (const CatalogueProvider* provider = ProviderById(catalogue, id)) return provider;
  for (const CatalogueProvider& provider : catalogue.providers) {
    if (provider.provider_match &&
        Match(*provider.provider_match, name) != PriceConfidence::kNone) {
      return &provider;
    }
  }
  return nullptr;
}

Found FindModelAsNamed(const Catalogue& catalogue, const CatalogueProvider& provider,
                       std::string_view model) {
  if (const Found found = FindIn(provider, model); found.model != nullptr) return found;
  for (const std::string& id : provider.fallback) {
    const CatalogueProvider* const other = ProviderById(catalogue, id);
    if (other == nullptr) continue;
    if (const Found found = FindIn(*other, model); found.model != nullptr) return found;
  }
  return {};
}

Found FindModel(const Catalogue& catalogue, const CatalogueProvider& provider,
                std::string_view model) {
  const Found found = FindModelAsNamed(catalogue, provider, model);
  if (found.model != nullptr) return found;
  const std::string dashed = DashedDates(model);
  return dashed == model ? Found() : FindModelAsNamed(catalogue, provider, dashed);
}

// FNV-1a, the same in every run: the version tells the user's price lists apart.
uint64_t HashText(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ 0xff) * 0x100000001b3;
}

std::string OverrideVersion(const std::vector<PriceOverride>& overrides) {
  if (overrides.empty()) return {};
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](int64_t value) { hash = HashText(hash, std::to_string(value)); };
  for (const PriceOverride& one : overrides) {
    hash = HashText(hash, one.model);
    hash = HashText(hash, one.provider);
    hash = HashText(hash, one.service_tier);
    add(one.from_ns);
    add(one.until_ns);
    for (const PriceBand& band : one.bands) {
      add(band.above);
      for (const int64_t pico : band.pico) add(pico);
    }
    add(one.fees.web_search);
    add(one.fees.file_search);
    add(one.fees.request);
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "prices.yaml#";
  for (int shift = 28; shift >= 0; shift -= 4) out += kDigits[hash >> shift & 15];
  return out;
}

std::string OverrideRule(const PriceOverride& one, const PriceBand& band) {
  std::string rule = one.provider.empty() ? one.model : one.provider + "/" + one.model;
  if (band.above >= 0) rule += " above " + std::to_string(band.above);
  if (!one.service_tier.empty()) rule += " +" + one.service_tier;
  return rule;
}

// The band of a call: the last one that its whole input exceeds.
size_t BandOf(const std::vector<PriceBand>& bands, int64_t input_total) {
  size_t band = bands.size() - 1;
  while (band > 0 && input_total <= bands[band].above) --band;
  return band;
}

// False when the usage cannot be priced: a count below zero or absurd.
bool SetCharge(const Usage& usage, const PriceBand& band, const CallFees& fees, const Times& times,
               Price& price) {
  const std::optional<Charge> charge = ComputeCharge(usage, band, fees, times);
  if (!charge) return false;
  price.cost = charge->total;
  price.by_bucket = charge->by_bucket;
  price.fees = charge->fees;
  price.estimated |= charge->fee_unknown;
  return true;
}

}  // namespace

PriceBook::PriceBook(std::unique_ptr<const Catalogue> catalogue,
                     std::vector<PriceOverride> overrides)
    : catalogue_(std::move(catalogue)),
      overrides_(std::move(overrides)),
      override_version_(OverrideVersion(overrides_)) {
  for (const PriceOverride& one : overrides_) {
    override_rule_at_.push_back(override_rules_.size());
    for (const PriceBand& band : one.bands) override_rules_.push_back(OverrideRule(one, band));
  }
}

PriceBook::~PriceBook() = default;

std::shared_ptr<const PriceBook> PriceBook::Create(std::string_view prices_json,
                                                   std::string_view rules_json,
                                                   std::vector<PriceOverride> overrides,
                                                   std::string* error) {
  std::optional<Catalogue> catalogue = ParseCatalogue(prices_json, rules_json, error);
  if (!catalogue) return nullptr;
  return std::shared_ptr<const PriceBook>(new PriceBook(
      std::make_unique<const Catalogue>(std::move(*catalogue)), std::move(overrides)));
}

std::shared_ptr<const PriceBook> PriceBook::BuiltIn(std::vector<PriceOverride> overrides) {
  std::string error;
  return Create(BuiltInPrices(), BuiltInRules(), std::move(overrides), &error);
}

// Without a provider, or with one that the catalogue does not know, the model tells: by a vendor
// before its '/', else by the names that a provider's own models have. Who runs models itself is
// not billed by the token, whatever they are called.
void PriceBook::ResolveModel(const std::string& provider, std::string model, Entry& entry) const {
  if (HasWord(catalogue_->self_hosted, provider)) return;
  if (model.starts_with(kGeminiPrefix)) model.erase(0, kGeminiPrefix.size());
  const bool unnamed = provider.empty() || provider == kLiteLlm;
  const CatalogueProvider* const named = FindProvider(*catalogue_, provider);
  const auto settle = [&](const Found& found, bool guessed) {
    entry.model = found.model;
    entry.confidence = guessed ? PriceConfidence::kPrefix : found.confidence;
    entry.guessed = guessed;
    return true;
  };
  const auto try_in = [&](const CatalogueProvider* in, std::string_view name, bool guessed) {
    if (in == nullptr) return false;
    const Found found = FindModel(*catalogue_, *in, name);
    return found.model != nullptr && settle(found, guessed);
  };
  if (try_in(named, model, false)) return;
  if (const size_t slash = model.find('/'); slash != std::string::npos) {
    const CatalogueProvider* const vendor = FindProvider(*catalogue_, model.substr(0, slash));
    if (try_in(vendor, std::string_view(model).substr(slash + 1), !unnamed)) return;
  }
  if (named != nullptr) return;
  for (const CatalogueProvider& owner : catalogue_->providers) {
    if (owner.model_match && Match(*owner.model_match, model) != PriceConfidence::kNone) {
      try_in(&owner, model, !unnamed);
      return;
    }
  }
}

PriceBook::Entry PriceBook::Resolve(std::string_view provider, std::string_view model) const {
  Entry entry;
  const std::string provider_name = LowerCase(Trim(provider));
  const std::string model_name = LowerCase(Trim(model));
  if (model_name.empty()) return entry;
  const CatalogueProvider* const known = FindProvider(*catalogue_, provider_name);
  for (uint32_t i = 0; i < overrides_.size(); ++i) {
    const PriceOverride& one = overrides_[i];
    const bool provider_fits =
        one.provider.empty() || one.provider == provider_name ||
        (known != nullptr && known == FindProvider(*catalogue_, one.provider));
    if (provider_fits && GlobMatches(one.model, model_name)) entry.overrides.push_back(i);
  }
  ResolveModel(provider_name, model_name, entry);
  return entry;
}

bool PriceBook::IsPlainTier(std::string_view tier) const {
  return tier.empty() || HasWord(catalogue_->plain_tiers, tier);
}

std::optional<Price> PriceBook::FromOverrides(const Entry& entry, const PriceInput& input) const {
  for (const uint32_t i : entry.overrides) {
    const PriceOverride& one = overrides_[i];
    if (input.at_ns < one.from_ns || input.at_ns >= one.until_ns) continue;
    const bool any_tier = one.service_tier.empty();
    if (!any_tier && !SameWord(one.service_tier, input.service_tier)) continue;
    const size_t band = BandOf(one.bands, input.usage.input_total());
    Price price;
    if (!SetCharge(input.usage, one.bands[band], one.fees, Times(), price)) return Price();
    price.source = PriceSource::kOverride;
    price.confidence = one.model.find('*') == std::string::npos ? PriceConfidence::kExact
                                                                : PriceConfidence::kPrefix;
    price.rule = override_rules_[override_rule_at_[i] + band];
    price.version = override_version_;
    price.estimated |= any_tier && !IsPlainTier(input.service_tier);
    return price;
  }
  return std::nullopt;
}

Price PriceBook::FromCatalogue(const Entry& entry, const PriceInput& input) const {
  if (entry.model == nullptr || entry.model->rows.empty()) return {};
  const CatalogueModel& model = *entry.model;
  // The last row that holds; a call before the first date has the first row's price.
  size_t at = model.rows.size() - 1;
  while (at > 0 && !model.rows[at].HoldsAt(input.at_ns)) --at;
  const PriceRow& row = model.rows[at];

  Price price;
  price.estimated = entry.guessed;
  Times times;
  size_t rule = 0;
  if (!IsPlainTier(input.service_tier)) {
    const auto& tiers = model.service_tiers;
    while (rule < tiers.size() && !HasWord(tiers[rule]->tiers, input.service_tier)) ++rule;
    if (rule < tiers.size()) {
      times = tiers[rule]->times;
      ++rule;  // Rule 0 is the one without a tier.
    } else {
      price.estimated = true;  // A tier whose price nobody has told us: the standard one.
      rule = 0;
    }
  }
  const size_t band = BandOf(row.bands, input.usage.input_total());
  if (!SetCharge(input.usage, row.bands[band], row.fees, times, price)) return {};
  price.source = PriceSource::kCatalogue;
  price.confidence = entry.confidence;
  price.rule = row.rules[band * (1 + model.service_tiers.size()) + rule];
  price.version = catalogue_->version;
  return price;
}

Price PriceBook::Compute(const Entry& entry, const PriceInput& input) const {
  if (std::optional<Price> price = FromOverrides(entry, input)) return *price;
  return FromCatalogue(entry, input);
}

Price PriceBook::PriceOf(const PriceInput& input) const {
  if (std::max(input.provider.size(), input.model.size()) > kPricedNameBytesMax) return {};
  return Compute(Resolve(input.provider, input.model), input);
}

std::optional<int64_t> PriceBook::ContextTokens(std::string_view provider,
                                                std::string_view model) const {
  if (std::max(provider.size(), model.size()) > kPricedNameBytesMax) return std::nullopt;
  const Entry entry = Resolve(provider, model);
  if (entry.model == nullptr || entry.model->context_tokens == 0) return std::nullopt;
  return entry.model->context_tokens;
}

std::string_view PriceBook::version() const { return catalogue_->version; }
std::string_view PriceBook::override_version() const { return override_version_; }
std::string_view PriceBook::published() const { return catalogue_->published; }

std::vector<PriceListRow> PriceBook::List() const {
  std::vector<PriceListRow> out;
  for (size_t i = 0; i < overrides_.size(); ++i) {
    const PriceOverride& one = overrides_[i];
    for (size_t band = 0; band < one.bands.size(); ++band) {
      out.push_back({one.provider, one.model, override_rules_[override_rule_at_[i] + band],
                     PriceSource::kOverride, 0, one.bands[band], one.fees});
    }
  }
  for (const CatalogueProvider& provider : catalogue_->providers) {
    for (const CatalogueModel& model : provider.models) {
      for (const PriceRow& row : model.rows) {
        for (size_t band = 0; band < row.bands.size(); ++band) {
          out.push_back({provider.id, model.id, row.rules[band * (1 + model.service_tiers.size())],
                         PriceSource::kCatalogue, model.context_tokens, row.bands[band], row.fees});
        }
      }
    }
  }
  return out;
}

struct PriceCache::Slot {
  uint64_t hash = 0;
  std::string provider;
  std::string model;  // Empty: the slot is free.
  PriceBook::Entry entry;
};

PriceCache::PriceCache(std::shared_ptr<const PriceBook> book)
    : book_(std::move(book)), slots_(kSlots) {}
PriceCache::~PriceCache() = default;
PriceCache::PriceCache(PriceCache&&) noexcept = default;
PriceCache& PriceCache::operator=(PriceCache&&) noexcept = default;

const PriceBook::Entry& PriceCache::EntryOf(std::string_view provider, std::string_view model) {
  const std::hash<std::string_view> hash_of;
  const uint64_t hash = hash_of(model) * 31 + hash_of(provider);
  const size_t first = hash % kSlots;
  const size_t second = first ^ 1;
  for (const size_t at : {first, second}) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && slot.model == model && slot.provider == provider) return slot.entry;
  }
  const size_t at = slots_[first].model.empty() ? first : (turn_++ & 1) ? first : second;
  slots_[at] = {hash, std::string(provider), std::string(model), book_->Resolve(provider, model)};
  return slots_[at].entry;
}

Price PriceCache::PriceOf(const PriceInput& input) {
  if (!HasPricedName(input.provider, input.model)) return {};
  return book_->Compute(EntryOf(input.provider, input.model), input);
}

WorstPrice PriceCache::WorstOf(const WorstInput& input) {
  if (!HasPricedName(input.provider, input.model)) return {};
  return book_->ComputeWorst(EntryOf(input.provider, input.model), input);
}

Price Settle(const Price& table, std::optional<NanoUsd> reported, const Usage& usage) {
  constexpr __int128 kBelievedTimes = 100;
  if (!reported || reported->value < 0) return table;
  Price out = table;
  if (reported->value == 0 && usage.input_total() + usage.output_total() > 0) {
    out.reported = ReportedCost::kZeroIgnored;
    return out;
  }
  // A free model's figure is no measure of what a call may cost.
  if (table.cost && table.cost->value > 0 && reported->value > table.cost->value * kBelievedTimes) {
    out.reported = ReportedCost::kDisbelieved;
    return out;
  }
  out = Price();
  out.cost = reported;
  out.source = PriceSource::kProvider;
  out.reported = ReportedCost::kUsed;
  return out;
}

}  // namespace pitot
