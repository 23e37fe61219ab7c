#include "gateway/outage/cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "wire/json_text.h"

namespace pitot {
namespace {

constexpr int kDepthMax = 512;
// What an entry costs beside its bytes: list node, table slot, shared answer.
constexpr int64_t kEntryBytes = 512;

// Headers of the request that change what an equal body means.
constexpr std::string_view kMeaning[] = {"anthropic-version", "anthropic-beta", "openai-beta"};

// Headers of an answer that are of one exchange only.
constexpr std::string_view kOfOneExchange[] = {"date",
                                               "age",
                                               "expires",
                                               "set-cookie",
                                               "request-id",
                                               "server",
                                               "x-request-id",
                                               "cf-ray",
                                               "openai-processing-ms",
                                               "retry-after",
                                               "via",
                                               "x-trace-id",
                                               "traceparent",
                                               "cf-cache-status",
                                               "retry-after-ms",
                                               "report-to",
                                               "nel",
                                               "x-cloud-trace-context",
                                               "x-should-retry",
                                               "connection",
                                               "content-length",
                                               "transfer-encoding"};

// Writes a JSON text canonically, in one pass.
class Canonical {
 public:
  explicit Canonical(std::string_view json) : cursor_(json, kDepthMax) {
    out_.reserve(json.size());
  }

  std::optional<std::string> Write() {
    if (!WriteValue(0) || !cursor_.AtEnd()) return std::nullopt;
    return std::move(out_);
  }

 private:
  struct Member {
    size_t begin;
    size_t name_bytes;  // With its quotes.
    size_t end = 0;
  };

  bool WriteValue(int depth) {
    if (depth > kDepthMax) return false;
    switch (cursor_.Peek()) {
      case '{':
        return WriteObject(depth);
      case '[':
        return WriteArray(depth);
      default: {
        std::string_view raw;
        if (!cursor_.Value(&raw)) return false;
        AppendCanonical(raw, out_);
        return true;
      }
    }
  }

  bool WriteArray(int depth) {
    if (!cursor_.Take('[')) return false;
    out_ += '[';
    if (!cursor_.Take(']')) {
      do {
        if (!WriteValue(depth + 1)) return false;
        out_ += ',';
      } while (cursor_.Take(','));
      if (!cursor_.Take(']')) return false;
      out_.pop_back();
    }
    out_ += ']';
    return true;
  }

  bool WriteObject(int depth) {
    if (!cursor_.Take('{')) return false;
    out_ += '{';
    const size_t begin = out_.size();
    std::vector<Member> members;
    if (!cursor_.Take('}')) {
      do {
        if (!members.empty()) out_ += ',';
        Member member{.begin = out_.size()};
        std::string_view raw;
        if (cursor_.Peek() != '"' || !cursor_.Value(&raw) || !cursor_.Take(':')) return false;
        AppendCanonical(raw, out_);
        member.name_bytes = out_.size() - member.begin;
        out_ += ':';
        if (!WriteValue(depth + 1)) return false;
        member.end = out_.size();
        members.push_back(member);
      } while (cursor_.Take(','));
      if (!cursor_.Take('}')) return false;
    }
    if (!Sort(members, begin)) return false;
    out_ += '}';
    return true;
  }

  // False: a name stands twice, and readers differ in which of them counts.
  bool Sort(std::vector<Member>& members, size_t begin) {
    const auto name = [&](const Member& m) {
      return std::string_view(out_).substr(m.begin, m.name_bytes);
    };
    const auto before = [&](const Member& a, const Member& b) { return name(a) < name(b); };
    if (!std::is_sorted(members.begin(), members.end(), before)) {
      std::sort(members.begin(), members.end(), before);
      sorted_.clear();
      for (const Member& m : members) {
        if (!sorted_.empty()) sorted_ += ',';
        sorted_.append(out_, m.begin, m.end - m.begin);
      }
      size_t at = begin;
      for (Member& m : members) {
        const size_t bytes = m.end - m.begin;
        m.begin = at;
        at += bytes + 1;
      }
      out_.replace(begin, std::string::npos, sorted_);
    }
    return std::adjacent_find(members.begin(), members.end(),
                              [&](const Member& a, const Member& b) {
                                return name(a) == name(b);
                              }) == members.end();
  }

