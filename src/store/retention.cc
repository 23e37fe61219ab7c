#include "store/retention.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "store/engine/statement.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kDeadline = std::chrono::minutes(1);

// Every table partitioned by (keep_days, day), which is how all of ours that expire are.
constexpr std::string_view kPartitions =
    "SELECT table, partition_id, toUInt16(toDate(splitByChar('-', partition_id)[2])), "
    "sum(rows), sum(bytes_on_disk) "
    "FROM system.parts WHERE active AND database = currentDatabase() "
    "AND match(partition_id, '^[0-9]+-[0-9]{8}$') "
    "GROUP BY table, partition_id ORDER BY partition_id, table";

// Cuts the field up to `separator` off `text`.
std::string_view NextField(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return field;
}

template <typename T>
bool ParseNumber(std::string_view text, T& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size();
}

struct Partition {
  std::string id;
  DroppedPartition facts;
};

std::optional<Partition> ParsePartition(std::string_view line) {
  Partition out;
  out.facts.table = NextField(line, '\t');
  out.id = NextField(line, '\t');
  std::string_view id = out.id;
  const std::string_view keep_days = NextField(id, '-');
  if (!ParseNumber(keep_days, out.facts.keep_days) ||
      !ParseNumber(NextField(line, '\t'), out.facts.day) ||
      !ParseNumber(NextField(line, '\t'), out.facts.rows) ||
      !ParseNumber(NextField(line, '\t'), out.facts.bytes) || !IsPlainName(out.facts.table)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

RetentionPass DropExpired(Engine& engine, UnixNanos now) {
  RetentionPass pass;
  QueryOptions options;
  options.format = "TSV";
  const auto partitions = engine.Query(kPartitions, options);
  if (!partitions.ok()) {
    pass.status = partitions.status();
    return pass;
  }
  std::string_view lines = partitions->body;
  while (!lines.empty()) {
    const std::string_view line = NextField(lines, '\n');
    std::optional<Partition> partition = ParsePartition(line);
    if (!partition) {
      pass.status.Update(Internal("retention does not understand the partition \"{}\"", line));
      continue;
    }
    DroppedPartition& facts = partition->facts;
    if (!IsExpired(facts.keep_days, facts.day, now)) continue;
    const absl::Status status = engine.Execute(
        fmt::format("ALTER TABLE {} DROP PARTITION ID '{}'", facts.table, partition->id),
        kDeadline);
    if (status.ok()) {
      pass.dropped.push_back(std::move(facts));
    } else {
      pass.status.Update(Annotate(status, "dropping " + facts.table + " " + partition->id));
    }
  }
  return pass;
}

}  // namespace pitot
