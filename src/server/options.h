// server/options.h
//
// What the configuration file, the environment and the defaults add up to. Read and validated once,
// by server/config.h; immutable afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "alert/options.h"
#include "base/limits.h"
#include "gateway/budget/budgets.h"
#include "gateway/keys/key_ring.h"
#include "gateway/options.h"

namespace pitot {

struct RedactionRuleOption {
  std::string name;
  std::string pattern;  // RE2.
};

struct ServerOptions {
  // listen
  std::string http_address = "127.0.0.1:4318";
  std::string grpc_address = "127.0.0.1:4317";
  std::vector<std::string> cors_origins;

  std::string data_dir = "./pitot-data";
  std::string config_file;  // Its path; empty: none.

  // store
  std::string store_mode = "embedded";
  std::string engine_path;
  std::vector<std::string> store_urls;
  std::string store_database = "pitot";
  std::string store_user;
  std::string store_password_env;
  int64_t store_memory_bytes = 0;

  // spool
  int64_t spool_max_bytes = 8LL << 30;
  int64_t spool_segment_bytes = 64 << 20;
  int64_t spool_disk_free_bytes = 256 << 20;

  // ingest
  int64_t ingest_workers = 0;
  int64_t ingest_batch_delay_ns = 500'000'000;
  int64_t ingest_batch_rows = 32'768;
  int64_t ingest_batch_bytes = 24 << 20;
  int64_t ingest_open_timeout_ns = 900LL * 1'000'000'000;

  Limits limits;

  // retention
  int64_t retention_days = 30;
  int64_t retention_import_days = 0;

  // redaction
  bool redact_secrets = true;
  std::vector<std::string> redact_personal;
  std::vector<RedactionRuleOption> redact_rules;

  // gateway
  GatewayOptions gateway;
  std::vector<BudgetSpec> budgets;
  RedisOptions budget_redis;

  // alerts, slos
  AlertOptions alerts;

  // auth
  std::string auth_mode = "auto";
  std::vector<ConfigKey> keys;

  std::string prices_file;
};

}  // namespace pitot
