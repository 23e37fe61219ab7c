#include "gateway/upstreams.h"

#include <algorithm>

#include "base/status.h"

namespace pitot {
namespace {

// Where each dialect's API wants its key. OpenAI-like servers take a bearer token.
std::string_view CredentialHeader(Dialect dialect) {
  switch (dialect) {
    case Dialect::kAnthropic:
      return "x-api-key";
    case Dialect::kGemini:
      return "x-goog-api-key";
    case Dialect::kOpenAi:
    case Dialect::kEnd:
      break;
  }
  return "authorization";
}

}  // namespace

std::string Upstream::CredentialValue(std::string_view secret) const {
  return credential_header == "authorization" ? fmt::format("Bearer {}", secret)
                                              : std::string(secret);
}

absl::StatusOr<std::unique_ptr<Upstreams>> Upstreams::Open(
    const std::vector<UpstreamOptions>& options) {
  auto out = std::make_unique<Upstreams>();
  std::vector<UpstreamOptions> all = AllUpstreams(options);
  for (UpstreamOptions& each : all) {
    auto upstream = std::make_unique<Upstream>();
    ASSIGN_OR_RETURN(upstream->base, ParseUrl(each.url));
    std::string& path = upstream->base.target;
    while (path.ends_with('/')) path.pop_back();
    std::unique_ptr<AsyncClient>& client = out->clients_[each.ca_file];
    if (client == nullptr) {
      client = std::make_unique<AsyncClient>(AsyncClient::Options{.ca_file = each.ca_file});
    }
    upstream->client = client.get();
    upstream->credential_header = CredentialHeader(each.dialect);
    upstream->options = std::move(each);
    out->upstreams_.push_back(std::move(upstream));
  }
  return out;
}

const Upstream* Upstreams::Find(std::string_view name) const {
  for (const auto& upstream : upstreams_) {
    if (upstream->options.name == name) return upstream.get();
  }
  return nullptr;
}

std::vector<std::string_view> Upstreams::Names() const {
  std::vector<std::string_view> names;
  for (const auto& upstream : upstreams_) names.push_back(upstream->options.name);
  std::ranges::sort(names);
  return names;
}

}  // namespace pitot
