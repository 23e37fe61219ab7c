#include "tests/bench/ingest/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace pitot {
namespace {

std::ifstream OpenProc(int pid, const char* file) {
  return std::ifstream("/proc/" + std::to_string(pid) + "/" + file);
}

}  // namespace

double CpuSecondsOf(int pid) {
  std::ifstream file = OpenProc(pid, "stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The second field is the program's name in brackets, which may hold anything; state and ten
  // numbers stand between it and the two times.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  return static_cast<double>(user_ticks + system_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

uint64_t PeakMemoryOf(int pid) {
  std::ifstream file = OpenProc(pid, "status");
  constexpr std::string_view kKey = "VmHWM:";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kKey)) return std::stoull(line.substr(kKey.size())) * 1024;
  }
  return 0;
}

}  // namespace pitot
