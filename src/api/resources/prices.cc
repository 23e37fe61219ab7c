// GET /api/v1/prices
#include <algorithm>

#include "api/handlers.h"
#include "base/status.h"
#include "price/price.h"
#include "query/span_refs.h"

namespace pitot {
namespace {

// Models without a price are looked for this far back.
constexpr int64_t kUnpricedNanos = 30 * kNanosPerDay;

// Pico-USD a token is micro-USD for a million; a call's fee in pico-USD is for a thousand that / 1e9.
double PerMillion(int64_t pico) { return static_cast<double>(pico) / 1e6; }

std::string BandJson(const PriceBand& band) {
  std::string json;
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    json += fmt::format("{}\"{}_per_million_usd\":{}", i == 0 ? "" : ",",
                        PriceKey(static_cast<UsageBucket>(i)), PerMillion(band.pico[i]));
  }
  return json;
}

std::string FeeJson(std::string_view name, int64_t pico) {
  if (pico == kFeeUnknown) return "";
  return fmt::format(",\"{}_per_thousand_usd\":{}", name, static_cast<double>(pico) / 1e9);
}

std::string RowJson(const PriceListRow& row) {
  std::string json = fmt::format("{{\"provider\":{},\"model\":{},\"source\":{},\"rule\":{},",
                                 QuoteJson(row.provider), QuoteJson(row.model),
                                 QuoteJson(Name(row.source)), QuoteJson(row.rule));
  if (row.band.above >= 0) json += fmt::format("\"above_input_tokens\":{},", row.band.above);
  if (row.context_tokens > 0) json += fmt::format("\"context_tokens\":{},", row.context_tokens);
  json += BandJson(row.band);
  json += FeeJson("web_search", row.fees.web_search);
  json += FeeJson("file_search", row.fees.file_search);
  if (row.fees.request > 0) json += FeeJson("request", row.fees.request);
  return json + "}";
}

// What a call of the model would cost now, a million tokens in and a million out.
std::string MatchJson(const PriceBook& book, std::string_view provider, std::string_view model,
                      UnixNanos now) {
  Usage usage;
  usage[UsageBucket::kInput] = 1'000'000;
  const Price input = book.PriceOf(
      {.provider = provider, .model = model, .at_ns = now, .service_tier = "", .usage = usage});
  if (!input.cost) return "null";
  return fmt::format(
      "{{\"source\":{},\"rule\":{},\"confidence\":{},\"version\":{},\"estimated\":{}}}",
      QuoteJson(Name(input.source)), QuoteJson(input.rule), QuoteJson(Name(input.confidence)),
      QuoteJson(input.version), input.estimated);
}

// The rows of the list that a name is about: those of the model as named, or of names that hold it.
bool Wanted(const PriceListRow& row, std::string_view provider, std::string_view model,
            std::string_view rule) {
  if (!provider.empty() && !row.provider.empty() && row.provider != provider &&
      (rule.empty() || row.rule != rule)) {
    return false;
  }
  if (model.empty() || (!rule.empty() && row.rule == rule)) return true;
  return row.model.find(model) != std::string::npos;
}

absl::StatusOr<std::string> Prices(const ApiCall& call) {
  const QueryContext context = call.Query();
  Scope scope;
  scope.project = call.Project();
  ASSIGN_OR_RETURN(scope.window,
                   ParseWindow(call.request.Param("since"), call.request.Param("until"),
                               kUnpricedNanos, context.now));
  ASSIGN_OR_RETURN(const uint32_t limit, ReadLimit(call));
  ASSIGN_OR_RETURN(const std::string unpriced, ReadUnpricedModels(context, scope, limit));

  const std::shared_ptr<const PriceBook> book = call.context.deps.ingest.book();
  const std::string_view provider = call.request.Param("provider");
  const std::string_view model = call.request.Param("model");
  std::string rule;
  std::string match;
  if (!model.empty()) {
    Usage one;
    one[UsageBucket::kInput] = 1;
    rule = book->PriceOf({.provider = provider,
                          .model = model,
                          .at_ns = context.now,
                          .service_tier = "",
                          .usage = one})
               .rule;
    match = fmt::format("\"match\":{},\n", MatchJson(*book, provider, model, context.now));
  }
  std::vector<PriceListRow> rows = book->List();
  // What prices the model, before names that look alike.
  std::stable_partition(rows.begin(), rows.end(),
                        [&](const PriceListRow& row) { return !rule.empty() && row.rule == rule; });
  std::string models;
  uint32_t shown = 0;
  size_t total = 0;
  for (const PriceListRow& row : rows) {
    if (!Wanted(row, provider, model, rule)) continue;
    ++total;
    if (shown >= limit) continue;
    models += fmt::format("{}{}", shown++ == 0 ? "\n" : ",\n", RowJson(row));
  }
  const auto overrides = std::ranges::count(rows, PriceSource::kOverride, &PriceListRow::source);
  return fmt::format(
      "{{\"version\":{},\"overrides_version\":{},\"published\":{},\"overrides\":{},{}"
      "\"models_total\":{},\"models\":[{}],\n\"unpriced\":{}}}",
      QuoteJson(book->version()), QuoteJson(book->override_version()), QuoteJson(book->published()),
      overrides, match, total, models, unpriced);
}

}  // namespace

void GetPrices(ApiCall call) { SendJson(call, Prices(call)); }

}  // namespace pitot
