#include "gateway/budget/redis_link.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <charconv>
#include <random>
#include <utility>

#include "base/status.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kRetryAfter(500);

// KEYS: the counter, the generation. ARGV: gateway, a generation if there is none, oldest, limit,
// current, want, keep, wait after a loss (ms), least, then period and amount of each period held.
constexpr std::string_view kScript = R"lua(
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local generation = redis.call('GET', KEYS[2])
if not generation then
  generation = ARGV[2] .. ':' .. string.format('%.0f', now_ms)
  redis.call('SET', KEYS[2], generation)
end
for i = 10, #ARGV, 2 do
  local field = ARGV[1] .. ':' .. ARGV[i]
  if ARGV[i + 1] == '0' then
    redis.call('HDEL', KEYS[1], field)
  else
    redis.call('HSET', KEYS[1], field, ARGV[i + 1])
  end
end
local all = redis.call('HGETALL', KEYS[1])
local mine, others = 0, 0
for i = 1, #all, 2 do
  local cut = string.find(all[i], ':', 1, true)
  if tonumber(string.sub(all[i], cut + 1)) < tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  elseif string.sub(all[i], 1, cut - 1) == ARGV[1] then
    mine = mine + tonumber(all[i + 1])
  else
    others = others + tonumber(all[i + 1])
  end
end
local since = now_ms - tonumber(string.sub(generation, string.find(generation, ':', 1, true) + 1))
local give = math.min(tonumber(ARGV[6]), tonumber(ARGV[4]) - mine - others)
local waits = tonumber(ARGV[6]) > 0 and since < tonumber(ARGV[8])
if give < 0 or give < tonumber(ARGV[9]) or waits then give = 0 end
if give > 0 then
  redis.call('HINCRBY', KEYS[1], ARGV[1] .. ':' .. ARGV[5], string.format('%.0f', give))
end
redis.call('EXPIRE', KEYS[1], ARGV[7])
return {string.format('%.0f', give), string.format('%.0f', others), generation, waits and 1 or 0}
)lua";

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

std::string_view TextOf(const redisReply& reply) { return {reply.str, reply.len}; }

int64_t NumberOf(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return reply.integer;
  const std::string_view text = TextOf(reply);
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string RandomName() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

timeval TimeOf(std::chrono::milliseconds time) {
  return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

}  // namespace

RedisLink::RedisLink(const RedisOptions& options, std::string generation)
    : options_(options), gateway_(RandomName()), generation_(std::move(generation)) {
  // redis://[[user]:password@]host[:port][/database], checked by Validate.
  std::string_view rest = std::string_view(options.url).substr(std::string_view("redis://").size());
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = rest.substr(0, at);
    const size_t colon = login.find(':');
    user_ = login.substr(0, std::min(colon, login.size()));
    if (colon != std::string_view::npos) password_ = login.substr(colon + 1);
    rest.remove_prefix(at + 1);
  }
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    database_ = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }
  const size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos) {
    std::from_chars(rest.data() + colon + 1, rest.data() + rest.size(), port_);
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  host_ = rest;
}

RedisLink::~RedisLink() {
  if (context_ != nullptr) redisFree(context_);
}

absl::Status RedisLink::Fail(std::string_view what) {
  const std::string why = context_ == nullptr  ? "out of memory"
                          : context_->err != 0 ? context_->errstr
                                               : "";
  if (context_ != nullptr) redisFree(context_);
  context_ = nullptr;
  retry_at_ = std::chrono::steady_clock::now() + kRetryAfter;
  last_error_ =
      Unavailable("Redis at {}:{}: {}{}{}", host_, port_, what, why.empty() ? "" : ": ", why);
  return last_error_;
}

absl::StatusOr<std::string> RedisLink::Command(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  const Reply reply(static_cast<redisReply*>(
      redisCommandArgv(context_, static_cast<int>(words.size()), texts.data(), sizes.data())));
  // Never the words themselves: one may be a password.
  if (reply == nullptr) return Fail(words[0]);
  if (reply->type == REDIS_REPLY_ERROR)
    return Fail(fmt::format("{}: {}", words[0], TextOf(*reply)));
  return reply->type == REDIS_REPLY_NIL ? std::string() : std::string(TextOf(*reply));
}

