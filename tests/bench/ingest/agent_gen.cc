// Writes conversations that resend their history (agent_load.h) into a file of bodies (body_file.h)
// and prints how many spans they are.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "tests/bench/ingest/agent_load.h"
#include "tests/bench/ingest/body_file.h"

namespace {

int Fail(const char* path) {
  std::perror(path);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 6) {
    std::fprintf(stderr,
                 "usage: agent_gen OUT CONVERSATIONS TURNS SEED [BASE_UNIX_S]\n"
                 "BASE_UNIX_S: start of the first span (default: two hours ago).\n");
    return 2;
  }
  pitot::AgentLoadOptions options;
  options.conversations = std::strtoull(argv[2], nullptr, 10);
  options.turns = std::strtoull(argv[3], nullptr, 10);
  options.seed = std::strtoull(argv[4], nullptr, 10);
  options.base_unix_s = argc > 5 ? std::strtoull(argv[5], nullptr, 10)
                                 : static_cast<uint64_t>(std::time(nullptr)) - 7200;
  if (options.conversations == 0 || options.turns == 0) {
    std::fprintf(stderr, "agent_gen: CONVERSATIONS and TURNS must be above 0\n");
    return 2;
  }
  const pitot::FileHandle file(std::fopen(argv[1], "wb"));
  if (file == nullptr) return Fail(argv[1]);
  pitot::AgentLoad load(options);
  for (std::string body = load.NextRequest(); !body.empty(); body = load.NextRequest()) {
    if (!pitot::WriteBody(file.get(), body)) return Fail(argv[1]);
  }
  if (std::fflush(file.get()) != 0) return Fail(argv[1]);
  std::printf("%llu\n", static_cast<unsigned long long>(load.spans()));
}
