// store/engine/chdb_connection.h
//
// One connection to the embedded store. One statement at a time; any thread, one after the other.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string_view>
#include <vector>

#include "store/engine.h"
#include "store/engine/chdb_library.h"
#include "store/engine/engine_error.h"

namespace pitot {

class ChdbSession {
 public:
  // Owns `handle`; borrows the library.
  ChdbSession(const ChdbLibrary& library, ChdbConnection** handle)
      : library_(library), handle_(handle) {}
  ~ChdbSession() { library_.close(handle_); }
  ChdbSession(const ChdbSession&) = delete;
  ChdbSession& operator=(const ChdbSession&) = delete;

  absl::StatusOr<QueryResult> Run(EngineVerb verb, std::string_view sql, std::string_view format,
                                  const std::vector<SqlParam>& params);

  // As Engine::Stream, for formats that are the same written block by block.
  absl::Status Stream(std::string_view sql, std::string_view format,
                      const std::vector<SqlParam>& params, const ResultSink& sink);

  absl::Status Insert(std::string_view sql, std::string_view block);

  // After a failed statement the library keeps what that statement had already written and gives it
  // to the next one as its own. False when the connection does not come clean.
  bool Drain();

 private:
  absl::StatusOr<QueryResult> Take(EngineVerb verb, ChdbResult* result);
  absl::Status FetchAll(ChdbResult* stream, const ResultSink& sink);
  absl::Status StreamError(ChdbInsertStream* stream);

  const ChdbLibrary& library_;
  ChdbConnection** const handle_;
};

}  // namespace pitot
