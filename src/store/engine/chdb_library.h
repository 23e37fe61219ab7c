// store/engine/chdb_library.h
//
// The C functions of libchdb that we use. The package ships no header; signatures follow
// programs/local/chdb.h of github.com/chdb-io/chdb at 26.7.
//
// Loaded with RTLD_LOCAL, so that its copies of common libraries never meet ours, and never
// unloaded: it keeps threads of its own.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>

namespace pitot {

// Opaque objects of the library.
struct ChdbConnection;
struct ChdbResult;
struct ChdbInsertStream;

// Thread-safe as far as each connection is used by one thread at a time.
struct ChdbLibrary {
  // Finds and loads the library: at `path` when given (a file, or the folder it is in), else beside
  // the program, else in ../lib/pitot. kFailedPrecondition says where it was looked for.
  static absl::StatusOr<const ChdbLibrary*> Load(const std::string& path);

  std::string path;

  // argv[0] is "clickhouse"; null on failure, without a word. What it points to is the connection
  // that all other functions take.
  ChdbConnection** (*connect)(int argc, char** argv);
  void (*close)(ChdbConnection**);
  ChdbResult* (*query)(ChdbConnection*, const char* sql, size_t sql_bytes, const char* format,
                       size_t format_bytes);
  ChdbResult* (*query_with_params)(ChdbConnection*, const char* sql, size_t sql_bytes,
                                   const char* format, size_t format_bytes,
                                   const char* const* names, const size_t* name_bytes,
                                   const char* const* values, const size_t* value_bytes,
                                   size_t count);
  // A result that is fetched piece by piece; an empty piece is the end. Destroyed as any other.
  ChdbResult* (*stream)(ChdbConnection*, const char* sql, size_t sql_bytes, const char* format,
                        size_t format_bytes, const char* const* names, const size_t* name_bytes,
                        const char* const* values, const size_t* value_bytes, size_t count);
  ChdbResult* (*stream_fetch)(ChdbConnection*, ChdbResult* stream);
  // Between two fetches, from the connection's thread: it does not interrupt one.
  void (*stream_cancel)(ChdbConnection*, ChdbResult* stream);
  const char* (*result_buffer)(ChdbResult*);
  size_t (*result_bytes)(ChdbResult*);
  const char* (*result_error)(ChdbResult*);  // Null or empty: none.
  uint64_t (*result_rows_read)(ChdbResult*);
  double (*result_elapsed)(ChdbResult*);
  void (*destroy_result)(ChdbResult*);
  // The statement has no FORMAT of its own: what follows FORMAT would be read as data.
  ChdbInsertStream* (*insert)(ChdbConnection*, const char* sql, size_t sql_bytes,
                              const char* format, size_t format_bytes);
  int (*insert_append)(ChdbInsertStream*, const char* bytes, size_t count);
  ChdbResult* (*insert_done)(ChdbInsertStream*);
  const char* (*insert_error)(ChdbInsertStream*);
  void (*destroy_insert)(ChdbInsertStream*);
};

}  // namespace pitot
