// What a store's tables take on the disk once everything is merged. The server that owned the data
// folder must have stopped.
//
//   store_disk DATA_DIR/store
//
// Merges each table fully, then prints one JSON object a line: {"table", "rows", "parts", "bytes",
// "index_bytes"} for each table, and {"table", "column", "bytes"} for each of its columns. bytes are
// compressed, as on the disk, index_bytes (of skip and text indexes, marks included) among them.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "store/engine/embedded_engine.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kMergeDeadline{3'600'000};

constexpr std::string_view kTables =
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND "
    "engine LIKE '%MergeTree'";
constexpr std::string_view kTableSizes =
    "SELECT table, toInt64(sum(rows)) AS rows, toInt64(count()) AS parts, "
    "toInt64(sum(bytes_on_disk)) AS bytes, toInt64(sum(secondary_indices_compressed_bytes + "
    "secondary_indices_marks_bytes)) AS index_bytes FROM system.parts "
    "WHERE active AND database = currentDatabase() GROUP BY table ORDER BY bytes DESC";
constexpr std::string_view kColumnSizes =
    "SELECT table, column, toInt64(sum(column_data_compressed_bytes)) AS bytes "
    "FROM system.parts_columns WHERE active AND database = currentDatabase() "
    "GROUP BY table, column ORDER BY bytes DESC";

absl::StatusOr<std::string> Ask(Engine& engine, std::string_view sql, std::string format) {
  QueryOptions options;
  options.format = std::move(format);
  options.settings = {{"output_format_json_quote_64bit_integers", "0"}};
  ASSIGN_OR_RETURN(QueryResult result, engine.Query(sql, options));
  return std::move(result.body);
}

absl::Status Run(const std::string& data_path) {
  EmbeddedOptions options;
  options.data_path = data_path;
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenEmbeddedEngine(options));
  ASSIGN_OR_RETURN(const std::string tables, Ask(*engine, kTables, "TSV"));
  for (size_t from = 0; from < tables.size();) {
    const size_t end = tables.find('\n', from);
    RETURN_IF_ERROR(engine->Execute(
        fmt::format("OPTIMIZE TABLE `{}` FINAL", tables.substr(from, end - from)), kMergeDeadline));
    from = end + 1;
  }
  for (const std::string_view sql : {kTableSizes, kColumnSizes}) {
    ASSIGN_OR_RETURN(const std::string rows, Ask(*engine, sql, "JSONEachRow"));
    fmt::print("{}", rows);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: store_disk DATA_DIR/store\n");
    return 2;
  }
  if (const absl::Status status = pitot::Run(argv[1]); !status.ok()) {
    fmt::print(stderr, "store_disk: {}\n", status.ToString());
    return 1;
  }
}
