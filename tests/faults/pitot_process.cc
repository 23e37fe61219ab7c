#include "tests/faults/pitot_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "store/testing/server.h"

extern char** environ;

namespace pitot {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartDeadline{60};
constexpr std::chrono::seconds kStopDeadline{60};
constexpr int64_t kReplyBytesMax = 1LL << 30;
constexpr size_t kLogBytesShown = 8'000;

std::string Program() {
  if (const char* program = std::getenv("PITOT_PROGRAM")) return program;
  if (const char* folder = std::getenv("PITOT_BUILD_DIR")) return fmt::format("{}/pitot", folder);
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "pitot";
}

// "ingest.batch_delay" -> "PITOT_INGEST_BATCH_DELAY"
std::string VariableOf(std::string_view setting) {
  std::string name = "PITOT_";
  for (const char c : setting) {
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

HttpClient& Client() {
  static HttpClient client;
  return client;
}

bool Answers(const std::string& url) {
  const auto reply = Client().Call(
      {.url = url, .connect_timeout = std::chrono::seconds(1), .timeout = std::chrono::seconds(5)});
  return reply.ok() && reply->status == 200;
}

}  // namespace

PitotProcess::PitotProcess(std::string folder) : folder_(std::move(folder)), port_(FreePort()) {
  fs::create_directories(folder_);
  Set("data_dir", data_folder());
  Set("listen.http", fmt::format("127.0.0.1:{}", port_));
  Set("listen.grpc", "off");
  Set("store.engine_path", TestEnginePath());
  Set("spool.disk_free_bytes", "0");
}

void PitotProcess::Set(std::string_view setting, std::string value) {
  environment_[VariableOf(setting)] = std::move(value);
}

void PitotProcess::Unset(std::string_view setting) { environment_.erase(VariableOf(setting)); }

void PitotProcess::Start() {
  const std::string program = Program();
  ASSERT_TRUE(fs::exists(program)) << program << " is missing: build the target pitot";
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("PITOT_")) variables.emplace_back(*variable);
  }
  for (const auto& [name, value] : environment_) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  std::vector<char*> pointers;
  for (std::string& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  const std::string log = folder_ + "/log";

  pid_ = fork();
  ASSERT_GE(pid_, 0) << std::strerror(errno);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A write beyond a limit then fails as on a full disk.
    signal(SIGXFSZ, SIG_IGN);
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execle(program.c_str(), program.c_str(), "serve", nullptr, pointers.data());
    _exit(127);
  }
  const auto ready = [this] { return !Runs() || Answers(url("/healthz")); };
  ASSERT_TRUE(Poll(ready, kStartDeadline)) << "no answer after a minute\n" << Log();
  ASSERT_TRUE(Runs()) << program << " ended\n" << Log();
}

bool PitotProcess::Runs() {
  if (pid_ == 0) return false;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = 0;
  return false;
}

void PitotProcess::Kill() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool PitotProcess::Stop() {
  if (pid_ == 0) return true;
  kill(pid_, SIGTERM);
  int status = 0;
  const auto ended = [&] { return waitpid(pid_, &status, WNOHANG) == pid_; };
  if (!Poll(ended, kStopDeadline)) {
    Kill();
    return false;
  }
  pid_ = 0;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string PitotProcess::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

int64_t PitotProcess::PeakBytes() const {
  std::ifstream file(fmt::format("/proc/{}/status", pid_));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::atoll(line.c_str() + 6) * 1024;
  }
  return -1;
}

// Other descriptors come and go with the engine's threads and parts.
size_t PitotProcess::OpenSockets() const {
  size_t sockets = 0;
  std::error_code ignored;
  for (auto it = fs::directory_iterator(fmt::format("/proc/{}/fd", pid_), ignored);
       it != fs::directory_iterator(); it.increment(ignored)) {
    if (fs::read_symlink(it->path(), ignored).string().starts_with("socket:")) ++sockets;
  }
  return sockets;
}

void PitotProcess::LimitFileSize(int64_t bytes) {
  rlimit limit = {};
  ASSERT_EQ(prlimit(pid_, RLIMIT_FSIZE, nullptr, &limit), 0) << std::strerror(errno);
  limit.rlim_cur = bytes < 0 ? limit.rlim_max : static_cast<rlim_t>(bytes);
  ASSERT_EQ(prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr), 0) << std::strerror(errno);
}

std::string PitotProcess::Log() const {
  std::ostringstream text;
  text << std::ifstream(folder_ + "/log").rdbuf();
  std::string log = text.str();
  if (log.size() > kLogBytesShown) log = "..." + log.substr(log.size() - kLogBytesShown);
  return log;
}

std::string GetText(const PitotProcess& pitot, std::string_view path) {
  const auto reply = Client().Call({.url = pitot.url(path), .reply_bytes_max = kReplyBytesMax});
  EXPECT_TRUE(reply.ok()) << path << ": " << reply.status() << "\n" << pitot.Log();
  if (!reply.ok()) return "";
  EXPECT_EQ(reply->status, 200) << path << ": " << reply->body;
  return reply->body;
}

std::string SqlRows(const PitotProcess& pitot, std::string_view sql) {
  const auto reply = Client().Call({.method = "POST",
                                    .url = pitot.url("/api/v1/sql"),
                                    .headers = {{"Content-Type", "text/plain"}},
                                    .body = sql});
  EXPECT_TRUE(reply.ok()) << sql << ": " << reply.status() << "\n" << pitot.Log();
  if (!reply.ok()) return "";
  EXPECT_EQ(reply->status, 200) << sql << ": " << reply->body;
  constexpr std::string_view kRows = "\"rows\":[";
  const size_t begin = reply->body.find(kRows);
  const size_t end = reply->body.rfind("],\"rows_read\"");
  if (begin == std::string::npos || end == std::string::npos) return reply->body;
  std::string rows = reply->body.substr(begin + kRows.size(), end - begin - kRows.size());
  if (rows.starts_with('\n')) rows.erase(0, 1);
  return rows;
}

int64_t JsonNumber(std::string_view json, std::string_view key, std::string_view after) {
  size_t at = after.empty() ? 0 : json.find(after);
  if (at == std::string_view::npos) return -1;
  const std::string quoted = fmt::format("\"{}\":", key);
  at = json.find(quoted, at);
  if (at == std::string_view::npos) return -1;
  return std::atoll(std::string(json.substr(at + quoted.size(), 24)).c_str());
}

int64_t DropTotal(const PitotProcess& pitot, std::string_view name) {
  const std::string receipts = GetText(pitot, "/api/v1/receipts");
  const size_t totals = receipts.find("\"totals\":");
  const size_t end = receipts.find("\"spool\":", totals);
  if (totals == std::string::npos || end == std::string::npos) return -1;
  const std::string part = receipts.substr(totals, end - totals);
  return std::max<int64_t>(0, JsonNumber(part, "count", fmt::format("\"name\":\"{}\"", name)));
}

bool WaitForStore(const PitotProcess& pitot, std::chrono::seconds wait) {
  return Poll(
      [&] {
        const std::string receipts = GetText(pitot, "/api/v1/receipts");
        return JsonNumber(receipts, "done_seq") == JsonNumber(receipts, "durable_seq");
      },
      wait);
}

}  // namespace pitot
