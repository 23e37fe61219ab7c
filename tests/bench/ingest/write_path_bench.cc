// What a span costs between the socket and the database, stage by stage, on one thread: CPU
// microseconds a span for everything that ingest does itself. No I/O, no engine: insert_bench
// measures those.
//
//   write_path_bench [SPANS | FILE] [PASSES]
//
// FILE: bodies of otlp_gen or agent_gen; else that many spans are made as otlp_gen makes them.
// Each stage runs over a whole request (or batch) before the next one, so that it can be timed; the
// line "as the server does it" is Preparer, which takes one span through all stages. Of PASSES runs
// the fastest counts: others share the machine.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "decode/decode.h"
#include "ingest/flush_batch.h"
#include "ingest/prepare.h"
#include "ingest/price_span.h"
#include "ingest/resolve/active_traces.h"
#include "normalize/normalize.h"
#include "normalize/redact.h"
#include "price/price.h"
#include "store/day.h"
#include "store/tables/facts_table.h"
#include "store/tables/payloads_table.h"
#include "store/tables/spans_table.h"
#include "store/tables/traces_table.h"
#include "tests/bench/ingest/body_file.h"
#include "tests/bench/ingest/span_load.h"

namespace pitot {
namespace {

constexpr uint64_t kBaseUnixSeconds = 1'763'600'000;
constexpr UnixNanos kNow = (kBaseUnixSeconds + 3600) * kNanosPerSecond;
constexpr uint16_t kKeepDays = 30;
constexpr size_t kBatchSpans = 65'536;  // ingest.batch_rows
constexpr std::span<Piece> Span::*kContentFields[] = {&Span::input, &Span::output, &Span::system,
                                                      &Span::tool_definitions, &Span::reasoning};

enum Stage {
  kRequestHash,
  kDecode,
  kNormalize,
  kRedact,
  kPrice,
  kPayloadHash,
  kRecord,
  kChecksum,
  kPreparer,
  kReadRecord,
  kSort,
  kSpansBlock,
  kPayloadsBlock,
  kAddToTraces,
  kResolve,
  kFactsBlock,
  kTracesBlock,
  kStages,
};
constexpr std::string_view kStageNames[kStages] = {
    "hash the request",
    "decode",
    "normalise",
    "redact",
    "price",
    "hash payloads",
    "encode the record",
    "checksum the record",
    "decode to record, as the server does it",
    "read the record back",
    "sort",
    "build the block of spans",
    "build the block of payloads",
    "add to the active traces",
    "resolve",
    "build the block of facts",
    "build the block of traces",
};
using Costs = std::array<double, kStages>;  // Microseconds.

double ThreadCpuUs() {
  timespec ts;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

class Timer {
 public:
  Timer(Costs& costs, Stage stage) : cost_(costs[stage]), from_(ThreadCpuUs()) {}
  ~Timer() { cost_ += ThreadCpuUs() - from_; }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  double& cost_;
  const double from_;
};

template <typename T>
T OrDie(absl::StatusOr<T> result) {
  if (result.ok()) return *std::move(result);
  fmt::print(stderr, "write_path_bench: {}\n", result.status().ToString());
  std::exit(1);
}

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "write_path_bench: {}\n", status.ToString());
  std::exit(1);
}

// A store that holds nothing yet, which is what new traces meet.
class EmptyStore final : public TraceLoader {
 public:
  absl::Status FilterExisting(std::span<const TraceRef>, std::vector<uint32_t>&) override {
    return absl::OkStatus();
  }
  absl::Status Load(std::span<const TraceRef>, TraceSink&) override { return absl::OkStatus(); }
  absl::StatusOr<bool> ListStored(std::string&,
                                  const std::function<void(const TraceRef&)>&) override {
    return false;
  }
  absl::Status ListOpen(const std::function<void(const TraceRef&, int64_t)>&) override {
    return absl::OkStatus();
  }
};

class Bench {
 public:
  explicit Bench(std::vector<std::string> bodies)
      : bodies_(std::move(bodies)),
        book_(PriceBook::BuiltIn({})),
        redactor_(OrDie(Redactor::Create({}))) {}

  // Of the last pass.
  uint64_t spans() const { return span_count_; }

