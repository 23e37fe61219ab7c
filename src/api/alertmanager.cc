#include "api/alertmanager.h"

#include "api/alert_view.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {

absl::StatusOr<Matchers> ReadV2Filters(const ApiCall& call) {
  Matchers all;
  for (const auto& [name, value] : call.request.query) {
    if (name != "filter") continue;
    ASSIGN_OR_RETURN(Matchers some, ParseMatchers(value));
    for (LabelMatcher& one : some) all.push_back(std::move(one));
  }
  return all;
}

HttpResponse V2Error(const absl::Status& status) {
  HttpResponse response = StatusResponse(status);
  if (response.status < 500) response.body = QuoteJson(Message(status)) + "\n";
  return response;
}

void SendV2(ApiCall& call, absl::StatusOr<std::string> json) {
  if (!json.ok()) return call.responder.Send(V2Error(json.status()));
  call.responder.Send(JsonResponse(200, *std::move(json)));
}

namespace {

// Of Prometheus: 1h30m, no fractions below a millisecond.
std::string PromDuration(int64_t ns) {
  const int64_t ms = ns / kNanosPerMilli;
  std::string out;
  const auto unit = [&](int64_t size, const char* name, int64_t of) {
    const int64_t n = of == 0 ? ms / size : ms / size % of;
    if (n > 0) out += fmt::format("{}{}", n, name);
  };
  unit(3'600'000, "h", 0);
  unit(60'000, "m", 60);
  unit(1'000, "s", 60);
  unit(1, "ms", 1'000);
  return out.empty() ? "0s" : out;
}

// JSON texts are YAML texts too.
std::string YamlReceiver(std::string_view name) {
  return QuoteJson(name.empty() ? "(nobody)" : name);
}

std::string RouteYaml(const RouteRule& route) {
  std::vector<std::string> matchers;
  for (const LabelMatcher& matcher : route.match) matchers.push_back(matcher.Text());
  std::string out = fmt::format("  - receiver: {}\n    matchers: {}\n    continue: {}\n",
                                YamlReceiver(route.receiver), TextsJson(matchers), route.goes_on);
  if (!route.group_by.empty()) out += fmt::format("    group_by: {}\n", TextsJson(route.group_by));
  const auto time = [&](const char* name, const std::optional<int64_t>& ns) {
    if (ns) out += fmt::format("    {}: {}\n", name, PromDuration(*ns));
  };
  time("group_wait", route.group_wait_ns);
  time("group_interval", route.group_interval_ns);
  time("repeat_interval", route.repeat_interval_ns);
  return out;
}

}  // namespace

std::string AlertmanagerConfig(const AlertOptions& options) {
  std::string out = fmt::format(
      "route:\n  receiver: {}\n  group_by: {}\n  group_wait: {}\n  group_interval: {}\n"
      "  repeat_interval: {}\n",
      YamlReceiver(options.default_receiver), TextsJson(options.group_by),
      PromDuration(options.group_wait_ns), PromDuration(options.group_interval_ns),
      PromDuration(options.repeat_interval_ns));
  if (!options.routes.empty()) out += "  routes:\n";
  for (const RouteRule& route : options.routes) out += RouteYaml(route);
  out += "receivers:\n";
  if (options.default_receiver.empty()) out += fmt::format("- name: {}\n", YamlReceiver(""));
  for (const ReceiverOptions& receiver : options.receivers) {
    out += fmt::format("- name: {}\n", YamlReceiver(receiver.name));
  }
  return out;
}

}  // namespace pitot
