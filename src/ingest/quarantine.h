// ingest/quarantine.h
//
// Where records go that the store refuses for good, so that they neither block what follows nor
// vanish: one JSON file each under DATA/quarantine, with the error and what it was. Bounded: beyond
// files_max only the counter and the log line remain.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "ingest/receipts.h"

namespace pitot {

class Quarantine {
 public:
  Quarantine(std::string folder, Receipts& receipts, size_t files_max = 10'000)
      : folder_(std::move(folder)), receipts_(receipts), files_max_(files_max) {}

  // `what`: "spans row", "spool record 17". `name` becomes part of the file's name.
  // `bytes` are kept as hex: they may be anything.
  void Put(std::string_view what, std::string_view name, const absl::Status& error,
           std::string_view bytes);

 private:
  const std::string folder_;
  Receipts& receipts_;
  const size_t files_max_;
  size_t files_ = 0;
};

}  // namespace pitot
