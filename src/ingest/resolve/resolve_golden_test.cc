// Runs every tests/golden/resolve/*.test: a trace in, its facts out. UPDATE_GOLDEN=1 rewrites what a
// file expects; read the diff. A file holds cases:
//
//   # comment                       before any case
//   case WHAT IT SHOWS
//   NAME KEY=VALUE ... FLAG ...     a span a line; two more blanks than the line above: its child
//   ----
//   NAME [root] [orphan] [STATUS] [ROLE[!] REASON[ by NAME]] [in/out ...] [cost=] [ttft=] | ATTRIBUTION
//   trace ...
//   (empty line)
//
// ROLE! counts. Keys: id (1, 2, ... in the order of lines), parent (a name, overriding the tree; ?:
// one that never comes; none), kind, start, end (ms; 0 and start + 1), status, message, feature,
// fallback, workflow, user, session, agent, prompt (name@version), service, env, release, scope,
// source, emitter, provider, model, rid (response id), in, cr (cache read), w5, w1 (cache writes),
// out, reasoning, cost, reported (nano-USD), ttft (ms), tool, retry. Flags: rollup, exact,
// ttl_assumed, total_only, estimated. `_` in a value stands for a blank.
// `open_until=MS` after the case's name: running spans that started by then are unfinished.
//
// Each case is resolved in many orders, which must not matter.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "ingest/resolve/resolve.h"
#include "ingest/resolve/resolve_test_util.h"

namespace pitot {
namespace {

using testing::SpanIdOf;
using testing::TraceIdOf;

constexpr uint64_t kLostParent = 0xdead;

template <typename Names>
size_t IndexOf(const Names& names, std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  EXPECT_NE(at, names.end()) << "unknown word '" << name << "'";
  return at == names.end() ? 0 : static_cast<size_t>(at - names.begin());
}

int64_t Number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  EXPECT_TRUE(error == std::errc() && end == text.data() + text.size())
      << "number '" << text << "'";
  return value;
}

class Case {
 public:
  explicit Case(const std::vector<std::string>& lines) {
    std::istringstream title(lines[0]);
    for (std::string word; title >> word;) {
      if (word.starts_with("open_until="))
        open_until_ns_ = Number(word.substr(11)) * kNanosPerMilli;
    }
    for (size_t i = 1; i < lines.size(); ++i) ReadSpan(lines[i]);
    for (size_t i = 0; i < spans_.size(); ++i) {
      if (parents_[i].empty()) continue;
      const bool lost = parents_[i] == "?";
      spans_[i].parent_span_id = lost ? SpanIdOf(kLostParent) : IdOf(parents_[i]);
    }
  }

