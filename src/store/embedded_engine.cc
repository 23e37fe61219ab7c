#include "store/embedded_engine.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "store/chdb_library.h"
#include "store/engine_error.h"
#include "store/statement.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kHoldDeadline(2'000);

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int64_t MemoryLimit(int64_t wanted) {
  if (wanted > 0) return wanted;
  const int64_t machine = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  return std::min<int64_t>(machine / 2, 4LL << 30);
}

std::vector<std::string> Arguments(const EmbeddedOptions& options, const std::string& data_path) {
  std::vector<std::string> arguments = {
      "clickhouse",
      fmt::format("--path={}", data_path),
      fmt::format("--max_server_memory_usage={}", MemoryLimit(options.memory_bytes)),
      fmt::format("--background_pool_size={}", options.merge_threads),
      // Where standard error is a terminal the library logs to it: of every statement, that its
      // thread is not as expected, which is harmless. Its errors come with the results.
      "--logger.console=0",
      // The library reads a bare expression as a SELECT; a server does not.
      "--implicit_select=0",
  };
  for (const char* cache :
       {"mark_cache_size", "index_mark_cache_size", "primary_index_cache_size",
        "query_condition_cache_size", "text_index_header_cache_size",
        "text_index_tokens_cache_size", "text_index_postings_cache_size",
        "vector_similarity_index_cache_size", "compiled_expression_cache_size"}) {
    arguments.push_back(fmt::format("--{}={}", cache, options.cache_bytes));
  }
  for (const auto& [name, value] : kSessionSettings) {
    arguments.push_back(fmt::format("--{}={}", name, value));
  }
  return arguments;
}

