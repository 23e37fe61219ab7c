#include "gateway/spend_baseline.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "base/status.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr std::chrono::minutes kInterval(10);
constexpr int64_t kWindowNanos = 7 * kNanosPerDay;

constexpr std::string_view kSql = R"sql(
SELECT project, feature, toInt64(quantile(0.99)(cost))
FROM traces FINAL
WHERE day >= toDate({since_day:Int32}) AND start_ns >= {since:Int64} AND cost > 0 AND feature != ''
GROUP BY project, feature
HAVING count() >= {traces:Int64}
)sql";

std::string KeyOf(std::string_view project, std::string_view feature) {
  return fmt::format("{}\n{}", project, feature);
}

}  // namespace

void SpendBaseline::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void SpendBaseline::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    stopped_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::optional<NanoUsd> SpendBaseline::P99(std::string_view project,
                                          std::string_view feature) const {
  MutexLock lock(&mutex_);
  if (p99_.empty()) return std::nullopt;
  const auto found = p99_.find(KeyOf(project, feature));
  if (found == p99_.end()) return std::nullopt;
  return found->second;
}

absl::Status SpendBaseline::Read() {
  const UnixNanos since = clock_.Now() - kWindowNanos;
  QueryOptions options;
  options.params = {{"since_day", std::to_string(DayOf(since))},
                    {"since", std::to_string(since)},
                    {"traces", std::to_string(kTracesMin)}};
  ASSIGN_OR_RETURN(const QueryResult result, engine_.Query(kSql, options));
  absl::flat_hash_map<std::string, NanoUsd> read;
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(result.body, error);
  if (error || !json.is_object()) return Internal("spend baseline: the answer is not JSON");
  for (const boost::json::value& row : json.at("data").as_array()) {
    const boost::json::array& columns = row.as_array();
    const boost::json::value& cost = columns.at(2);
    const int64_t nanos =
        cost.is_string() ? std::stoll(std::string(cost.as_string())) : cost.to_number<int64_t>();
    read[KeyOf(columns.at(0).as_string(), columns.at(1).as_string())] = NanoUsd{nanos};
  }
  MutexLock lock(&mutex_);
  p99_ = std::move(read);
  return absl::OkStatus();
}

void SpendBaseline::Run() {
  for (;;) {
    if (const absl::Status status = Read(); !status.ok()) {
      LogWarning("gateway: no spend baseline: {}", Message(status));
    }
    const auto until = std::chrono::steady_clock::now() + kInterval;
    MutexLock lock(&mutex_);
    while (!stopping_ && stopped_.WaitUntil(mutex_, until)) {
    }
    if (stopping_) return;
  }
}

}  // namespace pitot
