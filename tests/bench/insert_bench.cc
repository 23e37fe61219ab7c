// What it costs to write spans into the store, by table: microseconds of CPU a span to build the
// blocks and to insert them, CPU of the merges that follow, and bytes on disk after them by column.
//
//   insert_bench DIR [SPANS] [BLOCK_ROWS] [live]
//
// DIR is emptied by nobody: give a new one. Merges are stopped while inserting, so that the two are
// told apart; with "live" they run as they would in a server, and their CPU is reported as a sum.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "store/day.h"
#include "store/engine/embedded_engine.h"
#include "store/migrate.h"
#include "store/schema.h"
#include "store/tables/facts_table.h"
#include "store/tables/payloads_table.h"
#include "store/tables/spans_table.h"
#include "store/tables/traces_table.h"
#include "tests/bench/synthetic_spans.h"

namespace pitot {
namespace {

constexpr std::string_view kProject = "default";
constexpr uint16_t kKeepDays = 30;
constexpr std::string_view kTables[] = {"spans", "payloads", "facts", "traces"};
constexpr std::chrono::milliseconds kDeadline{600'000};

double ThreadCpuUs() {
  timespec ts;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

double ProcessCpuUs() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

struct TableCost {
  double build_us = 0;
  double insert_us = 0;
  double merge_us = 0;
  size_t rows = 0;
  size_t native_bytes = 0;
};

[[noreturn]] void Die(const absl::Status& status) {
  fmt::print(stderr, "insert_bench: {}\n", status.ToString());
  std::exit(1);
}

class Bench {
 public:
  explicit Bench(Engine& engine) : engine_(engine) {}

  void Run(size_t spans, size_t block_rows, bool live) {
    if (!live) {
      for (std::string_view table : kTables) Execute(fmt::format("SYSTEM STOP MERGES {}", table));
    }
    const double from = ProcessCpuUs();
    const double generated = Insert(spans, block_rows);
    if (live) {
      const double inserted = ProcessCpuUs();
      WaitForMerges();
      fmt::print(
          "with merges as they come: {:.2f} us a span in all, {:.2f} of it after the last insert\n",
          (ProcessCpuUs() - from - generated) / static_cast<double>(spans),
          (ProcessCpuUs() - inserted) / static_cast<double>(spans));
    } else {
      MergeAll();
    }
    Print(static_cast<double>(spans));
  }

 private:
  void Execute(const std::string& sql) {
    if (const absl::Status status = engine_.Execute(sql, kDeadline); !status.ok()) Die(status);
  }

  std::string Tsv(std::string_view sql) {
    QueryOptions options;
    options.format = "TSV";
    auto result = engine_.Query(sql, options);
    if (!result.ok()) Die(result.status());
    return result->body;
  }

  // Returns the CPU that making the spans took.
  double Insert(size_t spans, size_t block_rows) {
    constexpr int64_t kBaseNs = 1'763'600'000LL * kNanosPerSecond;  // Early on 2025-11-20.
    SyntheticSpans source(1, kBaseNs, 3000 * kNanosPerSecond / static_cast<int64_t>(spans));
    double generated = 0;
    for (size_t done = 0; done < spans; done += block_rows) {
      const double from = ThreadCpuUs();
      SyntheticBatch batch = source.Next(std::min(block_rows, spans - done));
      generated += ThreadCpuUs() - from;
      InsertBatch(std::move(batch), ++rev_);
    }
    return generated;
  }

  void MergeAll() {
    for (std::string_view table : kTables) {
      Execute(fmt::format("SYSTEM START MERGES {}", table));
      const double from = ProcessCpuUs();
      Execute(fmt::format("OPTIMIZE TABLE {} FINAL", table));
      costs_[std::string(table)].merge_us = ProcessCpuUs() - from;
    }
  }

  void WaitForMerges() {
    for (int idle_seconds = 0; idle_seconds < 5;) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      idle_seconds = Tsv("SELECT count() FROM system.merges") == "0\n" ? idle_seconds + 1 : 0;
    }
  }

  template <typename Fill>
  void Write(TableBlock& block, std::string_view table, Fill fill) {
    TableCost& cost = costs_[std::string(table)];
    const double from = ThreadCpuUs();
    block.Clear();
    fill();
    const std::string_view bytes = block.Finish();
    cost.build_us += ThreadCpuUs() - from;
    cost.rows += block.rows();
    cost.native_bytes += bytes.size();
    const double before = ProcessCpuUs();
    const absl::Status status = engine_.Insert(table, bytes, kDeadline);
    cost.insert_us += ProcessCpuUs() - before;
    if (!status.ok()) Die(status);
  }

  void InsertBatch(SyntheticBatch batch, uint64_t rev) {
    const uint64_t recv_ns = static_cast<uint64_t>(batch.spans.back().end_ns);
    Write(spans_, SpansBlock::kTable, [&] {
      std::vector<const Span*> order;
      for (const Span& span : batch.spans) order.push_back(&span);
      std::ranges::sort(order, [](const Span* a, const Span* b) {
        return std::tie(a->trace_id, a->span_id) < std::tie(b->trace_id, b->span_id);
      });
      for (const Span* span : order) spans_.Append({kProject, kKeepDays, recv_ns, *span});
    });
    Write(payloads_, PayloadsBlock::kTable, [&] {
      std::ranges::sort(batch.payloads, {}, &SyntheticPayload::hash);
      for (const SyntheticPayload& payload : batch.payloads) {
        payloads_.Append(
            {kProject, kKeepDays, DayOf(payload.span_start_ns), payload.hash, payload.content});
      }
    });
    std::vector<FactRow> facts;
    for (const Span& span : batch.spans) facts.push_back(SyntheticFact(span, rev));
    Write(facts_, FactsBlock::kTable, [&] {
      std::ranges::sort(facts, [](const FactRow& a, const FactRow& b) {
        return std::tuple(a.is_call, a.end_ns / kNanosPerMinute, a.trace_id, a.span_id) <
               std::tuple(b.is_call, b.end_ns / kNanosPerMinute, b.trace_id, b.span_id);
      });
      for (const FactRow& row : facts) facts_.Append(kProject, kKeepDays, row);
    });
    const std::vector<TraceRow> traces = SyntheticTraces(batch.spans, rev);
    Write(traces_, TracesBlock::kTable, [&] {
      for (const TraceRow& row : traces) traces_.Append(kProject, kKeepDays, row);
    });
  }

  void Print(double spans) {
    fmt::print("{:<10}{:>9}{:>12}{:>12}{:>12}{:>14}\n", "table", "rows", "build us", "insert us",
               "merge us", "Native B/span");
    TableCost sum;
    for (std::string_view table : kTables) {
      const TableCost& cost = costs_[std::string(table)];
      fmt::print("{:<10}{:>9}{:>12.2f}{:>12.2f}{:>12.2f}{:>14.1f}\n", table, cost.rows,
                 cost.build_us / spans, cost.insert_us / spans, cost.merge_us / spans,
                 static_cast<double>(cost.native_bytes) / spans);
      sum.build_us += cost.build_us;
      sum.insert_us += cost.insert_us;
      sum.merge_us += cost.merge_us;
    }
    fmt::print("{:<10}{:>9}{:>12.2f}{:>12.2f}{:>12.2f}   (us a span; one full merge)\n", "sum", "",
               sum.build_us / spans, sum.insert_us / spans, sum.merge_us / spans);
    PrintDisk(spans);
  }

  void PrintDisk(double spans) {
    fmt::print(
        "\nbytes on disk a span, whole tables (parts, bytes a span, share of OTLP bytes)\n{}",
        Tsv(fmt::format("SELECT table, count(), round(sum(bytes_on_disk) / {0}, 1), "
                        "round(sum(bytes_on_disk) / {0} / {1}, 3) FROM system.parts WHERE "
                        "active AND database = currentDatabase() GROUP BY table WITH "
                        "ROLLUP ORDER BY table",
                        spans, kSyntheticOtlpBytes)));
    fmt::print("\nby column, the largest\n{}",
               Tsv(fmt::format("SELECT table, column, round(sum(column_data_compressed_bytes) / "
                               "{0}, 2) AS b FROM system.parts_columns WHERE active AND database "
                               "= currentDatabase() GROUP BY table, column ORDER BY b DESC "
                               "LIMIT 30",
                               spans)));
    fmt::print("\nindexes and others\n{}",
               Tsv(fmt::format("SELECT table, round(sum(secondary_indices_compressed_bytes) / "
                               "{0}, 2), round(sum(marks_bytes) / {0}, 2) FROM system.parts "
                               "WHERE active AND database = currentDatabase() GROUP BY table",
                               spans)));
  }

  Engine& engine_;
  std::map<std::string, TableCost> costs_;
  SpansBlock spans_;
  PayloadsBlock payloads_;
  FactsBlock facts_;
  TracesBlock traces_;
  uint64_t rev_ = 0;
};

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: insert_bench DIR [SPANS] [BLOCK_ROWS] [live]\n");
    return 2;
  }
  const size_t spans = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 500'000;
  const size_t block_rows = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 32'768;
  const bool live = argc > 4 && std::string_view(argv[4]) == "live";
  pitot::EmbeddedOptions options;
  options.data_path = argv[1];
  auto engine = pitot::OpenEmbeddedEngine(options);
  if (!engine.ok()) pitot::Die(engine.status());
  if (auto version = pitot::Migrate(**engine, pitot::SchemaFiles(), 0); !version.ok()) {
    pitot::Die(version.status());
  }
  pitot::Bench(**engine).Run(spans, block_rows, live);
}
