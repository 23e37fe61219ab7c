#include "sdk/llm/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>

#include "pitot/propagation.h"

namespace pitot {
inline namespace sdk {
namespace {

bool IsHostOrBelow(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  host.remove_suffix(domain.size());
  return host.empty() || host.ends_with('.');
}

bool IsPrivateV4(uint32_t address) {
  return address >> 24 == 10 || address >> 24 == 127 || address >> 20 == 0xac1 ||
         address >> 16 == 0xc0a8 || address >> 16 == 0xa9fe;
}

}  // namespace

std::string JoinUrl(std::string_view base, std::string_view path) {
  const size_t query = std::min(base.find('?'), base.size());
  std::string out(base.substr(0, query));
  while (out.ends_with('/')) out.pop_back();
  out += path;
  out += base.substr(query);
  return out;
}

bool IsProvidersHost(const Url& url) {
  return IsHostOrBelow(url.host, "anthropic.com") || IsHostOrBelow(url.host, "openai.com");
}

bool IsOwnNetwork(const Url& url) {
  in_addr v4;
  if (::inet_pton(AF_INET, url.host.c_str(), &v4) == 1) return IsPrivateV4(ntohl(v4.s_addr));
  in6_addr v6;
  if (::inet_pton(AF_INET6, url.host.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
           (v6.s6_addr[0] & 0xfe) == 0xfc;
  }
  if (url.IsLoopback() || url.host.find('.') == std::string::npos) return true;
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{".internal", ".local", ".lan", ".cluster.local"},
      [&](std::string_view zone) { return url.host.ends_with(zone); });
}

void AppendTraceHeaders(const Context& context, const Url& url, bool gateway, HeaderList& headers) {
  if (!gateway && IsProvidersHost(url)) return;
  inject(context, headers, {.baggage = gateway || IsOwnNetwork(url)});
}

void AppendTagHeaders(const Tags& tags, HeaderList& headers) {
  const std::pair<std::string_view, const std::string&> all[] = {
      {"x-pitot-feature", tags.feature},
      {"x-pitot-workflow", tags.workflow},
      {"x-pitot-user", tags.user},
      {"x-pitot-session", tags.session},
      {"x-pitot-agent", tags.agent},
      {"x-pitot-prompt", tags.prompt},
      {"x-pitot-prompt-version", tags.prompt_version}};
  for (const auto& [name, value] : all) {
    if (value.empty()) continue;
    std::string text = value;
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
    headers.emplace_back(name, std::move(text));
  }
}

void Overlay(const HeaderList& over, HeaderList& headers) {
  std::erase_if(headers, [&](const auto& header) {
    return std::ranges::any_of(
        over, [&](const auto& other) { return EqualNoCase(header.first, other.first); });
  });
  headers.insert(headers.end(), over.begin(), over.end());
}

}  // namespace sdk
}  // namespace pitot
