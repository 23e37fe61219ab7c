// price/price.h
//
// What a model call cost. A PriceBook is the catalogue plus the user's overrides; a PriceCache is
// how the data path asks it.
//
//   auto book = PriceBook::BuiltIn(overrides, &error);
//   PriceCache prices(book);                        // One per thread.
//   Price price = Settle(prices.PriceOf(input), reported, usage);
//
// Thread-safety: PriceBook is immutable, any thread. PriceCache: one thread.
// Ownership: `rule` and `version` of a Price point into the book. A cache shares the book's
// ownership; after replacing the cache (a new book) copy or drop the old prices first.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/kinds.h"
#include "model/money.h"
#include "model/usage.h"
#include "price/override.h"

namespace pitot {

struct Catalogue;
struct CatalogueModel;

struct PriceInput {
  std::string_view provider;  // As spans name it ("gcp.gemini"); empty: to be told by the model.
  std::string_view model;
  int64_t at_ns = 0;              // The call's end, Unix time.
  std::string_view service_tier;  // As the response reports it; empty: standard.
  const Usage& usage;
};

// What became of the cost that the emitter reported.
enum class ReportedCost : uint8_t {
  kNone,         // There was none, or it was negative.
  kUsed,         // It is the cost.
  kZeroIgnored,  // 0 for a call with tokens: the emitter did not know.
  kDisbelieved,  // Over 100 times the table's figure: see Drop::kCostDisbelieved.
};

struct Price {
  std::optional<NanoUsd> cost;  // Unset: unknown. 0 is known to be free.
  // Nano-USD. With `fees` they sum to `cost` when source is a table; all 0 otherwise.
  std::array<int64_t, kUsageBuckets> by_bucket = {};
  int64_t fees = 0;  // Nano-USD charged by the call: web and file searches, requests.
  PriceSource source = PriceSource::kNone;
  // kExact: the catalogue names the model, perhaps but for its version suffix. kPrefix: it only
  // resembles one, or the provider was guessed. An override is kExact unless its glob has a '*'.
  PriceConfidence confidence = PriceConfidence::kNone;
  std::string_view rule;     // "anthropic/claude-sonnet-4-5 above 200000 +batch"
  std::string_view version;  // "genai-prices 0.1.8", "prices.yaml#5d41402a"
  // Something was assumed: the provider, a service tier's price, a tool call without a known fee.
  bool estimated = false;
  ReportedCost reported = ReportedCost::kNone;
};

// What a call may be at most, before it is made.
struct WorstInput {
  std::string_view provider;
  std::string_view model;
  int64_t from_ns = 0;            // The call ends from then
  int64_t until_ns = 0;           // until then: prices with dates and hours change.
  std::string_view service_tier;  // As asked for. Empty or "auto": the provider chooses.
  int64_t input_tokens = 0;       // Of whatever kind.
  int64_t output_tokens = 0;      // Of all choices, of whatever kind.
  int64_t server_tool_calls = 0;
};

struct WorstPrice {
  // No usage within the input's figures is priced above it. Unset: the price is not known. Past 64
  // bits: the largest figure.
  std::optional<NanoUsd> cost;
  PriceConfidence confidence = PriceConfidence::kNone;  // The least of those that may count.
};

// One line of the price list, for /api/v1/prices and `pitot prices`.
struct PriceListRow {
  std::string provider;  // Empty: any.
  std::string model;     // Id, or an override's glob.
  std::string rule;
  PriceSource source = PriceSource::kNone;
  int64_t context_tokens = 0;  // 0: not known.
  PriceBand band;
  CallFees fees;
};

// Longer names are not looked up: the price is unknown.
inline constexpr size_t kPricedNameBytesMax = 256;

class PriceBook {
 public:
  // Null when the catalogue's JSON (see catalogue.h) is wrong, with the reason in `error`.
  static std::shared_ptr<const PriceBook> Create(std::string_view prices_json,
                                                 std::string_view rules_json,
                                                 std::vector<PriceOverride> overrides,
                                                 std::string* error);
  // With the catalogue in this program. Never null.
  static std::shared_ptr<const PriceBook> BuiltIn(std::vector<PriceOverride> overrides);

  ~PriceBook();
  PriceBook(const PriceBook&) = delete;
  PriceBook& operator=(const PriceBook&) = delete;

  // Searches the catalogue: some microseconds. The data path asks a PriceCache.
  Price PriceOf(const PriceInput& input) const;

  // The dearest that PriceOf can answer for such a call. The dearer service tiers of the catalogue
  // count when asked for, as they are served to nobody else.
  WorstPrice WorstOf(const WorstInput& input) const;

  // Tokens the model's context holds, where known.
  std::optional<int64_t> ContextTokens(std::string_view provider, std::string_view model) const;

  std::string_view version() const;
  std::string_view override_version() const;  // Empty without overrides.
  std::string_view published() const;         // Day on which the catalogue was published.
  std::vector<PriceListRow> List() const;     // Overrides first.

 private:
  friend class PriceCache;
  struct Entry;  // What a (provider, model) pair resolves to.

  PriceBook(std::unique_ptr<const Catalogue> catalogue, std::vector<PriceOverride> overrides);
  Entry Resolve(std::string_view provider, std::string_view model) const;
  void ResolveModel(const std::string& provider, std::string model, Entry& entry) const;
  std::optional<Price> FromOverrides(const Entry& entry, const PriceInput& input) const;
  Price FromCatalogue(const Entry& entry, const PriceInput& input) const;
  Price Compute(const Entry& entry, const PriceInput& input) const;
  bool IsPlainTier(std::string_view tier) const;
  WorstPrice ComputeWorst(const Entry& entry, const WorstInput& input) const;
  void AddWorstAt(const Entry& entry, const WorstInput& input, int64_t at_ns,
                  WorstPrice& worst) const;

  const std::unique_ptr<const Catalogue> catalogue_;
  const std::vector<PriceOverride> overrides_;
  std::vector<std::string> override_rules_;  // Per override and band, in order.
  std::vector<size_t> override_rule_at_;     // First rule of each override.
  std::string override_version_;
};

// Remembers what names resolved to: a known pair is priced in under 100 ns. Bounded: kSlots pairs,
// the older of two gives way.
class PriceCache {
 public:
  explicit PriceCache(std::shared_ptr<const PriceBook> book);
  ~PriceCache();
  PriceCache(PriceCache&&) noexcept;
  PriceCache& operator=(PriceCache&&) noexcept;

  Price PriceOf(const PriceInput& input);
  WorstPrice WorstOf(const WorstInput& input);
  const PriceBook& book() const { return *book_; }

 private:
  struct Slot;
  const PriceBook::Entry& EntryOf(std::string_view provider, std::string_view model);
  static constexpr size_t kSlots = 1024;

  std::shared_ptr<const PriceBook> book_;
  std::vector<Slot> slots_;
  uint64_t turn_ = 0;  // Which of two slots gives way next.
};

// The cost to count, of a table's price and what the emitter reported. Reported wins, but 0 with
// tokens is unknown, and over 100 times the table's figure is not believed: the table's stands.
Price Settle(const Price& table, std::optional<NanoUsd> reported, const Usage& usage);

}  // namespace pitot
