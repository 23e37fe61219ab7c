#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>

#include "measure/argument_drift.h"
#include "pitot/tool.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::string_view kOther = "(other)";
constexpr size_t kVersionsMax = 8;  // Of prompts, for each tool; the oldest goes.
// Without versions: so large a share of refused arguments is worth a word by itself.
constexpr int kFrequentPercent = 20;

std::string Percent(const Proportion& of) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %%", of.share() < 0.1 && of.hits > 0 ? 1 : 0,
                of.share() * 100);
  return text;
}

// What one version of a prompt made of a tool.
struct Version {
  std::string prompt;
  std::string version;
  Proportion refused;
  bool told = false;
};

struct Entry {
  std::array<uint64_t, kToolStatusNames.size()> by_status = {};
  uint64_t retries = 0;
  std::vector<Version> versions;  // In the order of their first calls.

  uint64_t of(ToolStatus status) const { return by_status[static_cast<size_t>(status)]; }
  uint64_t calls() const {
    uint64_t sum = 0;
    for (const uint64_t count : by_status) sum += count;
    return sum;
  }

  Version& At(const Tags& tags) {
    const auto found = std::ranges::find_if(versions, [&tags](const Version& v) {
      return v.prompt == tags.prompt && v.version == tags.prompt_version;
    });
    if (found != versions.end()) return *found;
    if (versions.size() == kVersionsMax) versions.erase(versions.begin());
    return versions.emplace_back(Version{tags.prompt, tags.prompt_version, {}});
  }

  // In words; empty: nothing to say of the calls under `now`.
  std::string Drift(std::string_view tool, const Version& now) const {
    const Version* before = nullptr;
    for (const Version& version : versions) {
      if (&version == &now) break;
      if (version.prompt == now.prompt && version.refused.trials >= kDriftCallsMin) {
        before = &version;
      }
    }
    std::string text(tool);
    if (before != nullptr && !now.version.empty()) {
      if (!ArgumentsDrifted(before->refused, now.refused)) return {};
      text += ": invalid_args rose from " + Percent(before->refused) + " to " +
              Percent(now.refused) + " of calls since prompt ";
      if (!now.prompt.empty()) text.append(now.prompt).append(" ");
      return text.append(now.version)
          .append(": the tool's schema or its description drifted from what the prompt says");
    }
    if (now.refused.trials < kDriftCallsMin ||
        now.refused.hits * 100 < now.refused.trials * kFrequentPercent) {
      return {};
    }
    text += ": " + Percent(now.refused) + " of " + std::to_string(now.refused.trials);
    return text.append(
        " calls are invalid_args: the tool's description does not say what its schema takes");
  }
};

ToolStatsRow RowOf(const std::string& tool, const Entry& entry) {
  ToolStatsRow row;
  row.tool = tool;
  row.calls = entry.calls();
  row.success = entry.of(ToolStatus::kSuccess);
  row.error = entry.of(ToolStatus::kError);
  row.timeout = entry.of(ToolStatus::kTimeout);
  row.rate_limited = entry.of(ToolStatus::kRateLimited);
  row.invalid_args = entry.of(ToolStatus::kInvalidArgs);
  row.blocked = entry.of(ToolStatus::kBlocked);
  row.retries = entry.retries;
  if (!entry.versions.empty()) row.drift = entry.Drift(tool, entry.versions.back());
  return row;
}

}  // namespace

struct ToolStats::Impl {
  explicit Impl(Options given) : options(std::move(given)) {}

  const Options options;
  mutable std::mutex mutex;
  std::map<std::string, Entry, std::less<>> tools;  // Guarded by mutex.
};

ToolStats::ToolStats() : ToolStats(Options()) {}
ToolStats::ToolStats(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
ToolStats::~ToolStats() = default;

void ToolStats::record(std::string_view tool, ToolStatus status, int retries) {
  const Context context = Context::current();
  std::string drift;
  {
    const std::lock_guard lock(impl_->mutex);
    auto found = impl_->tools.find(tool);
    if (found == impl_->tools.end()) {
      if (impl_->tools.size() >= impl_->options.tools_max) tool = kOther;
      found = impl_->tools.try_emplace(std::string(tool)).first;
    }
    Entry& entry = found->second;
    ++entry.by_status[static_cast<size_t>(status)];
    entry.retries += static_cast<uint64_t>(std::max(retries, 0));
    Version& version = entry.At(context.tags());
    ++version.refused.trials;
    if (status == ToolStatus::kInvalidArgs) {
      ++version.refused.hits;
      if (!version.told) drift = entry.Drift(found->first, version);
      version.told = version.told || !drift.empty();
    }
  }
  if (drift.empty()) return;
  if (impl_->options.on_drift) {
    impl_->options.on_drift(drift);
  } else {
    std::fprintf(stderr, "pitot: %s\n", drift.c_str());
  }
}

std::vector<ToolStatsRow> ToolStats::rows() const {
  std::vector<ToolStatsRow> rows;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [tool, entry] : impl_->tools) rows.push_back(RowOf(tool, entry));
  }
  std::ranges::stable_sort(rows, std::ranges::greater(), &ToolStatsRow::calls);
  return rows;
}

std::string ToolStats::report() const {
  const std::vector<ToolStatsRow> rows = this->rows();
  size_t width = 4;
  for (const ToolStatsRow& row : rows)
    width = std::max(width, std::min<size_t>(row.tool.size(), 40));
  std::string out =
      "tool" + std::string(width - 4, ' ') +
      "    calls  success  error  timeout  rate_limited  invalid_args  blocked  retries\n";
  for (const ToolStatsRow& row : rows) {
    char counts[160];
    std::snprintf(
        counts, sizeof counts, "%9llu%9llu%7llu%9llu%14llu%14llu%9llu%9llu\n",
        static_cast<unsigned long long>(row.calls), static_cast<unsigned long long>(row.success),
        static_cast<unsigned long long>(row.error), static_cast<unsigned long long>(row.timeout),
        static_cast<unsigned long long>(row.rate_limited),
        static_cast<unsigned long long>(row.invalid_args),
        static_cast<unsigned long long>(row.blocked), static_cast<unsigned long long>(row.retries));
    out += row.tool.substr(0, width) + std::string(width - std::min(width, row.tool.size()), ' ');
    out += counts;
  }
  for (const ToolStatsRow& row : rows) {
    if (!row.drift.empty()) out += "\n" + row.drift + "\n";
  }
  return out;
}

}  // namespace sdk
}  // namespace pitot
