#include "gateway/options.h"

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "http/url.h"
#include "measure/glob.h"

namespace pitot {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr std::chrono::milliseconds kDeadlineMax = std::chrono::hours(24);

bool GlobOk(std::string_view glob, std::string_view text) {
  return glob.empty() || MatchesGlob(glob, text);
}

absl::Status CheckName(std::string_view name) {
  const bool fine =
      !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
      });
  if (fine) return absl::OkStatus();
  return InvalidArgument(
      "gateway.upstreams: the name \"{}\" must be 1 to {} letters, digits, '-', '_' or '.'", name,
      kNameBytesMax);
}

absl::Status CheckUpstream(const UpstreamOptions& upstream) {
  RETURN_IF_ERROR(CheckName(upstream.name));
  const std::string field = fmt::format("gateway.upstreams.{}", upstream.name);
  const auto url = ParseUrl(upstream.url);
  if (!url.ok()) return Annotate(url.status(), field + ".url");
  if (url->target.find('?') != std::string::npos) {
    return InvalidArgument("{}.url: \"{}\" has a query; give the part before it", field,
                           upstream.url);
  }
  if (!upstream.key.empty() && !upstream.key.starts_with("env:") &&
      !upstream.key.starts_with("file:/")) {
    return InvalidArgument("{}: its key must be named by key_env or key_file", field);
  }
  return upstream.headers.Validate(field + ".headers");
}

}  // namespace

std::vector<UpstreamOptions> BuiltInUpstreams() {
  std::vector<UpstreamOptions> out(3);
  out[0].name = out[0].provider = "anthropic";
  out[0].url = "https://api.anthropic.com";
  out[0].dialect = Dialect::kAnthropic;
  out[1].name = out[1].provider = "openai";
  out[1].url = "https://api.openai.com";
  out[1].dialect = Dialect::kOpenAi;
  out[2].name = "gemini";
  out[2].provider = "gcp.gemini";
  out[2].url = "https://generativelanguage.googleapis.com";
  out[2].dialect = Dialect::kGemini;
  return out;
}

std::vector<UpstreamOptions> AllUpstreams(const std::vector<UpstreamOptions>& configured) {
  std::vector<UpstreamOptions> all = BuiltInUpstreams();
  for (const UpstreamOptions& each : configured) {
    const auto same = std::ranges::find(all, each.name, &UpstreamOptions::name);
    if (same == all.end()) {
      all.push_back(each);
    } else {
      *same = each;
    }
  }
  return all;
}

absl::Status GatewayDeadlines::Validate(std::string_view field) const {
  const std::pair<std::string_view, std::chrono::milliseconds> all[] = {
      {"total", total}, {"first_byte", first_byte}, {"idle", idle}, {"connect", connect}};
  for (const auto& [name, value] : all) {
    if (value < std::chrono::milliseconds(1) || value > kDeadlineMax) {
      return InvalidArgument("{}.{}: {} ms is out of range: 1 ms to 24 h", field, name,
                             value.count());
    }
  }
  return absl::OkStatus();
}

bool RouteOptions::Matches(std::string_view upstream_name, std::string_view model_name,
                           std::string_view feature_name, std::string_view key_name,
                           std::string_view key_id) const {
  return GlobOk(upstream, upstream_name) && GlobOk(model, model_name) &&
         GlobOk(feature, feature_name) && (GlobOk(key, key_name) || GlobOk(key, key_id));
}

absl::Status GatewayOptions::Validate() const {
  for (const UpstreamOptions& upstream : upstreams) RETURN_IF_ERROR(CheckUpstream(upstream));
  const std::vector<UpstreamOptions> known = AllUpstreams(upstreams);
  RETURN_IF_ERROR(deadlines.Validate("gateway.deadlines"));
  RETURN_IF_ERROR(Annotate(retry.Validate(), "gateway.retries"));
  RETURN_IF_ERROR(Annotate(health.Validate(), "gateway.breaker"));
  RETURN_IF_ERROR(Annotate(runs.Validate(), "gateway.loops"));
  for (size_t i = 0; i < routes.size(); ++i) {
    const RouteOptions& route = routes[i];
    const std::string field = fmt::format("gateway.routes[{}]", i);
    std::vector<PlanTarget> targets = route.equal;
    targets.insert(targets.end(), route.fallback.begin(), route.fallback.end());
    const UpstreamOptions* first = nullptr;
    for (const UpstreamOptions& upstream : known) {
      if (upstream.name == route.upstream) first = &upstream;
    }
    for (const PlanTarget& target : targets) {
      const auto upstream = std::ranges::find(known, target.upstream, &UpstreamOptions::name);
      if (upstream == known.end()) {
        std::vector<std::string_view> names;
        for (const UpstreamOptions& each : known) names.push_back(each.name);
        return InvalidArgument("{}: no upstream is named \"{}\"{}", field, target.upstream,
                               DidYouMean(target.upstream, names));
      }
      if (first == nullptr) first = &*upstream;
      if (upstream->dialect != first->dialect) {
        return InvalidArgument(
            "{}: {} speaks {}, {} speaks {}: a call is never translated, so all its targets must "
            "speak the same",
            field, first->name, Name(first->dialect), upstream->name, Name(upstream->dialect));
      }
    }
    if (route.deadlines) RETURN_IF_ERROR(route.deadlines->Validate(field + ".deadlines"));
  }
  return absl::OkStatus();
}

}  // namespace pitot
