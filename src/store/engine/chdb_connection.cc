#include "store/engine/chdb_connection.h"

#include <string>

#include "base/status.h"
#include "store/engine/statement.h"

namespace pitot {
namespace {

// Parameters as the library takes them. Borrows `params`.
struct BoundParams {
  BoundParams(std::string_view sql, const std::vector<SqlParam>& params) {
    texts.reserve(params.size());
    for (const SqlParam& param : params) {
      texts.push_back(ParamText(sql, param));
      names.push_back(param.name.data());
      name_bytes.push_back(param.name.size());
      values.push_back(texts.back().data());
      value_bytes.push_back(texts.back().size());
    }
  }

  std::vector<std::string> texts;
  std::vector<const char*> names, values;
  std::vector<size_t> name_bytes, value_bytes;
};

}  // namespace

absl::StatusOr<QueryResult> ChdbSession::Run(EngineVerb verb, std::string_view sql,
                                             std::string_view format,
                                             const std::vector<SqlParam>& params) {
  const BoundParams bound(sql, params);
  return Take(verb, library_.query_with_params(*handle_, sql.data(), sql.size(), format.data(),
                                               format.size(), bound.names.data(),
                                               bound.name_bytes.data(), bound.values.data(),
                                               bound.value_bytes.data(), params.size()));
}

absl::Status ChdbSession::Stream(std::string_view sql, std::string_view format,
                                 const std::vector<SqlParam>& params, const ResultSink& sink) {
  const BoundParams bound(sql, params);
  ChdbResult* stream = library_.stream(
      *handle_, sql.data(), sql.size(), format.data(), format.size(), bound.names.data(),
      bound.name_bytes.data(), bound.values.data(), bound.value_bytes.data(), params.size());
  if (stream == nullptr) return Internal("the engine gave no result");
  const char* error = library_.result_error(stream);
  absl::Status status;
  if (error != nullptr && *error != '\0') {
    status = EngineError(EngineVerb::kQuery, EngineErrorCode(error), error);
  } else {
    status = FetchAll(stream, sink);
    if (!status.ok()) library_.stream_cancel(*handle_, stream);
  }
  library_.destroy_result(stream);
  return status;
}

absl::Status ChdbSession::FetchAll(ChdbResult* stream, const ResultSink& sink) {
  for (;;) {
    ASSIGN_OR_RETURN(const QueryResult piece,
                     Take(EngineVerb::kQuery, library_.stream_fetch(*handle_, stream)));
    if (piece.body.empty()) return absl::OkStatus();
    if (!sink(piece.body)) return NobodyWaits();
  }
}

absl::Status ChdbSession::Insert(std::string_view sql, std::string_view block) {
  constexpr std::string_view kFormat = "Native";
  ChdbInsertStream* stream =
      library_.insert(*handle_, sql.data(), sql.size(), kFormat.data(), kFormat.size());
  if (stream == nullptr) return Internal("the engine took no insert");
  absl::Status status = StreamError(stream);
  if (status.ok()) {
    // A refused append is explained by the stream or by the result.
    library_.insert_append(stream, block.data(), block.size());
    status = StreamError(stream);
    const absl::Status done = Take(EngineVerb::kInsert, library_.insert_done(stream)).status();
    if (status.ok()) status = done;
  }
  library_.destroy_insert(stream);
  return status;
}

bool ChdbSession::Drain() {
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto result = Run(EngineVerb::kQuery, "SELECT 'clean'", "TSV", {});
    if (result.ok() && result->body == "clean\n") return true;
  }
  return false;
}

absl::StatusOr<QueryResult> ChdbSession::Take(EngineVerb verb, ChdbResult* result) {
  if (result == nullptr) return Internal("the engine gave no result");
  const char* error = library_.result_error(result);
  if (error != nullptr && *error != '\0') {
    const absl::Status status = EngineError(verb, EngineErrorCode(error), error);
    library_.destroy_result(result);
    return status;
  }
  QueryResult out;
  if (const size_t bytes = library_.result_bytes(result); bytes != 0) {
    out.body.assign(library_.result_buffer(result), bytes);
  }
  out.rows_read = library_.result_rows_read(result);
  out.elapsed_s = library_.result_elapsed(result);
  library_.destroy_result(result);
  return out;
}

absl::Status ChdbSession::StreamError(ChdbInsertStream* stream) {
  const char* error = library_.insert_error(stream);
  if (error == nullptr || *error == '\0') return absl::OkStatus();
  return EngineError(EngineVerb::kInsert, EngineErrorCode(error), error);
}

}  // namespace pitot
