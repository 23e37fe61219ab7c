// A real ClickHouse server for tests, made from libchdb:
//
//   clickhouse_server LIBCHDB HTTP_PORT DATA_PATH
//
// answers on 127.0.0.1:HTTP_PORT until it is killed, and dies with its parent. Its only user is
// "default", without a password.
#include <dlfcn.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr char kConfig[] =
    "<clickhouse><listen_host>127.0.0.1</listen_host><logger><level>none</level></logger>"
    "</clickhouse>\n";

// Serves for as long as its statement runs: a row every three seconds, for centuries.
constexpr char kServe[] =
    "SYSTEM START LISTEN HTTP; "
    "SELECT sleepEachRow(3) FROM numbers(10000000000) "
    "FORMAT Null SETTINGS max_block_size = 1, max_execution_time = 0";

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s LIBCHDB HTTP_PORT DATA_PATH\n", argv[0]);
    return 2;
  }
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return 1;  // It died before the line above.

  const std::string data_path = std::filesystem::absolute(argv[3]);
  std::filesystem::create_directories(data_path);
  const std::string config_path = data_path + "/test_config.xml";
  std::ofstream(config_path) << kConfig;

  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  const auto run = reinterpret_cast<void* (*)(int, char**)>(dlsym(library, "chdb_query_cmdline"));
  const auto error = reinterpret_cast<const char* (*)(void*)>(dlsym(library, "chdb_result_error"));
  if (run == nullptr || error == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  std::vector<std::string> arguments = {"clickhouse",
                                        "--config-file=" + config_path,
                                        std::string("--http_port=") + argv[2],
                                        "--path=" + data_path,
                                        "--query",
                                        kServe};
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  void* result = run(static_cast<int>(pointers.size()), pointers.data());
  const char* message = result == nullptr ? "no result" : error(result);
  std::fprintf(stderr, "the server ended: %s\n", message == nullptr ? "" : message);
  return 1;
}
