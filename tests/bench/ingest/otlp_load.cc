// Posts OTLP trace requests to an OTLP/HTTP endpoint, as fast as the answers come or at a given rate,
// and prints what it saw, as JSON with --json.
//
//   otlp_load SOURCE HOST PORT PATH CONNECTIONS SPANS_PER_REQUEST [PID] [OPTIONS]
//     SOURCE             a file of bodies (body_file.h), or "live": --rate times --seconds spans of
//                        span_load.h, made as they are sent, with the times at which they are sent
//     PID                the server: its CPU time and peak memory are reported
//     --rate=SPANS       a second, over all connections (default: as fast as it goes)
//     --seconds=N        stop after that long, else when the file ends
//     --header=TEXT      "Name: value", sent with each request
//     --json
//
// At a given rate a request's time counts from when it was due, so that a server which falls behind
// cannot hide it by answering late.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/ingest/body_source.h"
#include "tests/bench/ingest/post_connection.h"
#include "tests/bench/ingest/process_usage.h"

namespace pitot {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Options {
  const char* source = nullptr;
  PostTarget target;
  int connections = 1;
  uint64_t spans_per_request = 0;
  int pid = 0;
  double spans_per_s = 0;  // 0: as fast as it goes.
  double seconds = 0;      // 0: until the file ends.
  bool json = false;
};

struct Result {
  uint64_t ok = 0;
  uint64_t bad = 0;
  uint64_t ok_bytes = 0;
  std::vector<double> latencies_s;
  std::string first_bad;

  void Add(const Result& other) {
    ok += other.ok;
    bad += other.bad;
    ok_bytes += other.ok_bytes;
    latencies_s.insert(latencies_s.end(), other.latencies_s.begin(), other.latencies_s.end());
    if (first_bad.empty()) first_bad = other.first_bad;
  }
};

class Load {
 public:
  Load(const Options& options, BodySource& bodies) : options_(options), bodies_(bodies) {}

  Result Run() {
    start_ = Clock::now();
    std::vector<std::jthread> threads;
    for (int i = 0; i < options_.connections; ++i) {
      threads.emplace_back([this] { RunConnection(); });
    }
    threads.clear();
    return std::move(sum_);
  }

 private:
  // When request `index` is to be sent.
  Clock::time_point DueAt(uint64_t index) const {
    if (options_.spans_per_s <= 0) return Clock::now();
    const double after =
        static_cast<double>(index * options_.spans_per_request) / options_.spans_per_s;
    return start_ + std::chrono::duration_cast<Clock::duration>(Seconds(after));
  }

  void RunConnection() {
    PostConnection connection(options_.target);
    Result mine;
    std::string answer;
    while (const std::optional<BodySource::Body> body = bodies_.Next()) {
      const Clock::time_point due = DueAt(body->index);
      if (options_.seconds > 0 && due - start_ >= Seconds(options_.seconds)) break;
      std::this_thread::sleep_until(due);
      const int status = connection.Post(body->bytes, answer);
      mine.latencies_s.push_back(Seconds(Clock::now() - due).count());
      if (status >= 200 && status < 300) {
        ++mine.ok;
        mine.ok_bytes += body->bytes.size();
      } else {
        ++mine.bad;
        if (mine.first_bad.empty()) mine.first_bad = answer.substr(0, 400);
      }
    }
    const std::lock_guard lock(mutex_);
    sum_.Add(mine);
  }

  const Options& options_;
  BodySource& bodies_;
  Clock::time_point start_;
  std::mutex mutex_;
  Result sum_;  // Guarded by mutex_.
};

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(rank, sorted.size() - 1)];
}

