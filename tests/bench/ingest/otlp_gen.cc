// Writes the load of the ingest benchmarks (span_load.h) into a file of bodies (body_file.h).
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/bench/ingest/body_file.h"
#include "tests/bench/ingest/span_load.h"

namespace {

int Fail(const char* path) {
  std::perror(path);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 7) {
    std::fprintf(stderr,
                 "usage: otlp_gen OUT SPANS SPANS_PER_REQUEST SEED [BASE_UNIX_S] [SPREAD_S]\n"
                 "BASE_UNIX_S: start of the first span (default: an hour ago).\n"
                 "SPREAD_S: over how long the spans start (default: 3000).\n");
    return 2;
  }
  pitot::SpanLoadOptions options;
  options.spans = std::strtoull(argv[2], nullptr, 10);
  options.spans_per_request = std::strtoull(argv[3], nullptr, 10);
  options.seed = std::strtoull(argv[4], nullptr, 10);
  options.base_unix_s = argc > 5 ? std::strtoull(argv[5], nullptr, 10)
                                 : static_cast<uint64_t>(std::time(nullptr)) - 3600;
  if (argc > 6) options.spread_s = std::strtod(argv[6], nullptr);
  if (options.spans == 0 || options.spans_per_request == 0) {
    std::fprintf(stderr, "otlp_gen: SPANS and SPANS_PER_REQUEST must be above 0\n");
    return 2;
  }

  const pitot::FileHandle file(std::fopen(argv[1], "wb"));
  if (file == nullptr) return Fail(argv[1]);
  pitot::SpanLoad load(options);
  for (std::string body = load.NextRequest(); !body.empty(); body = load.NextRequest()) {
    if (!pitot::WriteBody(file.get(), body)) return Fail(argv[1]);
  }
  if (std::fflush(file.get()) != 0) return Fail(argv[1]);
}
