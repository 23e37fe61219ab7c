// store/tables/logs_table.h
//
// Writes rows of `logs`: log records as received (schema/005_telemetry.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/raw.h"
#include "store/tables/table_block.h"

namespace pitot {

struct LogRow {
  std::string_view project;
  uint16_t keep_days = 0;
  uint64_t recv_ns = 0;
  const RawLog& log;
  const RawResource& resource;
  const RawScope& scope;
};

class LogsBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "logs";

  LogsBlock();
  ~LogsBlock();

  // A record without a time of its own gets the time it was observed, else that of receipt. A body
  // that is not a string is stored as JSON. Severities outside 0..255 become 0, "unspecified".
  void Append(const LogRow& row);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