  std::string Run(std::mt19937_64& random) {
    std::vector<size_t> order(spans_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    TraceSpans spans;
    for (const size_t i : order) spans.Put(spans_[i], 1);
    ResolveScratch scratch;
    ResolvedTrace resolved;
    ResolveTrace(spans, TraceIdOf(1), {.open_until_ns = open_until_ns_}, scratch, resolved);
    std::string out;
    for (const Span& span : spans_) out += Print(resolved.facts[spans.Find(span.span_id)]);
    return out + Print(resolved.trace);
  }

 private:
  std::string_view Keep(std::string text) {
    std::replace(text.begin(), text.end(), '_', ' ');
    return texts_.emplace_back(std::move(text));
  }

  SpanId IdOf(std::string_view name) {
    for (const Span& span : spans_) {
      if (span.name == name) return span.span_id;
    }
    ADD_FAILURE() << "no span named '" << name << "'";
    return {};
  }

  std::string NameOf(const SpanId& id) {
    for (const Span& span : spans_) {
      if (span.span_id == id) return std::string(span.name);
    }
    return "?";
  }

  void ReadSpan(const std::string& line) {
    const size_t depth = line.find_first_not_of(' ') / 2;
    std::istringstream words(line);
    std::string word;
    words >> word;
    Span span;
    span.trace_id = TraceIdOf(1);
    span.span_id = SpanIdOf(spans_.size() + 1);
    span.name = Keep(word);
    span.end_ns = -1;
    path_.resize(std::min(path_.size(), depth));
    parents_.push_back(path_.empty() ? "" : path_.back());
    path_.push_back(std::string(span.name));
    while (words >> word) Set(word, span);
    if (span.end_ns < 0) {
      span.end_ns = span.start_ns + (span.status == SpanStatus::kRunning ? 0 : kNanosPerMilli);
    }
    spans_.push_back(span);
  }

  void Set(const std::string& word, Span& span) {
    const size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    const std::map<std::string, std::string_view Span::*> texts = {
        {"message", &Span::status_message},
        {"workflow", &Span::workflow},
        {"user", &Span::user_id},
        {"session", &Span::session_id},
        {"agent", &Span::agent},
        {"service", &Span::service},
        {"env", &Span::environment},
        {"release", &Span::release},
        {"scope", &Span::scope},
        {"emitter", &Span::emitter},
        {"provider", &Span::provider},
        {"model", &Span::model},
        {"rid", &Span::response_id},
        {"tool", &Span::tool_name}};
    const std::map<std::string, UsageBucket> buckets = {
        {"in", UsageBucket::kInput},        {"cr", UsageBucket::kCacheRead},
        {"w5", UsageBucket::kCacheWrite5m}, {"w1", UsageBucket::kCacheWrite1h},
        {"out", UsageBucket::kOutput},      {"reasoning", UsageBucket::kReasoning}};
    if (const auto text = texts.find(key); text != texts.end()) {
      span.*text->second = key == "emitter" ? texts_.emplace_back(value) : Keep(value);
    } else if (const auto bucket = buckets.find(key); bucket != buckets.end()) {
      span.usage[bucket->second] = Number(value);
      span.has_usage = true;
    } else if (key == "feature" || key == "fallback") {
      span.feature = {Keep(value), key == "feature"};
    } else if (key == "prompt") {
      span.prompt_name = Keep(value.substr(0, value.find('@')));
      span.prompt_version =
          Keep(value.find('@') == std::string::npos ? "" : value.substr(value.find('@') + 1));
    } else if (key == "kind") {
      span.kind = static_cast<Kind>(IndexOf(kKindNames, value));
    } else if (key == "status") {
      span.status = static_cast<SpanStatus>(IndexOf(kSpanStatusNames, value));
    } else if (key == "source") {
      span.source = static_cast<Source>(IndexOf(kSourceNames, value));
    } else if (key == "parent") {
      parents_.back() = value == "none" ? "" : value;
    } else if (key == "total_only" || key == "ttl_assumed") {
      span.usage_flags |= key == "total_only" ? kUsageTotalOnly : kUsageCacheTtlAssumed;
      span.has_usage = true;
    } else if (key == "rollup") {
      span.usage_rollup = true;
    } else if (key == "exact") {
      span.usage_convention = UsageConvention::kExact;
    } else if (key == "estimated") {
      span.estimated = true;
    } else {
      SetNumber(key, Number(value), span);
    }
  }

  static void SetNumber(const std::string& key, int64_t value, Span& span) {
    if (key == "id") {
      span.span_id = SpanIdOf(static_cast<uint64_t>(value));
    } else if (key == "start") {
      span.start_ns = value * kNanosPerMilli;
    } else if (key == "end") {
      span.end_ns = value * kNanosPerMilli;
    } else if (key == "cost" || key == "reported") {
      span.cost = NanoUsd{value};
      span.price_source = key == "cost" ? PriceSource::kCatalogue : PriceSource::kProvider;
      if (key == "reported") span.cost_reported = span.cost;
    } else if (key == "ttft") {
      span.ttft_ns = value * kNanosPerMilli;
    } else if (key == "retry") {
      span.retry_count = value;
    } else {
      ADD_FAILURE() << "unknown key '" << key << "'";
    }
  }

  std::string Print(const FactRow& row) {
    std::string out(row.name);
    if (row.is_root) out += " root";
    if (row.is_orphan) out += " orphan";
    if (row.status != SpanStatus::kUnset) out += fmt::format(" {}", Name(row.status));
    if (row.role != UsageRole::kNone || !row.counted_reason.empty()) {
      out += fmt::format(" {}{} {}", Name(row.role), row.counted ? "!" : "", row.counted_reason);
    }
    if (!row.counted_by.empty()) out += " by " + NameOf(row.counted_by);
    if (!row.usage.empty()) {
      out += fmt::format(" {}/{}", row.usage.input_total(), row.usage.output_total());
      for (size_t i = 1; i < kUsageBuckets; ++i) {
        const bool plain = i == static_cast<size_t>(UsageBucket::kOutput);
        if (row.usage.tokens[i] != 0 && !plain) {
          out += fmt::format(" {}={}", kUsageBucketNames[i], row.usage.tokens[i]);
        }
      }
    }
    if (row.cost) out += fmt::format(" cost={}", row.cost->value);
    if (row.estimated) out += " estimated";
    if (row.ttft_ns) out += fmt::format(" ttft={}", *row.ttft_ns / kNanosPerMilli);
    out += fmt::format(" | feature={}", row.feature);
    const auto field = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) out += fmt::format(" {}={}", name, value);
    };
    field("workflow", row.workflow);
    field("user", row.user_id);
    field("session", row.session_id);
    field("agent", row.agent);
    field("prompt", row.prompt_name);
    field("version", row.prompt_version);
    field("service", row.service);
    field("env", row.environment);
    field("release", row.release);
    return out + "\n";
  }

