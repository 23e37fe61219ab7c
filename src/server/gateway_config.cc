#include "server/gateway_config.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kDialects = "anthropic|openai|gemini";
constexpr std::string_view kLoopModes = "off|observe|enforce";
constexpr int64_t kCountMax = 1'000'000'000;

void SetDialect(ConfigSection& section, Dialect& dialect) {
  std::string name(Name(dialect));
  section.OneOf("dialect", kDialects, name);
  for (size_t i = 0; i < kDialectNames.size(); ++i) {
    if (kDialectNames[i] == name) dialect = static_cast<Dialect>(i);
  }
}

// key_env or key_file, as a reference that provider_secret.h reads.
void ReadKeyRef(ConfigSection& section, std::string& ref) {
  std::string env;
  std::string file;
  section.Text("key_env", env);
  section.Text("key_file", file);
  if (!env.empty() && !file.empty()) section.Fail("key_file", "give key_env or key_file, not both");
  if (!env.empty()) ref = "env:" + env;
  if (!file.empty()) ref = "file:" + file;
}

void ReadUpstream(const std::string& name, ConfigSection& section, ServerOptions& options) {
  UpstreamOptions upstream;
  upstream.name = name;
  for (const UpstreamOptions& known : BuiltInUpstreams()) {
    if (known.name == name) upstream = known;
  }
  section.Text("url", upstream.url);
  if (upstream.url.empty()) section.Fail("url", "it is missing: \"https://host\"");
  SetDialect(section, upstream.dialect);
  section.Text("provider", upstream.provider);
  ReadKeyRef(section, upstream.key);
  section.Bool("include_usage", upstream.include_usage);
  section.Text("ca_file", upstream.ca_file);
  section.Section("headers", [&](ConfigSection& headers) {
    headers.Pairs("set", upstream.headers.set);
    headers.Texts("drop", upstream.headers.drop);
    headers.Texts("drop_reply", upstream.headers.drop_reply);
  });
  options.gateway.upstreams.push_back(std::move(upstream));
}

void ReadDeadlines(ConfigSection& section, GatewayDeadlines& deadlines) {
  section.Millis("total", deadlines.total);
  section.Millis("first_byte", deadlines.first_byte);
  section.Millis("idle", deadlines.idle);
  section.Millis("connect", deadlines.connect);
}

void ReadTargets(ConfigSection& route, std::string_view key, std::vector<PlanTarget>& out) {
  route.EachItem(key, [&](ConfigSection& item) {
    PlanTarget target;
    item.Text("upstream", target.upstream);
    item.Text("model", target.model);
    out.push_back(std::move(target));
  });
}

void ReadRoute(ConfigSection& section, ServerOptions& options) {
  RouteOptions route;
  section.Section("match", [&](ConfigSection& match) {
    match.Text("upstream", route.upstream);
    match.Text("model", route.model);
    match.Text("feature", route.feature);
    match.Text("key", route.key);
  });
  ReadTargets(section, "equal", route.equal);
  ReadTargets(section, "fallback", route.fallback);
  if (section.Has("cache")) {
    section.Section("cache", [&](ConfigSection& cache) {
      int64_t ttl = 0;
      cache.Duration("ttl", kNanosPerSecond, 30 * kNanosPerDay, ttl);
      if (ttl == 0) cache.Fail("ttl", "it is missing: \"10m\"");
      route.cache_ttl_ns = ttl;
      cache.Duration("stale", 0, 30 * kNanosPerDay, route.cache_stale_ns);
    });
  }
  section.Text("degraded", route.degraded_text);
  if (section.Has("deadlines")) {
    route.deadlines = options.gateway.deadlines;
    section.Section("deadlines",
                    [&](ConfigSection& deadlines) { ReadDeadlines(deadlines, *route.deadlines); });
  }
  options.gateway.routes.push_back(std::move(route));
}

void ReadThreshold(ConfigSection& loops, std::string_view key, LoopThreshold& out) {
  loops.Section(key, [&](ConfigSection& section) {
    section.Int("warn", 0, kCountMax, out.warn);
    section.Int("block", 0, kCountMax, out.block);
  });
}

