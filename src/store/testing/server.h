// store/testing/server.h
//
// Real stores for tests: a ClickHouse server in a child process, and where to find libchdb.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace pitot {

// libchdb.so: $PITOT_ENGINE_PATH, else in $PITOT_BUILD_DIR, else in the folder above the test's.
std::string TestEnginePath();

// True where libchdb cannot be loaded into the test itself: it is not instrumented.
bool IsSanitizedBuild();

// A folder that is removed with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A ClickHouse server on a free loopback port; killed with the object. Not thread-safe.
// Failures to start end the test program with a message: nothing can be tested then.
class TestServer {
 public:
  explicit TestServer(std::string data_path) : data_path_(std::move(data_path)) {}
  ~TestServer() { Kill(); }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Returns when it answers. After Kill it starts anew on the same data and port.
  void Start();
  // SIGKILL, as a crash would be.
  void Kill();

  std::string url() const;  // "http://127.0.0.1:PORT"
  uint16_t port() const { return port_; }

 private:
  const std::string data_path_;
  pid_t pid_ = 0;
  uint16_t port_ = 0;
};

// A port on which nothing listens now.
uint16_t FreePort();

}  // namespace pitot
