// Fills a store with generated data, inside the engine, one day at a time. Nobody else may have the
// data folder open.
//
//   store_fill DATA_DIR/store FIRST_DAY DAYS FILE.sql... [name=value...]
//
// Each file is one statement that writes one day of the table that its name begins with (facts.sql,
// facts-large.sql); it is run for each day with the parameters day (days since 1970) and those given
// that it uses. Then each partition becomes one merged part, as closed days are. Prints a JSON object
// a file: {"table","rows","bytes","seconds"}.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "store/engine/embedded_engine.h"
#include "store/engine/statement.h"
#include "store/migrate.h"
#include "store/schema.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kDeadline{3'600'000};

struct Plan {
  std::string data_path;
  int first_day = 0;
  int days = 0;
  std::vector<std::filesystem::path> files;
  std::vector<SqlParam> params;
};

absl::StatusOr<std::string> Ask(Engine& engine, std::string_view sql, std::vector<SqlParam> params,
                                std::string format) {
  QueryOptions options;
  options.params = std::move(params);
  options.format = std::move(format);
  options.deadline = kDeadline;
  ASSIGN_OR_RETURN(QueryResult result, engine.Query(sql, options));
  return std::move(result.body);
}

// {name:Type} -> CAST('value', 'Type'): only queries take parameters. The values are this program's
// own arguments.
std::string WithParams(std::string sql, const std::vector<SqlParam>& params) {
  for (const SqlParam& param : params) {
    const std::string mark = "{" + param.name + ":";
    for (size_t at; (at = sql.find(mark)) != std::string::npos;) {
      const size_t end = sql.find('}', at);
      if (end == std::string::npos) break;
      const std::string type = sql.substr(at + mark.size(), end - at - mark.size());
      sql.replace(at, end + 1 - at,
                  fmt::format("CAST({}, {})", QuoteLiteral(param.value), QuoteLiteral(type)));
    }
  }
  return sql;
}

absl::Status Fill(Engine& engine, const Plan& plan, const std::filesystem::path& file) {
  const auto started = std::chrono::steady_clock::now();
  std::ifstream in(file);
  const std::string sql{std::istreambuf_iterator<char>(in), {}};
  if (sql.empty()) return InvalidArgument("{} cannot be read", file.string());
  for (int day = plan.first_day; day < plan.first_day + plan.days; ++day) {
    std::vector<SqlParam> params = plan.params;
    params.push_back({"day", fmt::to_string(day)});
    RETURN_IF_ERROR(engine.Execute(WithParams(sql, params), kDeadline));
  }
  const std::string stem = file.stem().string();
  const std::string table = stem.substr(0, stem.find('-'));
  ASSIGN_OR_RETURN(const std::string partitions,
                   Ask(engine,
                       "SELECT partition_id FROM system.parts WHERE active AND database = "
                       "currentDatabase() AND table = {table:String} GROUP BY partition_id "
                       "HAVING count() > 1 OR min(level) = 0",
                       {{"table", table}}, "TSV"));
  for (const std::string_view id : SplitText(partitions, '\n')) {
    if (id.empty()) continue;
    RETURN_IF_ERROR(engine.Execute(
        fmt::format("OPTIMIZE TABLE `{}` PARTITION ID '{}' FINAL", table, id), kDeadline));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  ASSIGN_OR_RETURN(
      const std::string size,
      Ask(engine,
          "SELECT table, toInt64(sum(rows)) AS rows, toInt64(sum(bytes_on_disk)) AS bytes, "
          "{seconds:Float64} AS seconds FROM system.parts WHERE active AND database = "
          "currentDatabase() AND table = {table:String} GROUP BY table",
          {{"table", table}, {"seconds", fmt::to_string(seconds.count())}}, "JSONEachRow"));
  fmt::print("{}", size);
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status Run(const Plan& plan) {
  EmbeddedOptions options;
  options.data_path = plan.data_path;
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenEmbeddedEngine(options));
  RETURN_IF_ERROR(Migrate(*engine, SchemaFiles(), SystemClock().Now()).status());
  for (const std::filesystem::path& file : plan.files) {
    RETURN_IF_ERROR(Fill(*engine, plan, file));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr,
               "usage: store_fill DATA_DIR/store FIRST_DAY DAYS FILE.sql... [name=value...]\n");
    return 2;
  }
  pitot::Plan plan;
  plan.data_path = argv[1];
  plan.first_day = std::atoi(argv[2]);
  plan.days = std::atoi(argv[3]);
  for (int i = 4; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (argument.ends_with(".sql")) {
      plan.files.emplace_back(argument);
    } else if (equals != std::string_view::npos) {
      plan.params.push_back(
          {std::string(argument.substr(0, equals)), std::string(argument.substr(equals + 1))});
    }
  }
  if (const absl::Status status = pitot::Run(plan); !status.ok()) {
    fmt::print(stderr, "store_fill: {}\n", status.ToString());
    return 1;
  }
}