// One statement at a time.
class Connection {
 public:
  Connection(const ChdbLibrary& library, ChdbConnection** handle)
      : library_(library), handle_(handle) {}
  ~Connection() { library_.close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  absl::StatusOr<QueryResult> Run(EngineVerb verb, std::string_view sql, std::string_view format,
                                  const std::vector<SqlParam>& params) {
    std::vector<std::string> texts;
    texts.reserve(params.size());
    std::vector<const char*> names, values;
    std::vector<size_t> name_bytes, value_bytes;
    for (const SqlParam& param : params) {
      texts.push_back(ParamText(sql, param));
      names.push_back(param.name.data());
      name_bytes.push_back(param.name.size());
      values.push_back(texts.back().data());
      value_bytes.push_back(texts.back().size());
    }
    return Take(verb, library_.query_with_params(*handle_, sql.data(), sql.size(), format.data(),
                                                 format.size(), names.data(), name_bytes.data(),
                                                 values.data(), value_bytes.data(), params.size()));
  }

  absl::Status Insert(std::string_view sql, std::string_view block) {
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

  // After a failed statement the library keeps what that statement had already written and gives it
  // to the next one as its own. False when the connection does not come clean.
  bool Drain() {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto result = Run(EngineVerb::kQuery, "SELECT 'clean'", "TSV", {});
      if (result.ok() && result->body == "clean\n") return true;
    }
    return false;
  }

 private:
  absl::StatusOr<QueryResult> Take(EngineVerb verb, ChdbResult* result) {
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

  absl::Status StreamError(ChdbInsertStream* stream) {
    const char* error = library_.insert_error(stream);
    if (error == nullptr || *error == '\0') return absl::OkStatus();
    return EngineError(EngineVerb::kInsert, EngineErrorCode(error), error);
  }

  const ChdbLibrary& library_;
  ChdbConnection** const handle_;
};

class EmbeddedEngine final : public Engine {
 public:
  EmbeddedEngine(const ChdbLibrary& library, const EmbeddedOptions& options,
                 const std::string& data_path)
      : library_(library),
        database_(options.database),
        connections_max_(options.connections),
        arguments_(Arguments(options, data_path)) {}

  // The first connection opens the store and stays for the engine's life; it makes the database.
  absl::Status Start() {
    auto first = Connect();
    if (!first.ok()) return first.status();
    for (const std::string& sql : {fmt::format("CREATE DATABASE IF NOT EXISTS {}", database_),
                                   fmt::format("USE {}", database_)}) {
      RETURN_IF_ERROR((*first)->Run(EngineVerb::kExecute, sql, "TSV", {}).status());
    }
    ASSIGN_OR_RETURN(const QueryResult version,
                     (*first)->Run(EngineVerb::kQuery, "SELECT version()", "TSV", {}));
    version_ = TrimStatement(version.body);
    Release(std::move(*first), /*failed=*/false);
    return absl::OkStatus();
  }

  void HoldMerges(bool hold) override {
    const absl::Status status =
        Execute(hold ? "SYSTEM STOP MERGES" : "SYSTEM START MERGES", kHoldDeadline);
    if (!status.ok()) LogWarning("store: merges: {}", Message(status));
  }

  absl::StatusOr<QueryResult> Query(std::string_view sql, const QueryOptions& options) override {
    RETURN_IF_ERROR(CheckNames(options));
    const auto until = steady_clock::now() + options.deadline;
    ASSIGN_OR_RETURN(auto connection, Acquire(until));
    std::string text = fmt::format("{}\nFORMAT {} SETTINGS max_execution_time = {}",
                                   TrimStatement(sql), options.format, Left(until));
    for (const SqlSetting& setting : options.settings) {
      text += fmt::format(", {} = {}", setting.name, QuoteLiteral(setting.value));
    }
    auto result = connection->Run(EngineVerb::kQuery, text, options.format, options.params);
    Release(std::move(connection), !result.ok());
    return result;
  }

  absl::Status Insert(std::string_view table, std::string_view native_block,
                      milliseconds deadline) override {
    const auto until = steady_clock::now() + deadline;
    ASSIGN_OR_RETURN(std::string sql, InsertStatement(table));
    ASSIGN_OR_RETURN(auto connection, Acquire(until));
    sql += fmt::format(" SETTINGS max_execution_time = {}", Left(until));
    absl::Status status = connection->Insert(sql, native_block);
    Release(std::move(connection), !status.ok());
    return status;
  }

  absl::Status Execute(std::string_view sql, milliseconds deadline) override {
    const auto until = steady_clock::now() + deadline;
    ASSIGN_OR_RETURN(auto connection, Acquire(until));
    // DDL has SETTINGS of its own, so the deadline goes to the connection; Query and Insert bring
    // theirs with each statement.
    absl::Status status =
        connection
            ->Run(EngineVerb::kExecute, fmt::format("SET max_execution_time = {}", Left(until)),
                  "TSV", {})
            .status();
    if (status.ok()) {
      status = connection->Run(EngineVerb::kExecute, TrimStatement(sql), "TSV", {}).status();
    }
    Release(std::move(connection), !status.ok());
    return status;
  }

  std::string Describe() const override { return fmt::format("embedded {}", version_); }

 private:
  static std::string Left(steady_clock::time_point until) {
    return DeadlineSeconds(std::chrono::duration_cast<milliseconds>(until - steady_clock::now()));
  }

  absl::StatusOr<std::unique_ptr<Connection>> Connect() {
    std::vector<char*> argv;
    for (const std::string& argument : arguments_) {
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    ChdbConnection** handle = library_.connect(static_cast<int>(argv.size()), argv.data());
    if (handle == nullptr) {
      return Unavailable(
          "libchdb could not open the store ({}): is the folder writable, is its disk full, does "
          "another process or another store of this process use libchdb?",
          arguments_[1]);
    }
    return std::make_unique<Connection>(library_, handle);
  }

  absl::StatusOr<std::unique_ptr<Connection>> Acquire(steady_clock::time_point until) {
    ASSIGN_OR_RETURN(auto idle, TakeIdle(until));
    if (idle != nullptr) return idle;
    auto connection = Connect();
    absl::Status status = connection.status();
    if (status.ok()) {
      status = (*connection)
                   ->Run(EngineVerb::kExecute, fmt::format("USE {}", database_), "TSV", {})
                   .status();
    }
    if (status.ok()) return connection;
    Forget();
    return status;
  }

  // Null: a new connection may be made, and counts as open already.
  absl::StatusOr<std::unique_ptr<Connection>> TakeIdle(steady_clock::time_point until) {
    MutexLock lock(&mutex_);
    while (idle_.empty() && open_ >= connections_max_ && steady_clock::now() < until) {
      freed_.WaitUntil(mutex_, until);
    }
    if (steady_clock::now() >= until) {
      return Error(absl::StatusCode::kDeadlineExceeded,
                   "no connection to the store became free in time: {} of {} are in use",
                   open_ - static_cast<int>(idle_.size()), connections_max_);
    }
    std::unique_ptr<Connection> connection;
    if (idle_.empty()) {
      ++open_;
    } else {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    return connection;
  }

  void Release(std::unique_ptr<Connection> connection, bool failed) {
    if (failed && !connection->Drain()) {
      connection.reset();
      Forget();
      return;
    }
    MutexLock lock(&mutex_);
    idle_.push_back(std::move(connection));
    freed_.NotifyOne();
  }

  void Forget() {
    MutexLock lock(&mutex_);
    --open_;
    freed_.NotifyOne();
  }

  const ChdbLibrary& library_;
  const std::string database_;
  const int connections_max_;
  const std::vector<std::string> arguments_;
  std::string version_;

  Mutex mutex_;
  CondVar freed_;
  int open_ ABSL_GUARDED_BY(mutex_) = 1;  // The first is made in Start.
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> OpenEmbeddedEngine(const EmbeddedOptions& options) {
  if (!IsPlainName(options.database)) {
    return InvalidArgument("store.database \"{}\": only letters, digits and _ are allowed",
                           options.database);
  }
  if (options.connections < 1 || options.merge_threads < 1) {
    return InvalidArgument("the store needs at least one connection and one merge thread");
  }
  ASSIGN_OR_RETURN(const ChdbLibrary* library, ChdbLibrary::Load(options.library_path));
  RETURN_IF_ERROR(MakeFolders(options.data_path));
  std::error_code error;
  // A relative path is taken twice by the engine, once for itself and once for each table.
  const std::filesystem::path path = std::filesystem::absolute(options.data_path, error);
  if (error) return ErrnoStatus(options.data_path, error.value());
  auto engine = std::make_unique<EmbeddedEngine>(*library, options, path.string());
  RETURN_IF_ERROR(engine->Start());
  return engine;
}

}  // namespace pitot