void ReadLoops(ConfigSection& section, RunOptions& runs) {
  std::string mode = "observe";
  section.OneOf("mode", kLoopModes, mode);
  runs.mode = mode == "off"       ? LoopMode::kOff
              : mode == "enforce" ? LoopMode::kEnforce
                                  : LoopMode::kObserve;
  LoopOptions& loops = runs.loops;
  ReadThreshold(section, "same_result", loops.same_result);
  ReadThreshold(section, "same_error", loops.same_error);
  ReadThreshold(section, "cycle", loops.cycle);
  ReadThreshold(section, "polling", loops.polling);
  ReadThreshold(section, "nothing_new", loops.nothing_new);
  ReadThreshold(section, "steps", loops.steps);
  ReadThreshold(section, "same_text", loops.same_text);
  ReadThreshold(section, "depth", loops.depth);
  ReadThreshold(section, "fan_out", loops.fan_out);
  section.Section("spend", [&](ConfigSection& spend) {
    spend.Usd("warn_usd", loops.spend_warn);
    spend.Usd("block_usd", loops.spend_block);
    spend.Int("warn_p99", 0, kCountMax, loops.spend_warn_p99);
    spend.Int("block_p99", 0, kCountMax, loops.spend_block_p99);
  });
  section.Int("context_percent", 0, 100, loops.context_percent);
  section.Texts("poll_tools", loops.poll_tools);
  section.Texts("volatile_keys", loops.volatile_keys);
  section.Duration("idle", kNanosPerSecond, 30 * kNanosPerDay, runs.idle_ns);
  section.Duration("person", 0, kNanosPerDay, runs.person_ns);
  std::vector<std::string> blocks;
  section.Texts("blocks", blocks);
  if (section.Has("blocks")) {
    loops.blocks.fill(false);
    for (const std::string& name : blocks) {
      const auto found = std::ranges::find(kDetectorNames, name);
      if (found == kDetectorNames.end()) {
        section.Fail("blocks", fmt::format("\"{}\" is no detector: L1 to L10", name));
      } else {
        loops.blocks[static_cast<size_t>(found - kDetectorNames.begin())] = true;
      }
    }
  }
  section.Section("caps", [&](ConfigSection& caps) {
    caps.Int("steps", 0, kCountMax, loops.run_steps_max);
    caps.Usd("usd", loops.run_usd_max);
    caps.Int("depth", 0, kCountMax, loops.run_depth_max);
  });
}

void ReadRetries(ConfigSection& section, RetryOptions& retry) {
  int64_t attempts = retry.attempts;
  int64_t with_client = retry.attempts_with_client;
  section.Int("attempts", 1, 10, attempts);
  section.Int("attempts_with_client", 1, 100, with_client);
  retry.attempts = static_cast<int>(attempts);
  retry.attempts_with_client = static_cast<int>(with_client);
  section.Millis("backoff", retry.backoff);
  section.Millis("backoff_max", retry.backoff_max);
  section.Millis("retry_after_max", retry.retry_after_max);
}

void ReadBreaker(ConfigSection& section, BreakerOptions& breaker) {
  section.Bool("enabled", breaker.enabled);
  int64_t connect_errors = breaker.connect_errors;
  int64_t calls_min = breaker.calls_min;
  int64_t window_ns = std::chrono::nanoseconds(breaker.window).count();
  section.Int("connect_errors", 1, kCountMax, connect_errors);
  section.Int("calls_min", 1, kCountMax, calls_min);
  section.Number("error_rate", 0.01, 1, breaker.error_rate);
  section.Duration("window", 10 * kNanosPerSecond, 300 * kNanosPerSecond, window_ns);
  section.Millis("open_for", breaker.open_for);
  section.Millis("open_for_max", breaker.open_for_max);
  breaker.connect_errors = static_cast<int>(connect_errors);
  breaker.calls_min = static_cast<int>(calls_min);
  breaker.window =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds(window_ns));
}

void ReadBudget(ConfigSection& section, ServerOptions& options) {
  auto spec = BudgetFromFields(section.AllTexts());
  if (!spec.ok()) return section.Fail(spec.status());
  spec->from_config = true;
  for (const BudgetSpec& other : options.budgets) {
    if (other.id == spec->id) {
      return section.Fail("id", fmt::format("two budgets have the id \"{}\"", spec->id));
    }
  }
  options.budgets.push_back(*std::move(spec));
}

}  // namespace

void ReadGatewayConfig(ConfigSection& gateway, ServerOptions& options) {
  GatewayOptions& out = options.gateway;
  gateway.EachNamed("upstreams", [&](const std::string& name, ConfigSection& section) {
    ReadUpstream(name, section, options);
  });
  gateway.Section("deadlines",
                  [&](ConfigSection& section) { ReadDeadlines(section, out.deadlines); });
  gateway.Section("retries", [&](ConfigSection& section) { ReadRetries(section, out.retry); });
  gateway.Section("breaker",
                  [&](ConfigSection& section) { ReadBreaker(section, out.health.breaker); });
  gateway.Section("loops", [&](ConfigSection& section) { ReadLoops(section, out.runs); });
  gateway.EachItem("budgets", [&](ConfigSection& section) { ReadBudget(section, options); });
  gateway.EachItem("routes", [&](ConfigSection& section) { ReadRoute(section, options); });
  gateway.Section("redis", [&](ConfigSection& section) {
    std::string url_env;
    section.Text("url", options.budget_redis.url);
    section.Text("url_env", url_env);
    if (!url_env.empty()) {
      const auto url = ProcessEnv(url_env);
      if (!url) section.Fail("url_env", fmt::format("the environment has no {}", url_env));
      options.budget_redis.url = url.value_or("");
    }
    section.Text("prefix", options.budget_redis.prefix);
    section.Millis("timeout", options.budget_redis.timeout);
    std::string when_down = "refuse";
    section.OneOf("when_down", "refuse|local", when_down);
    options.budget_redis.local_when_down = when_down == "local";
  });
  gateway.Duration("announce_after", 0, kNanosPerDay, out.announce_after_ns);
  gateway.Int("output_tokens_unknown", 1, kCountMax, out.output_tokens_unknown);
}

