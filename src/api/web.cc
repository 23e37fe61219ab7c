#include "api/web.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "api/router.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kDocument = "/index.html";

// Pages show what others sent. Even if one of them took a payload for markup, these say that nothing
// but our own files runs, that no text becomes script, and that nobody frames us.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const WebFile* FindFile(const WebFiles& web, std::string_view path) {
  const auto found = std::ranges::find(web.files, path, &WebFile::path);
  return found == web.files.end() ? nullptr : &*found;
}

bool IsPage(const WebFiles& web, std::string_view path) {
  std::vector<RoutePattern> patterns;
  for (const std::string_view page : web.pages) patterns.push_back({"GET", page});
  return MatchRoute(patterns, "GET", path).result == RouteMatch::Result::kFound;
}

// Whether Accept-Encoding allows `coding`: "gzip, br;q=0.5"; q=0 forbids.
bool Accepts(std::string_view accept_encoding, std::string_view coding) {
  for (const std::string_view item : SplitText(accept_encoding, ',')) {
    const std::vector<std::string_view> parts = SplitText(item, ';');
    if (!EqualsIgnoreCase(TrimText(parts[0]), coding)) continue;
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::string_view weight = TrimText(parts[i]);
      if (weight.starts_with("q=0") && weight.find_first_not_of("0.", 2) == weight.npos) {
        return false;
      }
    }
    return true;
  }
  return false;
}

struct Form {
  std::string_view coding;  // Empty: as it is.
  std::string_view bytes;
};

Form BestForm(const WebFile& file, std::string_view accept_encoding) {
  Form best{"", file.plain};
  for (const Form& form : {Form{"br", file.brotli}, Form{"gzip", file.gzip}}) {
    if (form.bytes.size() < best.bytes.size() && Accepts(accept_encoding, form.coding)) best = form;
  }
  return best;
}

// One of the list, weakly compared; "*" is any.
bool Matches(std::string_view if_none_match, std::string_view etag) {
  for (const std::string_view item : SplitText(if_none_match, ',')) {
    std::string_view tag = TrimText(item);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
  }
  return false;
}

void AddHeaders(const WebFile& file, std::string_view etag, HttpHeaders& headers) {
  headers.Set("ETag", etag);
  headers.Set("Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  headers.Set("Vary", "Accept-Encoding");
  headers.Set("Content-Security-Policy", kContentSecurityPolicy);
  headers.Set("X-Content-Type-Options", "nosniff");
  headers.Set("X-Frame-Options", "DENY");
  headers.Set("Referrer-Policy", "same-origin");
  headers.Set("Cross-Origin-Opener-Policy", "same-origin");
  headers.Set("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace

bool IsWebPage(const WebFiles& web, const HttpRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") && IsPage(web, request.path);
}

std::optional<HttpResponse> ServeWeb(const WebFiles& web, const HttpRequest& request) {
  const WebFile* file = FindFile(web, IsPage(web, request.path) ? kDocument : request.path);
  if (file == nullptr) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = ErrorResponse(
        405, fmt::format("{} does not answer {}, only GET, HEAD", request.path, request.method));
    response.headers.Set("Allow", "GET, HEAD");
    return response;
  }
  const Form form = BestForm(*file, request.headers.Join("accept-encoding"));
  // Each coding is a representation of its own.
  const std::string etag = form.coding.empty() ? fmt::format("\"{}\"", file->hash)
                                               : fmt::format("\"{}-{}\"", file->hash, form.coding);
  HttpResponse response;
  AddHeaders(*file, etag, response.headers);
  if (Matches(request.headers.Join("if-none-match"), etag)) {
    response.status = 304;
    return response;
  }
  response.headers.Set("Content-Type", file->content_type);
  if (!form.coding.empty()) response.headers.Set("Content-Encoding", form.coding);
  response.body = form.bytes;
  return response;
}

}  // namespace pitot