  JsonCursor cursor_;
  std::string out_;
  std::string sorted_;
};

int64_t BytesOf(const CachedAnswer& answer) {
  int64_t bytes = kEntryBytes + static_cast<int64_t>(answer.body.size());
  for (size_t i = 0; i < answer.headers.size(); ++i) {
    bytes += static_cast<int64_t>(answer.headers[i].name.size() + answer.headers[i].value.size());
  }
  return bytes;
}

}  // namespace

std::optional<std::string> CanonicalJson(std::string_view json) { return Canonical(json).Write(); }

CacheKey CacheKeyOf(const CacheRequest& request) {
  std::string text;
  // Each part with its length: no two requests read alike.
  const auto add = [&](std::string_view part) {
    fmt::format_to(std::back_inserter(text), "{}:", part.size());
    text += part;
  };
  const std::optional<std::string> canonical = CanonicalJson(request.body);
  const std::string_view body = canonical ? std::string_view(*canonical) : request.body;
  text.reserve(body.size() + 512);
  add(request.project);
  add(request.upstream);
  add(request.credential);
  add(request.method);
  add(request.target);
  for (std::string_view name : kMeaning) {
    add(request.headers == nullptr ? "" : request.headers->Join(name));
  }
  add(canonical ? "json" : "bytes");
  add(body);
  return Sha128(text);
}

bool MayCache(int status, const WireResult& result, int64_t body_bytes, int64_t answer_bytes_max) {
  if (status != 200 || !result.terminal || result.error.any()) return false;
  if (body_bytes > answer_bytes_max) return false;
  switch (result.finish) {
    case FinishReason::kContentFilter:
    case FinishReason::kRefusal:
    case FinishReason::kError:
    case FinishReason::kCancelled:
      return false;
    default:
      return true;
  }
}

HttpHeaders CacheableHeaders(const HttpHeaders& headers) {
  HttpHeaders out;
  for (size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    const bool drop =
        std::any_of(std::begin(kOfOneExchange), std::end(kOfOneExchange),
                    [name = name](std::string_view n) { return EqualsIgnoreCase(n, name); });
    std::string lower(name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (drop || lower.find("ratelimit") != std::string::npos || lower.starts_with("x-pitot-")) {
      continue;
    }
    out.Add(name, value);
  }
  return out;
}

AnswerCache::AnswerCache(int64_t bytes_max) : bytes_max_(bytes_max) {}

std::shared_ptr<const CachedAnswer> AnswerCache::FindLocked(const CacheKey& key, UnixNanos now,
                                                            int64_t stale_ns) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const Order::iterator entry = found->second;
  const CachedAnswer& answer = *entry->answer;
  // A clock that jumped back makes an answer seem to come from the future: it is fresh.
  const int64_t age = now - answer.made_at;
  if (age >= answer.ttl_ns && age - answer.ttl_ns >= stale_ns) return nullptr;
  order_.splice(order_.begin(), order_, entry);
  return entry->answer;
}

std::shared_ptr<const CachedAnswer> AnswerCache::Fresh(const CacheKey& key, UnixNanos now) {
  MutexLock lock(&mutex_);
  auto answer = FindLocked(key, now, 0);
  ++(answer == nullptr ? stats_.misses : stats_.hits);
  return answer;
}

std::shared_ptr<const CachedAnswer> AnswerCache::Stale(const CacheKey& key, UnixNanos now,
                                                       int64_t stale_ns) {
  MutexLock lock(&mutex_);
  auto answer = FindLocked(key, now, stale_ns);
  if (answer != nullptr) ++stats_.stale_hits;
  return answer;
}

void AnswerCache::EraseLocked(Order::iterator entry) {
  stats_.bytes -= entry->bytes;
  by_key_.erase(entry->key);
  order_.erase(entry);
}

void AnswerCache::Put(const CacheKey& key, CachedAnswer answer) {
  const int64_t bytes = BytesOf(answer);
  if (bytes > answer_bytes_max()) return;
  auto shared = std::make_shared<const CachedAnswer>(std::move(answer));
  MutexLock lock(&mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) EraseLocked(found->second);
  order_.push_front({key, std::move(shared), bytes});
  by_key_.emplace(key, order_.begin());
  stats_.bytes += bytes;
  while (stats_.bytes > bytes_max_) {
    EraseLocked(std::prev(order_.end()));
    ++stats_.evicted;
  }
}

void AnswerCache::Clear() {
  MutexLock lock(&mutex_);
  by_key_.clear();
  order_.clear();
  stats_.bytes = 0;
}

AnswerCache::Stats AnswerCache::stats() const {
  MutexLock lock(&mutex_);
  Stats out = stats_;
  out.answers = static_cast<int64_t>(order_.size());
  return out;
}

}  // namespace pitot