void ReadKeyConfig(ConfigSection& item, ServerOptions& options) {
  ConfigKey out;
  item.Text("id", out.key.id);
  item.Text("name", out.key.name);
  item.Text("project", out.key.project);
  item.Text("hash", out.hash);
  item.Text("env", out.env);
  std::vector<std::string> scopes;
  item.Texts("scopes", scopes);
  const auto parsed = ParseScopes(scopes);
  if (!parsed.ok()) return item.Fail("scopes", Message(parsed.status()));
  out.key.scopes = *parsed;
  const auto pairs = [&](std::string_view key, std::map<std::string, std::string>& to) {
    std::vector<std::pair<std::string, std::string>> read;
    item.Pairs(key, read);
    for (auto& [name, value] : read) to[name] = value;
  };
  pairs("defaults", out.key.defaults);
  pairs("pin", out.key.pins);
  pairs("provider_keys", out.key.provider_keys);
  item.Texts("require", out.key.require);
  item.Texts("models", out.key.models);
  if (item.Has("cache")) {
    bool cache = true;
    item.Bool("cache", cache);
    out.key.cache = cache;
  }
  if (item.Has("budget")) {
    item.Section("budget", [&](ConfigSection& budget) {
      BudgetLine line;
      budget.Usd("limit_usd", line.limit);
      budget.OneOf("window", "minute|hour|day|week|month", line.window);
      budget.Text("timezone", line.timezone);
      budget.Bool("hard", line.hard);
      out.key.budget = line;
    });
  }
  options.keys.push_back(std::move(out));
}

std::string PrintGatewayConfig(const ServerOptions& options) {
  const GatewayOptions& gateway = options.gateway;
  const auto ms = [](std::chrono::milliseconds value) {
    return value.count() % 1000 == 0 ? fmt::format("{}s", value.count() / 1000)
                                     : fmt::format("{}ms", value.count());
  };
  std::string out = "gateway:\n  upstreams:\n";
  for (const UpstreamOptions& each : AllUpstreams(gateway.upstreams)) {
    const std::string_view key = each.key;
    out += fmt::format("    {}: {{url: \"{}\", dialect: {}{}{}}}\n", each.name, each.url,
                       Name(each.dialect),
                       key.starts_with("env:")    ? fmt::format(", key_env: {}", key.substr(4))
                       : key.starts_with("file:") ? fmt::format(", key_file: {}", key.substr(5))
                                                  : "",
                       each.include_usage ? "" : ", include_usage: false");
  }
  const GatewayDeadlines& deadlines = gateway.deadlines;
  out += fmt::format("  deadlines: {{total: {}, first_byte: {}, idle: {}, connect: {}}}\n",
                     ms(deadlines.total), ms(deadlines.first_byte), ms(deadlines.idle),
                     ms(deadlines.connect));
  out += fmt::format("  retries: {{attempts: {}, attempts_with_client: {}, backoff: {}}}\n",
                     gateway.retry.attempts, gateway.retry.attempts_with_client,
                     ms(gateway.retry.backoff));
  const std::string_view mode = gateway.runs.mode == LoopMode::kOff       ? "off"
                                : gateway.runs.mode == LoopMode::kEnforce ? "enforce"
                                                                          : "observe";
  out += fmt::format("  loops: {{mode: {}}}\n", mode);
  if (!options.budgets.empty()) out += "  budgets:\n";
  for (const BudgetSpec& spec : options.budgets) {
    out += fmt::format("    - {}\n", BudgetToJson(spec));
  }
  if (!options.budget_redis.url.empty()) {
    out += fmt::format("  redis: {{prefix: \"{}\", timeout: {}, when_down: {}}}\n",
                       options.budget_redis.prefix, ms(options.budget_redis.timeout),
                       options.budget_redis.local_when_down ? "local" : "refuse");
  }
  return out;
}

}  // namespace pitot