  Costs Pass() {
    Costs costs = {};
    span_count_ = 0;
    for (const std::string& body : bodies_) Stages(body, costs);
    std::vector<std::string> records = Prepare(costs);
    EmptyStore store;
    ActiveTraces traces({}, store);
    while (!OrDie(traces.Prime())) {
    }
    uint64_t seq = 0;
    for (size_t next = 0; next < records.size();) next = Flush(records, next, seq, traces, costs);
    return costs;
  }

 private:
  // Decode to record, one stage after the other.
  void Stages(const std::string& body, Costs& costs) {
    DropCounts drops;
    {
      const Timer timer(costs, kRequestHash);
      sink_ = sink_ + Sha128(body)[0];
    }
    std::string copy = body;
    RawBatch batch;
    {
      const Timer timer(costs, kDecode);
      batch = OrDie(DecodeOtlpTracesProto(std::move(copy), limits_, drops));
    }
    Arena arena;
    std::vector<Span> spans(batch.spans.size());
    span_count_ += spans.size();
    {
      const Timer timer(costs, kNormalize);
      Normalizer normalizer(batch, arena, limits_, drops);
      for (size_t i = 0; i < spans.size(); ++i) normalizer.Normalize(batch.spans[i], &spans[i]);
    }
    {
      const Timer timer(costs, kRedact);
      for (Span& span : spans) redactor_.Redact(&span, &arena, &drops);
    }
    {
      const Timer timer(costs, kPrice);
      for (Span& span : spans) PriceSpan(prices_, span);
    }
    {
      const Timer timer(costs, kPayloadHash);
      for (Span& span : spans) HashPayloads(span);
    }
    Encode(spans, costs);
  }

  static void HashPayloads(Span& span) {
    for (const auto field : kContentFields) {
      for (Piece& piece : span.*field) {
        if (piece.text.size() > kInlinePieceBytes) piece.hash.bytes = Sha128(piece.text);
      }
    }
  }

  void Encode(const std::vector<Span>& spans, Costs& costs) {
    std::string record;
    {
      const Timer timer(costs, kRecord);
      writer_.Start({.project = "default", .keep_days = kKeepDays, .recv_ns = kNow});
      for (const Span& span : spans) {
        for (const auto field : kContentFields) {
          for (const Piece& piece : span.*field) {
            if (piece.hash.empty()) continue;
            writer_.AddPayload(DayOf(span.start_ns), piece.hash, piece.text);
          }
        }
        writer_.AddSpan(span);
      }
      writer_.Finish(record);
    }
    const Timer timer(costs, kChecksum);
    sink_ = sink_ + Crc32c(record);
  }

  std::vector<std::string> Prepare(Costs& costs) {
    SeenPayloads seen(1'000'000);
    const ErasedRecords erased;
    const GatewayCalls gateway_calls;
    Preparer preparer({.keep_days = kKeepDays}, book_, &redactor_, seen, erased, gateway_calls);
    std::vector<std::string> records;
    for (const std::string& body : bodies_) {
      IngestRequest request;
      request.body = body;
      DropCounts drops;
      const Timer timer(costs, kPreparer);
      Prepared prepared = OrDie(preparer.Prepare(request, Hash128{}, kNow, false, drops));
      for (std::string& record : prepared.records) records.push_back(std::move(record));
    }
    return records;
  }

  // One batch of the flusher, from records[first]; returns where the next begins.
  size_t Flush(std::vector<std::string>& records, size_t first, uint64_t& seq, ActiveTraces& traces,
               Costs& costs) {
    FlushBatch batch;
    size_t next = first;
    {
      const Timer timer(costs, kReadRecord);
      for (; next < records.size() && batch.rows() < kBatchSpans; ++next) {
        const uint64_t bytes = records[next].size();
        batch.Add({++seq, bytes, std::move(records[next])});
      }
    }
    {
      const Timer timer(costs, kSort);
      batch.Sort();
    }
    {
      const Timer timer(costs, kSpansBlock);
      for (const FlushBatch::SpanRef& ref : batch.spans()) {
        spans_.Append({ref.header->project, kKeepDays, kNow, Decoded(ref)});
      }
      Drain(spans_);
    }
    {
      const Timer timer(costs, kPayloadsBlock);
      for (const auto& [header, payload] : batch.payloads()) {
        payloads_.Append(
            {header->project, kKeepDays, payload->day, payload->hash, payload->content});
      }
      Drain(payloads_);
    }
    Resolve(batch, traces, costs);
    return next;
  }

