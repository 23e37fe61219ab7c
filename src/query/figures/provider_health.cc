#include "query/figures/provider_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/quantiles.h"

namespace pitot {
namespace {

constexpr int64_t kRecentNs = 5 * kNanosPerMinute;
constexpr int64_t kErrorsMin = 3;
constexpr double kDownShare = 0.5;
constexpr double kDegradedShare = 0.05;

double ErrorRate(const ProviderHealth& health) {
  return static_cast<double>(health.errors) / static_cast<double>(health.calls);
}

std::string TimeJson(UnixNanos time) {
  return time == 0 ? "null" : fmt::format("\"{}\"", IsoTime(time));
}

}  // namespace

std::string_view StateOf(const ProviderHealth& health) {
  if (health.calls == 0) return "idle";
  if (health.errors < kErrorsMin) return "ok";
  if (ErrorRate(health) >= kDownShare) return "down";
  return ErrorRate(health) > kDegradedShare ? "degraded" : "ok";
}

absl::StatusOr<absl::flat_hash_map<std::string, ProviderHealth>> ReadProviderHealth(
    const QueryContext& context, const Scope& scope) {
  Scope recent = scope;
  recent.window.since_ns = std::max<UnixNanos>(0, recent.window.until_ns - kRecentNs);
  SqlPiece where = FactsWhere(recent, /*calls_only=*/true);
  constexpr std::array kP99 = {990};
  const std::string sql = fmt::format(
      "SELECT f.provider, count(), "
      "countIf(f.status = 'error' AND f.error_category NOT IN ('context_length', 'content_filter', "
      "'invalid_args', 'auth', 'cancelled')), "
      "countIf(f.status = 'error' AND f.error_category = 'rate_limit'), {} "
      "FROM facts AS f FINAL WHERE {} AND {} GROUP BY f.provider",
      QuantileColumns("duration", "f.duration_ns", "1", kP99), where.sql, kIsCallSql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 6));
  absl::flat_hash_map<std::string, ProviderHealth> providers;
  for (const auto& value : table.rows) {
    const auto& row = value.get_array();
    ProviderHealth health{IntAt(row, 1), IntAt(row, 2), IntAt(row, 3), std::nullopt};
    const Quantiles durations = ReadQuantiles(row, 4);
    if (!durations.values.empty()) health.p99_ns = durations.values[0];
    providers[std::string(TextAt(row, 0))] = health;
  }
  return providers;
}

std::string HealthJson(const ProviderHealth& health, UnixNanos last_success, UnixNanos last_error) {
  return fmt::format(
      R"({{"state":"{}","of":"calls","calls_5m":{},"errors_5m":{},"rate_limited_5m":{},)"
      R"("error_rate_5m":{},"p99_5m_ms":{},"last_success_at":{},"last_error_at":{}}})",
      StateOf(health), health.calls, health.errors, health.rate_limited,
      health.calls == 0 ? "null" : NumberJson(ErrorRate(health)), MillisJson(health.p99_ns),
      TimeJson(last_success), TimeJson(last_error));
}

}  // namespace pitot
