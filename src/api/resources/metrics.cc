// GET /metrics. Labels have few values, whatever is sent: source, signal, reason.
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <map>

#include "api/alert_metrics.h"
#include "api/handlers.h"
#include "api/prometheus.h"
#include "base/file.h"
#include "base/text.h"
#include "gateway/gateway.h"

namespace pitot {
namespace {

constexpr std::string_view kSignals[] = {"traces", "logs", "metrics"};
constexpr std::string_view kSeverities[] = {"info", "warning", "data_loss"};

double Seconds(int64_t ns) { return static_cast<double>(ns) / kNanosPerSecond; }
double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Receipts, summed over projects and senders.
struct Sums {
  uint64_t requests = 0;
  uint64_t failed_requests = 0;
  uint64_t bytes = 0;
  uint64_t accepted = 0;
  uint64_t rejected = 0;
};

void AddReceipts(const Receipts& receipts, PrometheusText& out) {
  std::map<std::pair<Source, Signal>, Sums> sums;
  for (const SourceReceipt& source : receipts.Sources()) {
    Sums& sum = sums[{source.source, source.signal}];
    sum.requests += source.requests;
    sum.failed_requests += source.failed_requests;
    sum.bytes += source.bytes;
    sum.accepted += source.accepted;
    sum.rejected += source.rejected;
  }
  const auto add = [&](std::string_view name, std::string_view help, uint64_t Sums::*figure) {
    out.Counter(name, help);
    for (const auto& [key, sum] : sums) {
      out.Sample(
          static_cast<double>(sum.*figure),
          {{"source", Name(key.first)}, {"signal", kSignals[static_cast<size_t>(key.second)]}});
    }
  };
  add("pitot_ingest_requests_total", "Requests received.", &Sums::requests);
  add("pitot_ingest_failed_requests_total", "Requests answered with an error.",
      &Sums::failed_requests);
  add("pitot_ingest_bytes_total", "Bytes of request bodies, decompressed.", &Sums::bytes);
  add("pitot_ingest_accepted_total", "Records acknowledged as durable.", &Sums::accepted);
  add("pitot_ingest_rejected_total", "Records refused, named in the reply.", &Sums::rejected);

  out.Counter("pitot_drops_total",
              "Everything rejected, mended, deduplicated or not counted, by reason; "
              "/api/v1/receipts says what to do.");
  const auto totals = receipts.Totals();
  for (const DropRow& row : kDropRows) {
    out.Sample(
        static_cast<double>(totals[static_cast<size_t>(row.drop)]),
        {{"reason", row.name}, {"severity", kSeverities[static_cast<size_t>(row.severity)]}});
  }
}

void AddSpool(const SpoolStats& spool, PrometheusText& out) {
  out.Gauge("pitot_spool_pending_bytes", "Bytes acknowledged and not yet in the store.");
  out.Sample(static_cast<double>(spool.pending_bytes));
  out.Gauge("pitot_spool_pending_records", "Records acknowledged and not yet in the store.");
  out.Sample(static_cast<double>(spool.durable_seq - std::min(spool.done_seq, spool.durable_seq)));
  out.Gauge("pitot_spool_segments", "Segment files of the spool.");
  out.Sample(static_cast<double>(spool.segments));
  out.Counter("pitot_spool_syncs_total", "Times the spool was made durable (fsync).");
  out.Sample(static_cast<double>(spool.syncs));
  out.Counter("pitot_spool_sync_seconds_total", "Time spent making the spool durable.");
  out.Sample(Seconds(static_cast<int64_t>(spool.sync_ns)));
}

void AddFlusher(const FlusherStats& flusher, PrometheusText& out) {
  out.Counter("pitot_flush_batches_total", "Batches written to the store.");
  out.Sample(static_cast<double>(flusher.batches));
  out.Counter("pitot_flush_rows_total", "Rows written to the store, by table.");
  out.Sample(static_cast<double>(flusher.spans), {{"table", "spans"}});
  out.Sample(static_cast<double>(flusher.payloads), {{"table", "payloads"}});
  out.Sample(static_cast<double>(flusher.facts), {{"table", "facts"}});
  out.Sample(static_cast<double>(flusher.traces), {{"table", "traces"}});
  out.Gauge("pitot_flush_lag_seconds", "From receipt to queryable, in the last batch.");
  out.Sample(Seconds(flusher.lag_ns));
  out.Gauge("pitot_flush_last_timestamp_seconds", "When the last batch was written; 0: never.");
  out.Sample(Seconds(flusher.last_flush_ns));
  out.Gauge("pitot_flush_failing", "1 while the store does not take what is waiting.");
  out.Sample(flusher.error.empty() ? 0 : 1);

  out.Gauge("pitot_active_traces", "Traces kept in memory to resolve late spans.");
  out.Sample(static_cast<double>(flusher.active.traces));
  out.Gauge("pitot_active_trace_spans", "Spans of those traces.");
  out.Sample(static_cast<double>(flusher.active.spans));
  out.Gauge("pitot_active_trace_bytes", "Memory of those traces.");
  out.Sample(static_cast<double>(flusher.active.bytes));
  out.Counter("pitot_active_traces_evicted_total", "Idle traces that left memory.");
  out.Sample(static_cast<double>(flusher.active.evicted));
  out.Counter("pitot_active_traces_loaded_total", "Traces read back from the store.");
  out.Sample(static_cast<double>(flusher.active.loaded));
}

void AddGateway(const GatewayStats& stats, PrometheusText& out) {
  out.Counter("pitot_gateway_calls_total", "Calls that came to the gateway.");
  out.Sample(static_cast<double>(stats.calls));
  out.Gauge("pitot_gateway_calls_in_flight", "Calls under way.");
  out.Sample(static_cast<double>(stats.calls_in_flight));
  out.Counter("pitot_gateway_refused_total", "Calls that the gateway itself refused.");
  out.Sample(static_cast<double>(stats.refused));
  out.Counter("pitot_gateway_cut_total", "Answers that a budget ended.");
  out.Sample(static_cast<double>(stats.cut));
  out.Gauge("pitot_gateway_record_queue_calls", "Finished calls that are not durable spans yet.");
  out.Sample(static_cast<double>(stats.recorder.queued));
  out.Gauge("pitot_gateway_record_queue_bytes", "Memory of those.");
  out.Sample(static_cast<double>(stats.recorder.queued_bytes));
  out.Counter("pitot_gateway_recorded_total", "Calls that became spans.");
  out.Sample(static_cast<double>(stats.recorder.recorded));
  out.Counter("pitot_gateway_record_dropped_total", "What was given up of finished calls.");
  out.Sample(static_cast<double>(stats.recorder.contents_dropped), {{"what", "contents"}});
  out.Sample(static_cast<double>(stats.recorder.calls_dropped), {{"what", "calls"}});
  out.Counter("pitot_gateway_cache_total", "Looks into the cache of answers.");
  out.Sample(static_cast<double>(stats.cache.hits), {{"result", "hit"}});
  out.Sample(static_cast<double>(stats.cache.stale_hits), {{"result", "stale"}});
  out.Sample(static_cast<double>(stats.cache.misses), {{"result", "miss"}});
  out.Gauge("pitot_gateway_cache_bytes", "Memory of cached answers.");
  out.Sample(static_cast<double>(stats.cache.bytes));
}

// /proc/self/statm: sizes in pages, the second is what is resident.
int64_t ResidentBytes() {
  const auto statm = ReadFile("/proc/self/statm");
  if (!statm.ok()) return 0;
  const std::vector<std::string_view> fields = SplitText(*statm, ' ');
  int64_t pages = 0;
  if (fields.size() > 1) {
    std::from_chars(fields[1].data(), fields[1].data() + fields[1].size(), pages);
  }
  return pages * sysconf(_SC_PAGESIZE);
}

void AddProcess(UnixNanos started_ns, PrometheusText& out) {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  out.Counter("process_cpu_seconds_total", "CPU time of the process, user and system.");
  out.Sample(Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  out.Gauge("process_resident_memory_bytes", "Memory of the process.");
  out.Sample(static_cast<double>(ResidentBytes()));
  out.Gauge("process_start_time_seconds", "When the process started.");
  out.Sample(Seconds(started_ns));
  out.Gauge("pitot_build_info", "Always 1; the version is a label.");
  out.Sample(1, {{"version", PITOT_VERSION}});
}

}  // namespace

void GetMetrics(ApiCall call) {
  PrometheusText out;
  const Ingest& ingest = call.context.deps.ingest;
  AddReceipts(ingest.receipts(), out);
  AddSpool(ingest.spool_stats(), out);
  AddFlusher(ingest.flusher_stats(), out);
  if (const Gateway* gateway = call.context.deps.gateway) AddGateway(gateway->stats(), out);
  if (AlertService* alerts = call.context.deps.alerts) AddAlertMetrics(*alerts, out);
  AddProcess(call.context.started_ns, out);
  HttpResponse response;
  response.headers.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = out.text();
  call.responder.Send(std::move(response));
}

}  // namespace pitot