  // As the flusher does: spans are decoded where they are used.
  const Span& Decoded(const FlushBatch::SpanRef& ref) {
    row_arena_.Clear();
    OrDie(ReadSpan(ref.item, row_arena_, &row_));
    return row_;
  }

  void Resolve(const FlushBatch& batch, ActiveTraces& traces, Costs& costs) {
    {
      const Timer timer(costs, kAddToTraces);
      for (const FlushBatch::SpanRef& ref : batch.spans()) {
        const Span& span = Decoded(ref);
        traces.Add(ref.header->project, kKeepDays, span, SpanVersion(span.status, kNow),
                   batch.first_seq());
      }
    }
    {
      const Timer timer(costs, kResolve);
      OrDie(traces.Resolve(kNow, changes_));
    }
    {
      const Timer timer(costs, kFactsBlock);
      for (const FactChange& change : changes_.facts) {
        facts_.Append(change.project, change.keep_days, change.row);
      }
      Drain(facts_);
    }
    const Timer timer(costs, kTracesBlock);
    for (const TraceChange& change : changes_.traces) {
      traces_.Append(change.project, change.keep_days, change.row);
    }
    Drain(traces_);
  }

  void Drain(TableBlock& block) {
    sink_ = sink_ + block.Finish().size();
    block.Clear();
  }

  const std::vector<std::string> bodies_;
  const Limits limits_;
  const std::shared_ptr<const PriceBook> book_;
  const Redactor redactor_;
  PriceCache prices_{book_};
  RecordWriter writer_;
  SpansBlock spans_;
  PayloadsBlock payloads_;
  FactsBlock facts_;
  TracesBlock traces_;
  Span row_;
  Arena row_arena_;
  TraceChanges changes_;
  uint64_t span_count_ = 0;
  volatile uint64_t sink_ = 0;  // Keeps results that nothing else uses.
};

// Digits make a load, anything else names a file.
std::vector<std::string> Bodies(const std::string& source) {
  std::vector<std::string> bodies;
  if (source.find_first_not_of("0123456789") != std::string::npos) {
    auto read = ReadBodies(source.c_str());
    if (!read) OrDie(InvalidArgument("{} is not a whole file of request bodies", source));
    return *std::move(read);
  }
  SpanLoad load({.spans = std::stoull(source), .base_unix_s = kBaseUnixSeconds});
  for (std::string body = load.NextRequest(); !body.empty(); body = load.NextRequest()) {
    bodies.push_back(std::move(body));
  }
  return bodies;
}

void Print(const Costs& costs, double spans, double bytes) {
  double request = 0;
  double flush = 0;
  for (size_t i = 0; i < kStages; ++i) {
    const double us = costs[i] / spans;
    if (i < kPreparer) request += us;
    if (i > kPreparer) flush += us;
    if (i == kPreparer) fmt::print("{:<42}{:>8.2f}\n", "  request to record, in sum", request);
    fmt::print("{:<42}{:>8.2f}\n", kStageNames[i], us);
  }
  fmt::print("{:<42}{:>8.2f}\n", "  record to blocks, in sum", flush);
  fmt::print("{:<42}{:>8.2f}\n\nus a span of {:.0f} bytes\n", "all", request + flush,
             bytes / spans);
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  const std::string source = argc > 1 ? argv[1] : "131072";
  const int passes = argc > 2 ? std::atoi(argv[2]) : 5;
  std::vector<std::string> bodies = pitot::Bodies(source);
  double bytes = 0;
  for (const std::string& body : bodies) bytes += static_cast<double>(body.size());
  pitot::Bench bench(std::move(bodies));
  pitot::Costs best;
  best.fill(std::numeric_limits<double>::max());
  for (int pass = 0; pass < passes; ++pass) {
    const pitot::Costs costs = bench.Pass();
    for (size_t i = 0; i < costs.size(); ++i) best[i] = std::min(best[i], costs[i]);
  }
  pitot::Print(best, static_cast<double>(bench.spans()), bytes);
}
