#include "query/export/payload_cache.h"

#include <absl/container/flat_hash_set.h>

#include "base/hex.h"
#include "base/status.h"
#include "query/sql_files.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

constexpr size_t kKeptBytes = 16 << 20;
// Hashes go with a statement as text, in a URL of at most a megabyte.
constexpr size_t kHashesMax = 2000;

constexpr std::span<Piece> Span::*kContents[] = {&Span::input, &Span::output, &Span::system,
                                                 &Span::tool_definitions, &Span::reasoning};

template <typename Function>
void ForEachHash(std::vector<ExportedSpan>& batch, const Function& function) {
  for (ExportedSpan& exported : batch) {
    for (const auto field : kContents) {
      for (Piece& piece : exported.span.*field) {
        if (!piece.hash.empty()) function(piece);
      }
    }
  }
}

}  // namespace

absl::Status PayloadCache::Fill(std::vector<ExportedSpan>& batch) {
  if (bytes_ > kKeptBytes) {
    found_.clear();
    texts_.clear();
    bytes_ = 0;
  }
  absl::flat_hash_set<std::string> missing;
  ForEachHash(batch, [&](const Piece& piece) {
    std::string hash(piece.hash.view());
    if (!found_.contains(hash)) missing.insert(std::move(hash));
  });
  std::vector<std::string> hashes;
  for (const std::string& hash : missing) {
    hashes.push_back(ToHex(hash));
    if (hashes.size() < kHashesMax) continue;
    RETURN_IF_ERROR(Load(hashes));
    hashes.clear();
  }
  if (!hashes.empty()) RETURN_IF_ERROR(Load(hashes));
  ForEachHash(batch, [&](Piece& piece) {
    const auto text = found_.find(std::string(piece.hash.view()));
    if (text == found_.end()) return;
    piece.text = text->second;
    piece.hash = {};
  });
  return absl::OkStatus();
}

absl::Status PayloadCache::Load(std::span<const std::string> hashes) {
  QueryOptions options = context_.Options({{"project", project_},
                                           {"day", fmt::to_string(day_)},
                                           {"hashes", QuoteArray({hashes.begin(), hashes.end()})}},
                                          "RowBinary");
  options.deadline = std::chrono::seconds(context_.limits.query_seconds);
  auto result = context_.engine.Query(SqlFile("payloads.sql"), options);
  if (result.status().code() == absl::StatusCode::kInvalidArgument && hashes.size() > 1) {
    // More than an engine gives at once: some are very long.
    const size_t half = hashes.size() / 2;
    RETURN_IF_ERROR(Load(hashes.first(half)));
    return Load(hashes.subspan(half));
  }
  RETURN_IF_ERROR(result.status());
  const std::string& rows = texts_.emplace_back(std::move(result->body));
  bytes_ += rows.size();
  RowBinaryReader in(rows);
  while (!in.AtEnd()) {
    const std::string_view hash = in.Bytes(16);
    found_[std::string(hash)] = in.String();
  }
  if (!in.ok()) return Internal("the engine's answer to payloads.sql cannot be read");
  return absl::OkStatus();
}

}  // namespace pitot
