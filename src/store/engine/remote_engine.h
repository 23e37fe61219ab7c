// store/engine/remote_engine.h
//
// A ClickHouse server, or the replicas of one, over the HTTP interface.
//
// Several URLs are several doors to the same data (replicas, or Distributed tables over one
// cluster): a statement goes to the one that answered last; where nothing answers, to the next. A
// statement that was sent may have been done although its reply was lost; retries are the caller's.
// Source: clickhouse.com/docs/interfaces/http.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/engine.h"

namespace pitot {

// The oldest server we run on: the tables use what came with it, and what the embedded engine is.
inline constexpr int kServerVersionMin[2] = {26, 7};

struct RemoteOptions {
  std::vector<std::string> urls;  // "http://ch1:8123", "https://ch2:8443".
  std::string database = "pitot";
  std::string user = "default";
  std::string password;
  std::string ca_file;  // PEM, for https; empty: the system's certificates.

  // Per host: a host that is gone must leave time to ask the next one.
  std::chrono::milliseconds connect_timeout{2'000};
  // A longer result is refused (kInvalidArgument): it would be held in memory whole.
  int64_t result_bytes_max = 1LL << 30;
};

class RemoteEngine : public Engine {
 public:
  // Checks the options; does not connect.
  static absl::StatusOr<std::unique_ptr<RemoteEngine>> Create(const RemoteOptions& options);

  // Connects, checks the server's version, and makes the database when absent.
  // kFailedPrecondition: the server is too old, or no ClickHouse.
  virtual absl::Status Prepare(std::chrono::milliseconds deadline) = 0;
};

}  // namespace pitot
