#include "store/migrate.h"

#include <charconv>
#include <string>

#include "base/log.h"
#include "base/status.h"
#include "store/engine/statement.h"

namespace pitot {
namespace {

// Long: a migration may rewrite data.
constexpr std::chrono::milliseconds kStepDeadline = std::chrono::minutes(10);
constexpr std::chrono::milliseconds kDeadline = std::chrono::seconds(30);

constexpr std::string_view kVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_version (version UInt32, name String, applied_ns Int64) "
    "ENGINE = ReplacingMergeTree ORDER BY version "
    "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

absl::StatusOr<uint32_t> CurrentVersion(Engine& engine) {
  QueryOptions options;
  options.format = "TSV";
  options.deadline = kDeadline;
  ASSIGN_OR_RETURN(const QueryResult result,
                   engine.Query("SELECT max(version) FROM schema_version", options));
  uint32_t version = 0;
  const std::string_view text = TrimStatement(result.body);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Internal("schema_version holds \"{}\" instead of a number", text);
  }
  return version;
}

absl::Status Apply(Engine& engine, uint32_t version, const EmbeddedText& file, UnixNanos now) {
  for (const std::string_view statement : SplitStatements(file.text)) {
    RETURN_IF_ERROR(Annotate(engine.Execute(statement, kStepDeadline), file.name));
  }
  const std::string record = fmt::format("INSERT INTO schema_version VALUES ({}, {}, {})", version,
                                         QuoteLiteral(file.name), now);
  return Annotate(engine.Execute(record, kDeadline), file.name);
}

}  // namespace

std::vector<std::string_view> SplitStatements(std::string_view text) {
  std::vector<std::string_view> statements;
  while (true) {
    const size_t end = text.find(";\n");
    const std::string_view statement = TrimStatement(text.substr(0, end));
    if (!statement.empty()) statements.push_back(statement);
    if (end == std::string_view::npos) return statements;
    text.remove_prefix(end + 2);
  }
}

absl::StatusOr<uint32_t> Migrate(Engine& engine, std::span<const EmbeddedText> files,
                                 UnixNanos now) {
  RETURN_IF_ERROR(engine.Execute(kVersionTable, kDeadline));
  ASSIGN_OR_RETURN(const uint32_t from, CurrentVersion(engine));
  const auto latest = static_cast<uint32_t>(files.size());
  if (from > latest) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "the store has schema version {}, this program knows versions up to {}: a newer "
                 "pitot wrote it. Run that version, or a newer one",
                 from, latest);
  }
  for (uint32_t version = from + 1; version <= latest; ++version) {
    RETURN_IF_ERROR(Apply(engine, version, files[version - 1], now));
  }
  if (from < latest) LogInfo("store: schema version {} -> {}", from, latest);
  return latest;
}

}  // namespace pitot