  static std::string Print(const TraceRow& row) {
    std::string out = fmt::format(
        "trace '{}' {} [{},{}] spans={} errors={} orphans={} llm={} tools={} {}/{} cost={} "
        "unpriced={} | feature={}",
        row.root_name, Name(row.status), row.start_ns / kNanosPerMilli, row.end_ns / kNanosPerMilli,
        row.spans, row.errors, row.orphans, row.llm_calls, row.tool_calls, row.input_tokens,
        row.output_tokens, row.cost.value, row.unpriced_calls, row.feature);
    if (!row.status_message.empty()) out += fmt::format(" message='{}'", row.status_message);
    if (!row.user_id.empty()) out += fmt::format(" user={}", row.user_id);
    if (!row.session_id.empty()) out += fmt::format(" session={}", row.session_id);
    for (const std::string_view model : row.models) out += fmt::format(" model={}", model);
    return out + "\n";
  }

  std::deque<std::string> texts_;
  std::vector<Span> spans_;
  std::vector<std::string> parents_;  // Names; "" none, "?" one that never comes.
  std::vector<std::string> path_;
  int64_t open_until_ns_ = std::numeric_limits<int64_t>::min();
};

// Runs the cases of a file; the file as it should read.
std::string RunFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string out;
  std::vector<std::string> lines;
  bool expecting = false;
  const auto finish = [&] {
    if (lines.empty()) return;
    std::mt19937_64 random(1);
    const std::string result = Case(lines).Run(random);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(Case(lines).Run(random), result) << lines[0] << ": the order of arrival matters";
    }
    out += "----\n" + result;
    lines.clear();
    expecting = false;
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("case ")) {
      finish();
      if (!out.empty() && !out.ends_with("\n\n")) out += "\n";
      lines.push_back(line);
      out += line + "\n";
    } else if (line == "----") {
      expecting = true;
    } else if (lines.empty()) {
      out += line + "\n";
    } else if (!expecting && !line.empty()) {
      lines.push_back(line);
      out += line + "\n";
    }
  }
  finish();
  return out;
}

TEST(ResolveGolden, EveryFile) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(PITOT_SOURCE_DIR "/tests/golden/resolve")) {
    if (entry.path().extension() != ".test") continue;
    ++files;
    std::ifstream in(entry.path());
    std::ostringstream had;
    had << in.rdbuf();
    const std::string got = RunFile(entry.path());
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      std::ofstream(entry.path()) << got;
    } else {
      EXPECT_EQ(had.str(), got) << entry.path()
                                << ": if the change is right, UPDATE_GOLDEN=1 rewrites the file";
    }
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace pitot
