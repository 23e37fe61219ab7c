#include "store/engine/chdb_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "store/engine/engine_writes.h"

namespace pitot {
namespace {

namespace fs = std::filesystem;

constexpr char kFileName[] = "libchdb.so";

std::vector<fs::path> Candidates(const std::string& path) {
  std::error_code ignored;
  if (!path.empty()) {
    return {fs::is_directory(path, ignored) ? fs::path(path) / kFileName : fs::path(path)};
  }
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  return {folder / kFileName, folder.parent_path() / "lib" / "pitot" / kFileName};
}

absl::StatusOr<fs::path> FindFile(const std::string& path) {
  std::string looked;
  for (const fs::path& candidate : Candidates(path)) {
    std::error_code ignored;
    if (fs::exists(candidate, ignored)) return candidate;
    looked += looked.empty() ? "" : " and ";
    looked += candidate.string();
  }
  return Error(absl::StatusCode::kFailedPrecondition,
               "the embedded store needs libchdb.so, which is not at {}; set store.engine_path, or "
               "use a ClickHouse server with store.mode: remote",
               looked);
}

template <typename Function>
bool Bind(void* handle, const char* name, Function& to) {
  to = reinterpret_cast<Function>(dlsym(handle, name));
  return to != nullptr;
}

bool BindAll(void* handle, ChdbLibrary& library) {
  return Bind(handle, "chdb_connect", library.connect) &&
         Bind(handle, "chdb_close_conn", library.close) &&
         Bind(handle, "chdb_query_n", library.query) &&
         Bind(handle, "chdb_query_with_params_n", library.query_with_params) &&
         Bind(handle, "chdb_stream_query_with_params_n", library.stream) &&
         Bind(handle, "chdb_stream_fetch_result", library.stream_fetch) &&
         Bind(handle, "chdb_stream_cancel_query", library.stream_cancel) &&
         Bind(handle, "chdb_result_buffer", library.result_buffer) &&
         Bind(handle, "chdb_result_length", library.result_bytes) &&
         Bind(handle, "chdb_result_error", library.result_error) &&
         Bind(handle, "chdb_result_storage_rows_read", library.result_rows_read) &&
         Bind(handle, "chdb_result_elapsed", library.result_elapsed) &&
         Bind(handle, "chdb_destroy_query_result", library.destroy_result) &&
         Bind(handle, "chdb_stream_insert_n", library.insert) &&
         Bind(handle, "chdb_stream_append", library.insert_append) &&
         Bind(handle, "chdb_stream_done", library.insert_done) &&
         Bind(handle, "chdb_stream_insert_error", library.insert_error) &&
         Bind(handle, "chdb_destroy_insert_stream", library.destroy_insert);
}

absl::StatusOr<ChdbLibrary> LoadFile(const std::string& file) {
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "cannot load {}: {}", file, dlerror());
  }
  ChdbLibrary library;
  library.path = file;
  void (*set_signal_handlers_enabled)(int) = nullptr;
  if (!BindAll(handle, library) ||
      !Bind(handle, "chdb_set_signal_handlers_enabled", set_signal_handlers_enabled)) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "{} lacks a function that libchdb 26.7 has: {}", file, dlerror());
  }
  GuardEngineWrites(reinterpret_cast<const void*>(library.connect));
  set_signal_handlers_enabled(0);  // Signals are the program's, and this must precede connecting.
  return library;
}

}  // namespace

absl::StatusOr<const ChdbLibrary*> ChdbLibrary::Load(const std::string& path) {
  // One per process, whoever asks: loading is not undone, and a second copy could not share data.
  static Mutex mutex;
  static ChdbLibrary* loaded = nullptr;  // Guarded by mutex.
  MutexLock lock(&mutex);
  if (loaded != nullptr) return loaded;
  ASSIGN_OR_RETURN(const fs::path file, FindFile(path));
  ASSIGN_OR_RETURN(ChdbLibrary library, LoadFile(file.string()));
  loaded = new ChdbLibrary(std::move(library));
  return loaded;
}

}  // namespace pitot