absl::Status RedisLink::Login() {
  if (!password_.empty()) {
    std::vector<std::string> auth = {"AUTH"};
    if (!user_.empty()) auth.push_back(user_);
    auth.push_back(password_);
    RETURN_IF_ERROR(Command(auth).status());
  }
  if (!database_.empty()) RETURN_IF_ERROR(Command({"SELECT", database_}).status());
  ASSIGN_OR_RETURN(script_hash_, Command({"SCRIPT", "LOAD", std::string(kScript)}));
  return absl::OkStatus();
}

absl::Status RedisLink::Connect() {
  if (context_ != nullptr) return absl::OkStatus();
  // Calls that come while it is away are answered at once.
  if (std::chrono::steady_clock::now() < retry_at_) return last_error_;
  context_ = redisConnectWithTimeout(host_.c_str(), port_, TimeOf(options_.timeout));
  if (context_ == nullptr || context_->err != 0) return Fail("connect");
  if (redisSetTimeout(context_, TimeOf(options_.timeout)) != REDIS_OK) return Fail("timeout");
  redisEnableKeepAlive(context_);
  return Login();
}

void RedisLink::Append(const RedisAsk& ask) {
  std::vector<std::string> words = {"EVALSHA",
                                    script_hash_,
                                    "2",
                                    fmt::format("{{{}}}budget:{}", options_.prefix, ask.counter),
                                    fmt::format("{{{}}}generation", options_.prefix),
                                    gateway_,
                                    RandomName(),
                                    fmt::to_string(ask.oldest_s),
                                    fmt::to_string(ask.limit),
                                    fmt::to_string(ask.current_s),
                                    fmt::to_string(ask.want),
                                    fmt::to_string(ask.keep_s),
                                    fmt::to_string(options_.wait_after_loss.count()),
                                    fmt::to_string(ask.least)};
  for (const auto& [start, amount] : ask.held) {
    words.push_back(fmt::to_string(start));
    words.push_back(fmt::to_string(amount));
  }
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_, static_cast<int>(words.size()), texts.data(), sizes.data());
}

absl::Status RedisLink::SawGeneration(const std::string& generation) {
  if (generation_ == generation) return absl::OkStatus();
  const bool lost = !generation_.empty();
  generation_ = generation;
  if (!lost) return absl::OkStatus();
  ++losses_;
  return Unavailable("Redis at {}:{} has lost its data; it is told again", host_, port_);
}

absl::StatusOr<std::vector<RedisGrant>> RedisLink::Lease(std::span<const RedisAsk> asks) {
  RETURN_IF_ERROR(Connect());
  for (const RedisAsk& ask : asks) Append(ask);
  std::vector<RedisGrant> grants;
  std::string generation;
  bool waits = false;
  for (size_t i = 0; i < asks.size(); ++i) {
    void* answer = nullptr;
    if (redisGetReply(context_, &answer) != REDIS_OK || answer == nullptr) return Fail("lease");
    const Reply reply(static_cast<redisReply*>(answer));
    if (reply->type == REDIS_REPLY_ERROR) return Fail(TextOf(*reply));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4) return Fail("not an answer");
    grants.push_back({NumberOf(*reply->element[0]), NumberOf(*reply->element[1])});
    generation = TextOf(*reply->element[2]);
    waits |= NumberOf(*reply->element[3]) != 0;
  }
  if (!generation.empty()) RETURN_IF_ERROR(SawGeneration(generation));
  if (waits) {
    return Unavailable(
        "Redis at {}:{} is new, or has lost its data: what other gateways hold is "
        "awaited",
        host_, port_);
  }
  return grants;
}

absl::Status RedisLink::Check() {
  RETURN_IF_ERROR(Connect());
  ASSIGN_OR_RETURN(const std::string generation,
                   Command({"GET", fmt::format("{{{}}}generation", options_.prefix)}));
  if (!generation.empty()) return SawGeneration(generation);
  // Nobody has spoken since: what is said next makes another.
  if (generation_.empty()) return absl::OkStatus();
  ++losses_;
  generation_.clear();
  return Unavailable("Redis at {}:{} has lost its data; it is told again", host_, port_);
}

}  // namespace pitot
