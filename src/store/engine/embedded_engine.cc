#include "store/engine/embedded_engine.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "store/engine/chdb_connection.h"
#include "store/engine/chdb_library.h"
#include "store/engine/engine_error.h"
#include "store/engine/statement.h"
#include "store/engine/statement_killer.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kHoldDeadline(2'000);
constexpr std::chrono::milliseconds kCancelCheck(20);

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

// A result on its way through a file, which is removed with the object.
class ResultFile {
 public:
  explicit ResultFile(std::string path) : path_(std::move(path)) {}
  ~ResultFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;

  const std::string& path() const { return path_; }

  absl::Status Read(const ResultSink& sink) const {
    constexpr size_t kPieceBytes = 256 << 10;
    ASSIGN_OR_RETURN(const File file, File::Open(path_, O_RDONLY));
    std::string piece(kPieceBytes, '\0');
    for (uint64_t at = 0;;) {
      ASSIGN_OR_RETURN(const size_t bytes, file.ReadAt(at, piece.data(), piece.size()));
      if (bytes == 0) return absl::OkStatus();
      if (!sink(std::string_view(piece).substr(0, bytes))) return NobodyWaits();
      at += bytes;
    }
  }

 private:
  const std::string path_;
};

class EmbeddedEngine final : public Engine {
 public:
  EmbeddedEngine(const ChdbLibrary& library, const EmbeddedOptions& options,
                 const std::string& data_path)
      : library_(library),
        database_(options.database),
        connections_max_(options.connections),
        temp_path_(data_path + "/stream"),
        arguments_(Arguments(options, data_path)) {}

  // The first connection opens the store and stays for the engine's life; it makes the database.
  absl::Status Start() {
    std::error_code ignored;  // What a crash left.
    std::filesystem::remove_all(temp_path_, ignored);
    RETURN_IF_ERROR(MakeFolders(temp_path_));
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
    killer_.Start();
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
    ASSIGN_OR_RETURN(auto connection, Acquire(until, options.cancel));
    auto result = [&] {
      const StatementKiller::Watch watch(killer_, options.cancel);
      return connection->Run(EngineVerb::kQuery, QueryText(sql, options, until, watch),
                             options.format, options.params);
    }();
    Release(std::move(connection), !result.ok() || IsCancelled(options));
    if (!result.ok() && IsCancelled(options)) return NobodyWaits();
    return result;
  }

