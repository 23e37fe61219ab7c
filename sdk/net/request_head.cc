#include "sdk/net/request_head.h"

#include <algorithm>

#include "sdk/base/text.h"

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

void AppendHeader(std::string_view name, std::string_view value, std::string& head) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

void AppendProxyAuthorization(const Url& proxy, std::string& head) {
  if (proxy.user_info.empty()) return;
  AppendHeader("Proxy-Authorization", "Basic " + Base64(proxy.user_info), head);
}

// What the client decides itself: a second value would contradict how it works.
bool IsClients(std::string_view name) {
  for (const std::string_view own :
       {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}) {
    if (EqualNoCase(name, own)) return true;
  }
  return false;
}

}  // namespace

Failure RequestHead(const HttpRequest& request, const Url& url, const Url* proxy,
                    std::string* head) {
  if (!IsHeaderName(request.method)) {
    return {Error::kUrl, "'" + request.method + "' is not an HTTP method"};
  }
  *head = request.method + " ";
  if (proxy != nullptr) *head += "http://" + url.Authority();
  *head += url.target + " HTTP/1.1\r\n";
  AppendHeader("Host", url.Authority(), *head);
  for (const auto& [name, value] : request.headers) {
    if (!IsHeaderName(name)) return {Error::kUrl, "'" + name + "' is not a header name"};
    if (!IsHeaderValue(value)) {
      return {Error::kUrl,
              "the value of header '" + name + "' has a line break or control character"};
    }
    if (!IsClients(name)) AppendHeader(name, value, *head);
  }
  AppendHeader("Accept-Encoding", "identity", *head);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    AppendHeader("Content-Length", std::to_string(request.body.size()), *head);
  }
  if (proxy != nullptr) AppendProxyAuthorization(*proxy, *head);
  *head += "\r\n";
  return {};
}

std::string ConnectHead(const Url& url, const Url& proxy) {
  std::string head = "CONNECT " + url.HostPort() + " HTTP/1.1\r\n";
  AppendHeader("Host", url.HostPort(), head);
  AppendProxyAuthorization(proxy, head);
  return head + "\r\n";
}

std::string ShownUrl(std::string_view text) {
  text = text.substr(0, text.find_first_of("?#"));
  std::string out;
  const size_t scheme = text.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t at = text.substr(0, text.find('/', begin)).rfind('@');
  out = text.substr(0, begin);
  out += text.substr(at == std::string_view::npos ? begin : at + 1);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  if (out.size() > 200) out.resize(200);
  return out;
}

}  // namespace sdk
}  // namespace pitot
