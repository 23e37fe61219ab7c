// GET /api/v1/receipts: what arrived, what was lost and what to do about it.
#include <algorithm>

#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kHealthDeadline{2'000};

constexpr std::string_view Name(Signal signal) {
  constexpr std::string_view kNames[] = {"traces", "logs", "metrics"};
  return kNames[static_cast<size_t>(signal)];
}

constexpr std::string_view Name(Severity severity) {
  constexpr std::string_view kNames[] = {"info", "warning", "data_loss"};
  return kNames[static_cast<size_t>(severity)];
}

std::string TimeJson(int64_t unix_ns) {
  return unix_ns == 0 ? "null" : QuoteJson(FormatTime(unix_ns));
}

// The reasons that occurred, gravest first.
std::string DropsJson(const std::array<uint64_t, kDropCount>& counts) {
  std::vector<const DropRow*> rows;
  for (const DropRow& row : kDropRows) {
    if (counts[static_cast<size_t>(row.drop)] != 0) rows.push_back(&row);
  }
  std::ranges::stable_sort(rows, std::greater(), &DropRow::severity);
  std::string json = "[";
  for (const DropRow* row : rows) {
    json += fmt::format("{}{{\"name\":{},\"severity\":{},\"count\":{},\"remedy\":{}}}",
                        json.size() == 1 ? "" : ",", QuoteJson(row->name),
                        QuoteJson(Name(row->severity)), counts[static_cast<size_t>(row->drop)],
                        QuoteJson(row->remedy));
  }
  return json + "]";
}

std::string SourceJson(const SourceReceipt& source) {
  return fmt::format(
      "{{\"project\":{},\"source\":{},\"signal\":{},\"sender\":{},\"requests\":{},"
      "\"failed_requests\":{},\"bytes\":{},\"accepted\":{},\"rejected\":{},\"last_at\":{},"
      "\"last_error\":{},\"drops\":{}}}",
      QuoteJson(source.project), QuoteJson(Name(source.source)), QuoteJson(Name(source.signal)),
      QuoteJson(source.sender), source.requests, source.failed_requests, source.bytes,
      source.accepted, source.rejected, TimeJson(source.last_ns), QuoteJson(source.last_error),
      DropsJson(source.drops));
}

std::string SpoolJson(const SpoolStats& spool) {
  return fmt::format(
      "{{\"pending_bytes\":{},\"durable_seq\":{},\"done_seq\":{},\"segments\":{},"
      "\"corrupt_records\":{}}}",
      spool.pending_bytes, spool.durable_seq, spool.done_seq, spool.segments,
      spool.corrupt_records);
}

std::string StoreJson(const FlusherStats& flusher, const StoreHealth& health) {
  return fmt::format(
      "{{\"engine\":{},\"error\":{},\"batches\":{},\"spans\":{},\"payloads\":{},"
      "\"last_flush_at\":{},\"lag_ms\":{:.1f},\"flush_error\":{},\"flush_error_since\":{},"
      "\"disk_free_bytes\":{}}}",
      QuoteJson(health.engine), QuoteJson(Message(health.status)), flusher.batches, flusher.spans,
      flusher.payloads, TimeJson(flusher.last_flush_ns),
      static_cast<double>(flusher.lag_ns) / kNanosPerMilli, QuoteJson(flusher.error),
      TimeJson(flusher.error_since_ns), health.disk_free_bytes);
}

std::string NotesJson(const std::vector<SourceReceipt>& sources) {
  const bool others = std::ranges::any_of(sources, [](const SourceReceipt& source) {
    return source.signal != Signal::kTraces && source.accepted != 0;
  });
  if (!others) return "[]";
  return "[" +
         QuoteJson(
             "Logs and metrics are stored as they came, but not interpreted yet: no page, "
             "figure or alert uses them.") +
         "]";
}

// What a caller may know of: with a key of one project, that project's.
struct Visible {
  std::vector<SourceReceipt> sources;
  std::array<uint64_t, kDropCount> totals;
};

Visible VisibleTo(const Caller& caller, const Receipts& receipts) {
  if (caller.SeesAll()) return {receipts.Sources(), receipts.Totals()};
  Visible visible{receipts.Sources(), {}};
  std::erase_if(visible.sources,
                [&](const SourceReceipt& source) { return source.project != caller.Project(); });
  for (const SourceReceipt& source : visible.sources) {
    for (size_t i = 0; i < kDropCount; ++i) visible.totals[i] += source.drops[i];
  }
  return visible;
}

}  // namespace

void GetReceipts(ApiCall call) {
  const ApiDeps& deps = call.context.deps;
  const auto [sources, totals] = VisibleTo(call.caller, deps.ingest.receipts());
  std::string json = fmt::format("{{\"since\":{},\"now\":{},\n\"sources\":[",
                                 TimeJson(call.context.started_ns), TimeJson(deps.clock.Now()));
  for (size_t i = 0; i < sources.size(); ++i) {
    json += fmt::format("{}{}", i == 0 ? "\n" : ",\n", SourceJson(sources[i]));
  }
  json += fmt::format("],\n\"totals\":{},\n\"spool\":{},\n\"store\":{},\n\"notes\":{}}}",
                      DropsJson(totals), SpoolJson(deps.ingest.spool_stats()),
                      StoreJson(deps.ingest.flusher_stats(), deps.store.Health(kHealthDeadline)),
                      NotesJson(sources));
  call.responder.Send(JsonResponse(200, std::move(json)));
}

}  // namespace pitot