  absl::Status Stream(std::string_view sql, const QueryOptions& options,
                      const ResultSink& sink) override {
    RETURN_IF_ERROR(CheckNames(options));
    const auto until = steady_clock::now() + options.deadline;
    RETURN_IF_ERROR(EnterStream(until, options.cancel));
    const absl::Status status = StreamNow(sql, options, until, sink);
    LeaveStream();
    return !status.ok() && IsCancelled(options) ? NobodyWaits() : status;
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
  // Query and Insert bring their deadline with each statement. Nothing can be set after `readonly`,
  // which may be among the options.
  static std::string QueryText(std::string_view sql, const QueryOptions& options,
                               steady_clock::time_point until, const StatementKiller::Watch& watch,
                               std::string_view more_settings = "") {
    std::string text = fmt::format("{}\nFORMAT {} SETTINGS max_execution_time = {}{}",
                                   TrimStatement(sql), options.format, Left(until), more_settings);
    if (!watch.mark().empty()) text += fmt::format(", log_comment = '{}'", watch.mark());
    for (const SqlSetting& setting : SettingsOf(options)) {
      text += fmt::format(", {} = {}", setting.name, QuoteLiteral(setting.value));
    }
    return text;
  }

  absl::Status StreamNow(std::string_view sql, const QueryOptions& options,
                         steady_clock::time_point until, const ResultSink& sink) {
    ASSIGN_OR_RETURN(auto connection, Acquire(until, options.cancel));
    const std::string more = fmt::format(", max_block_size = {}", kStreamBlockRows);
    if (IsRowFormat(options.format)) {
      absl::Status status = [&] {
        const StatementKiller::Watch watch(killer_, options.cancel);
        const std::string text = QueryText(sql, options, until, watch, more);
        return connection->Stream(text, options.format, options.params, sink);
      }();
      Release(std::move(connection), !status.ok() || IsCancelled(options));
      return status;
    }
    const ResultFile file(fmt::format("{}/{}", temp_path_, ++files_));
    const std::string into =
        fmt::format("{}\nINTO OUTFILE {} TRUNCATE", TrimStatement(sql), QuoteLiteral(file.path()));
    const auto written = [&] {
      const StatementKiller::Watch watch(killer_, options.cancel);
      const std::string text = QueryText(into, options, until, watch, more);
      return connection->Run(EngineVerb::kQuery, text, options.format, options.params);
    }();
    Release(std::move(connection), !written.ok() || IsCancelled(options));
    RETURN_IF_ERROR(written.status());
    return file.Read(sink);
  }

  // Streams may wait for slow readers: they never take the last connections from all others.
  absl::Status EnterStream(steady_clock::time_point until, const CancelTokenPtr& cancel) {
    const int streams_max = std::max(1, connections_max_ / 2);
    MutexLock lock(&mutex_);
    while (streams_ >= streams_max) {
      RETURN_IF_ERROR(WaitForFreed(until, cancel, streams_, "streams"));
    }
    ++streams_;
    return absl::OkStatus();
  }

  void LeaveStream() {
    MutexLock lock(&mutex_);
    --streams_;
    freed_.NotifyAll();
  }

  // Until something may have become free; not longer than it takes to notice a cancellation.
  absl::Status WaitForFreed(steady_clock::time_point until, const CancelTokenPtr& cancel,
                            int in_use, std::string_view of_what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (cancel != nullptr && cancel->cancelled()) return NobodyWaits();
    const auto now = steady_clock::now();
    if (now >= until) {
      return Error(absl::StatusCode::kDeadlineExceeded,
                   "the store is busy: none of its {} {} became free in time", in_use, of_what);
    }
    freed_.WaitUntil(mutex_, cancel == nullptr ? until : std::min(until, now + kCancelCheck));
    return absl::OkStatus();
  }

  static std::string Left(steady_clock::time_point until) {
    return DeadlineSeconds(std::chrono::duration_cast<milliseconds>(until - steady_clock::now()));
  }

  absl::StatusOr<std::unique_ptr<ChdbSession>> Connect() {
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
    return std::make_unique<ChdbSession>(library_, handle);
  }

  absl::StatusOr<std::unique_ptr<ChdbSession>> Acquire(steady_clock::time_point until,
                                                       const CancelTokenPtr& cancel = nullptr) {
    ASSIGN_OR_RETURN(auto idle, TakeIdle(until, cancel));
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
  absl::StatusOr<std::unique_ptr<ChdbSession>> TakeIdle(steady_clock::time_point until,
                                                        const CancelTokenPtr& cancel) {
    MutexLock lock(&mutex_);
    if (cancel != nullptr && cancel->cancelled()) return NobodyWaits();
    while (idle_.empty() && open_ >= connections_max_) {
      RETURN_IF_ERROR(WaitForFreed(until, cancel, open_, "connections"));
    }
    if (steady_clock::now() >= until) {
      return absl::DeadlineExceededError("the time for the statement was over before it began");
    }
    std::unique_ptr<ChdbSession> connection;
    if (idle_.empty()) {
      ++open_;
    } else {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    return connection;
  }

  void Release(std::unique_ptr<ChdbSession> connection, bool failed) {
    if (failed && !connection->Drain()) {
      connection.reset();
      Forget();
      return;
    }
    MutexLock lock(&mutex_);
    idle_.push_back(std::move(connection));
    freed_.NotifyAll();  // Statements and streams wait for it.
  }

  void Forget() {
    MutexLock lock(&mutex_);
    --open_;
    freed_.NotifyAll();  // Statements and streams wait for it.
  }

  const ChdbLibrary& library_;
  const std::string database_;
  const int connections_max_;
  const std::string temp_path_;
  const std::vector<std::string> arguments_;
  std::string version_;

  Mutex mutex_;
  CondVar freed_;
  std::atomic<uint64_t> files_ = 0;  // Numbers them.
  int streams_ ABSL_GUARDED_BY(mutex_) = 0;
  int open_ ABSL_GUARDED_BY(mutex_) = 1;  // The first is made in Start.
  std::vector<std::unique_ptr<ChdbSession>> idle_ ABSL_GUARDED_BY(mutex_);
  StatementKiller killer_{[this] { return Connect(); }};  // Last: its thread connects.
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