void Print(const Options& options, Result result, double wall_s, double cpu_s) {
  std::sort(result.latencies_s.begin(), result.latencies_s.end());
  const auto spans = static_cast<double>(result.ok * options.spans_per_request);
  const double cpu_us = spans > 0 ? cpu_s / spans * 1e6 : 0;
  const double peak_mb = static_cast<double>(PeakMemoryOf(options.pid)) / 1e6;
  const double mb_per_s = static_cast<double>(result.ok_bytes) / wall_s / 1e6;
  const double p50_ms = Percentile(result.latencies_s, 0.5) * 1e3;
  const double p99_ms = Percentile(result.latencies_s, 0.99) * 1e3;
  const double max_ms = Percentile(result.latencies_s, 1) * 1e3;
  if (options.json) {
    std::printf(
        "{\"ok\":%llu,\"bad\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"spans_per_s\":%.0f,"
        "\"mb_per_s\":%.1f,\"server_cpu_us_per_span\":%.2f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
        "\"max_ms\":%.2f,\"server_peak_mb\":%.0f}\n",
        static_cast<unsigned long long>(result.ok), static_cast<unsigned long long>(result.bad),
        static_cast<unsigned long long>(result.ok_bytes), wall_s, spans / wall_s, mb_per_s, cpu_us,
        p50_ms, p99_ms, max_ms, peak_mb);
  } else {
    std::printf(
        "%llu requests acknowledged, %llu not, in %.2f s\n"
        "%.0f spans/s, %.1f MB/s\n"
        "request p50 %.2f ms, p99 %.2f ms, max %.2f ms\n"
        "server: %.2f us CPU a span so far, peak memory %.0f MB\n",
        static_cast<unsigned long long>(result.ok), static_cast<unsigned long long>(result.bad),
        wall_s, spans / wall_s, mb_per_s, p50_ms, p99_ms, max_ms, cpu_us, peak_mb);
  }
  if (!result.first_bad.empty()) {
    std::fprintf(stderr, "first request that failed: %s\n", result.first_bad.c_str());
  }
}

// The text after "--name=", or null.
const char* ValueOf(const char* argument, const char* name) {
  const size_t length = std::strlen(name);
  return std::strncmp(argument, name, length) == 0 ? argument + length : nullptr;
}

bool ReadArguments(int argc, char** argv, Options& options) {
  std::vector<const char*> plain;
  for (int i = 1; i < argc; ++i) {
    if (const char* rate = ValueOf(argv[i], "--rate=")) {
      options.spans_per_s = std::strtod(rate, nullptr);
    } else if (const char* seconds = ValueOf(argv[i], "--seconds=")) {
      options.seconds = std::strtod(seconds, nullptr);
    } else if (const char* header = ValueOf(argv[i], "--header=")) {
      options.target.extra_header = header;
    } else if (std::strcmp(argv[i], "--json") == 0) {
      options.json = true;
    } else if (std::strncmp(argv[i], "--", 2) == 0) {
      return false;
    } else {
      plain.push_back(argv[i]);
    }
  }
  if (plain.size() < 6 || plain.size() > 7) return false;
  options.source = plain[0];
  options.target.host = plain[1];
  options.target.port = static_cast<uint16_t>(std::atoi(plain[2]));
  options.target.path = plain[3];
  options.connections = std::atoi(plain[4]);
  options.spans_per_request = std::strtoull(plain[5], nullptr, 10);
  if (plain.size() > 6) options.pid = std::atoi(plain[6]);
  if (std::strcmp(options.source, "live") == 0 &&
      (options.spans_per_s <= 0 || options.seconds <= 0)) {
    return false;
  }
  return options.connections > 0 && options.spans_per_request > 0;
}

std::unique_ptr<BodySource> OpenSource(const Options& options) {
  if (std::strcmp(options.source, "live") != 0) return BodySource::OfFile(options.source);
  SpanLoadOptions load;
  load.spans = static_cast<uint64_t>(options.spans_per_s * options.seconds);
  load.spans_per_request = options.spans_per_request;
  load.base_unix_s = static_cast<uint64_t>(std::time(nullptr));
  load.spread_s = options.seconds;
  return BodySource::OfLoad(load);
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  pitot::Options options;
  if (!pitot::ReadArguments(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: otlp_load SOURCE HOST PORT PATH CONNECTIONS SPANS_PER_REQUEST [PID] "
                 "[--rate=SPANS] [--seconds=N] [--header=\"Name: value\"] [--json]\n");
    return 2;
  }
  const auto bodies = pitot::OpenSource(options);
  if (bodies == nullptr) {
    std::fprintf(stderr, "otlp_load: %s is not a whole file of request bodies\n", options.source);
    return 1;
  }
  const double cpu_before = pitot::CpuSecondsOf(options.pid);
  const auto start = pitot::Clock::now();
  pitot::Result result = pitot::Load(options, *bodies).Run();
  const double wall_s = pitot::Seconds(pitot::Clock::now() - start).count();
  const double cpu_s = pitot::CpuSecondsOf(options.pid) - cpu_before;
  const bool all_ok = result.bad == 0;
  pitot::Print(options, std::move(result), wall_s, cpu_s);
  return all_ok ? 0 : 1;
}
