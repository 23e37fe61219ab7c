#include "store/testing/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>

namespace pitot {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartDeadline{60};

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "cannot test against a store: %s\n", why.c_str());
  std::_Exit(1);
}

fs::path BuildFolder() {
  if (const char* folder = std::getenv("PITOT_BUILD_DIR")) return folder;
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Whether GET /ping is answered with 200.
bool Answers(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  bool answered = false;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    constexpr std::string_view kPing = "GET /ping HTTP/1.0\r\n\r\n";
    std::array<char, 64> reply = {};
    answered = send(fd, kPing.data(), kPing.size(), MSG_NOSIGNAL) > 0 &&
               recv(fd, reply.data(), reply.size() - 1, 0) > 0 &&
               std::strstr(reply.data(), " 200 ") != nullptr;
  }
  close(fd);
  return answered;
}

}  // namespace

std::string TestEnginePath() {
  if (const char* path = std::getenv("PITOT_ENGINE_PATH")) return path;
  const fs::path path = BuildFolder() / "libchdb.so";
  if (!fs::exists(path)) Die(path.string() + " is missing: run tools/install_engine");
  return path.string();
}

bool IsSanitizedBuild() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}

TempFolder::TempFolder() {
  std::string path = (fs::temp_directory_path() / "pitot_store_XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) Die(path + ": " + std::strerror(errno));
  path_ = path;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t bytes = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), bytes) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    Die(std::string("no free port: ") + std::strerror(errno));
  }
  close(fd);
  return ntohs(address.sin_port);
}

void TestServer::Start() {
  if (port_ == 0) port_ = FreePort();
  const std::string program = (BuildFolder() / "tests" / "clickhouse_server").string();
  const std::string library = TestEnginePath();
  const std::string port = std::to_string(port_);
  if (!fs::exists(program)) Die(program + " is missing: build the target clickhouse_server");
  pid_ = fork();
  if (pid_ < 0) Die(std::string("fork: ") + std::strerror(errno));
  if (pid_ == 0) {
    execl(program.c_str(), program.c_str(), library.c_str(), port.c_str(), data_path_.c_str(),
          nullptr);
    _exit(127);
  }
  const auto until = std::chrono::steady_clock::now() + kStartDeadline;
  while (!Answers(port_)) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) Die(program + " ended; its words are above");
    if (std::chrono::steady_clock::now() > until) Die(program + " did not answer in a minute");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // Between two polls.
  }
}

void TestServer::Kill() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::string TestServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

}  // namespace pitot
