#include "store/store.h"

#include <atomic>
#include <functional>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "store/engine/engine_writes.h"
#include "store/migrate.h"
#include "store/schema.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPrepareDeadline{5'000};
// A store that is away is asked again after this, not at every statement.
constexpr int64_t kPrepareAgainNanos = kNanosPerSecond;
constexpr int64_t kDiskCheckNanos = kNanosPerSecond;

bool MayPass(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace

// Prepares the engine before its first statement, and refuses inserts when the disk is nearly full.
class Store::GuardedEngine final : public Engine {
 public:
  // `prepare` brings the inner engine to the point where our tables are there; it is called until
  // it succeeds once, and returns the schema version.
  using Prepare = std::function<absl::StatusOr<uint32_t>()>;

  GuardedEngine(std::unique_ptr<Engine> inner, Prepare prepare, std::string data_path,
                uint64_t disk_free_bytes_min, const Clock& clock)
      : inner_(std::move(inner)),
        prepare_(std::move(prepare)),
        data_path_(std::move(data_path)),
        disk_free_bytes_min_(disk_free_bytes_min),
        clock_(clock) {}

  // One caller prepares; the others are told to come back, for their deadlines may be shorter.
  absl::Status Ready() {
    if (schema_version_ != 0) return absl::OkStatus();
    const int64_t now = clock_.MonotonicNanos();
    {
      MutexLock lock(&mutex_);
      if (preparing_ || (prepare_again_at_ != 0 && now < prepare_again_at_)) return not_ready_;
      preparing_ = true;
    }
    const auto version = prepare_();
    if (version.ok()) schema_version_ = *version;
    MutexLock lock(&mutex_);
    preparing_ = false;
    prepare_again_at_ = now + kPrepareAgainNanos;
    not_ready_ = version.status();
    return not_ready_;
  }

  absl::StatusOr<QueryResult> Query(std::string_view sql, const QueryOptions& options) override {
    RETURN_IF_ERROR(ReadyForStatement());
    if (options.with_hidden || !hides_) return inner_->Query(sql, options);
    return inner_->Query(sql, Filtered(options));
  }

  absl::Status Stream(std::string_view sql, const QueryOptions& options,
                      const ResultSink& sink) override {
    RETURN_IF_ERROR(ReadyForStatement());
    if (options.with_hidden || !hides_) return inner_->Stream(sql, options, sink);
    return inner_->Stream(sql, Filtered(options), sink);
  }

  void Hide(std::vector<TableFilter> filters) {
    MutexLock lock(&mutex_);
    hidden_ = std::move(filters);
    hides_ = !hidden_.empty();
  }

  absl::Status Insert(std::string_view table, std::string_view native_block,
                      milliseconds deadline) override {
    RETURN_IF_ERROR(ReadyForStatement());
    RETURN_IF_ERROR(DiskHasRoom());
    return inner_->Insert(table, native_block, deadline);
  }

  void HoldMerges(bool hold) override { inner_->HoldMerges(hold); }

  absl::Status Execute(std::string_view sql, milliseconds deadline) override {
    RETURN_IF_ERROR(ReadyForStatement());
    return inner_->Execute(sql, deadline);
  }

  std::string Describe() const override { return inner_->Describe(); }

  absl::Status DiskHasRoom() {
    if (data_path_.empty()) return absl::OkStatus();
    const int64_t now = clock_.MonotonicNanos();
    if (now >= disk_check_at_) {
      const auto free = FreeBytes(data_path_);
      if (!free.ok()) return Unavailable("{}", Message(free.status()));
      disk_free_bytes_ = *free;
      disk_check_at_ = now + kDiskCheckNanos;
    }
    if (disk_free_bytes_ >= disk_free_bytes_min_) return absl::OkStatus();
    return Unavailable("the disk of {} has {} MB free, {} MB are needed: make room or add a disk",
                       data_path_, disk_free_bytes_ >> 20, disk_free_bytes_min_ >> 20);
  }

  uint32_t schema_version() const { return schema_version_; }
  uint64_t disk_free_bytes() const { return disk_free_bytes_; }

 private:
  // Whatever keeps the store from being prepared, a statement can be tried again once it is mended.
  absl::Status ReadyForStatement() {
    const absl::Status status = Ready();
    return status.ok() || MayPass(status) ? status : absl::UnavailableError(status.message());
  }

  QueryOptions Filtered(QueryOptions options) {
    MutexLock lock(&mutex_);
    options.table_filters.insert(options.table_filters.end(), hidden_.begin(), hidden_.end());
    return options;
  }

  const std::unique_ptr<Engine> inner_;
  const Prepare prepare_;
  const std::string data_path_;  // Empty: not our disk.
  const uint64_t disk_free_bytes_min_;
  const Clock& clock_;

  std::atomic<uint32_t> schema_version_ = 0;  // 0: not prepared.
  std::atomic<uint64_t> disk_free_bytes_ = 0;
  std::atomic<int64_t> disk_check_at_ = 0;
  std::atomic<bool> hides_ = false;  // hidden_ has something.
  Mutex mutex_;
  std::vector<TableFilter> hidden_ ABSL_GUARDED_BY(mutex_);
  bool preparing_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t prepare_again_at_ ABSL_GUARDED_BY(mutex_) = 0;
  // The last failure.
  absl::Status not_ready_ ABSL_GUARDED_BY(mutex_) =
      absl::UnavailableError("the store is being prepared");
};

Store::Store(std::unique_ptr<GuardedEngine> engine) : engine_(std::move(engine)) {}
Store::~Store() = default;

Engine& Store::engine() { return *engine_; }

void Store::Hide(std::vector<TableFilter> filters) { engine_->Hide(std::move(filters)); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreOptions& options,
                                                   const Clock& clock) {
  const bool is_remote = options.mode == StoreMode::kRemote;
  std::unique_ptr<GuardedEngine> guarded;
  if (is_remote) {
    ASSIGN_OR_RETURN(auto engine, RemoteEngine::Create(options.remote));
    RemoteEngine* remote = engine.get();
    guarded = std::make_unique<GuardedEngine>(
        std::move(engine),
        [remote, &clock]() -> absl::StatusOr<uint32_t> {
          RETURN_IF_ERROR(remote->Prepare(kPrepareDeadline));
          return Migrate(*remote, SchemaFiles(), clock.Now());
        },
        "", 0, clock);
  } else {
    ASSIGN_OR_RETURN(auto engine, OpenEmbeddedEngine(options.embedded));
    Engine* embedded = engine.get();
    guarded = std::make_unique<GuardedEngine>(
        std::move(engine),
        [embedded, &clock] { return Migrate(*embedded, SchemaFiles(), clock.Now()); },
        options.embedded.data_path, options.disk_free_bytes_min, clock);
  }
  const absl::Status ready = guarded->Ready();
  if (!ready.ok() && !(is_remote && MayPass(ready))) return ready;
  if (!ready.ok()) LogWarning("the store is away, records wait in the spool: {}", Message(ready));
  return std::unique_ptr<Store>(new Store(std::move(guarded)));
}

StoreHealth Store::Health(milliseconds deadline) {
  StoreHealth health;
  QueryOptions options;
  options.format = "TSV";
  options.deadline = deadline;
  health.status = engine_->Query("SELECT 1", options).status();
  health.status.Update(engine_->DiskHasRoom());
  if (const std::string trouble = EngineWriteTrouble(); !trouble.empty()) {
    health.status.Update(absl::UnavailableError(trouble));
  }
  health.engine = engine_->Describe();
  health.schema_version = engine_->schema_version();
  health.disk_free_bytes = engine_->disk_free_bytes();
  return health;
}

}  // namespace pitot
