#include "api/login_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/keys/secret.h"

namespace pitot {
namespace {

constexpr size_t kNonceChars = 22;  // 131 bits.

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--text:#1b2430;--dim:#5b6675;
--line:#d5dae1;--accent:#1f6feb;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--back:#0f141a;--card:#171e26;--text:#e6ebf1;--dim:#95a1b0;
--line:#2c3641;--accent:#5b9dff;--bad:#ff8f85}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--back);
color:var(--text);font:15px/1.5 system-ui,sans-serif}
form{box-sizing:border-box;width:min(26rem,calc(100vw - 2rem));padding:1.75rem;
background:var(--card);border:1px solid var(--line);border-radius:10px}
h1{margin:0 0 .25rem;font-size:1.25rem}
p{margin:0 0 1rem;color:var(--dim)}
p.bad{color:var(--bad)}
label{display:block;margin-bottom:.3rem;font-weight:600}
input,button{box-sizing:border-box;width:100%;padding:.55rem .7rem;font:inherit;border-radius:6px}
input{border:1px solid var(--line);background:var(--back);color:var(--text);margin-bottom:1rem}
input:focus-visible,button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
button{border:0;background:var(--accent);color:#fff;font-weight:600;cursor:pointer}
@media(prefers-color-scheme:dark){button{color:#0f141a}}
code{font-size:.9em}
)";

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// `nonce` lets the page's own style in; no script runs, whatever the page shows.
HttpResponse Html(int status, std::string_view nonce, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Set("Content-Type", "text/html; charset=utf-8");
  response.headers.Set("Cache-Control", "no-store");
  response.headers.Set(
      "Content-Security-Policy",
      fmt::format("default-src 'none'; style-src 'nonce-{}'; form-action 'self'; base-uri 'none'; "
                  "frame-ancestors 'none'",
                  nonce));
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("X-Frame-Options", "DENY");
  response.headers.Set("Referrer-Policy", "same-origin");
  response.headers.Set("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.Set("Cross-Origin-Resource-Policy", "same-origin");
  response.body = std::move(body);
  return response;
}

// Somebody followed a link on another site: the browser keeps a SameSite=Strict cookie to itself, and
// sends it once the page asks for itself.
HttpResponse AskAgain(std::string_view target) {
  return Html(200, RandomText(kNonceChars),
              fmt::format("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                          "<meta http-equiv=\"refresh\" content=\"0;url={0}\"><title>Pitot</title>"
                          "<a href=\"{0}\">Go on to Pitot</a></html>",
                          EscapeHtml(target)));
}

}  // namespace

std::string SafeTarget(std::string_view next) {
  // "//host" and "/\host" are other hosts to a browser, which also drops line ends and tabs.
  const bool own = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/\\") &&
                   std::ranges::all_of(next, [](char c) { return c > 0x20 && c < 0x7f; });
  return own ? std::string(next) : "/";
}

HttpResponse LoginPage(const HttpRequest& request, std::string_view error) {
  const std::string target = SafeTarget(request.target);
  if (EqualsIgnoreCase(request.headers.Get("sec-fetch-site"), "cross-site")) {
    return AskAgain(target);
  }
  return LoginPageTo(target, error);
}

HttpResponse LoginPageTo(std::string_view next, std::string_view error) {
  const std::string nonce = RandomText(kNonceChars);
  const std::string words =
      error.empty() ? "<p>This server needs a key. <code>pitot key create</code> makes one.</p>"
                    : fmt::format("<p class=\"bad\" role=\"alert\">{}</p>", EscapeHtml(error));
  return Html(
      401, nonce,
      fmt::format("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\"><title>Pitot: log in"
                  "</title><style nonce=\"{}\">{}</style></head><body>"
                  "<form method=\"post\" action=\"/api/v1/login\"><h1>Pitot</h1>{}"
                  "<label for=\"key\">API key</label>"
                  "<input id=\"key\" name=\"key\" type=\"password\" required autofocus "
                  "autocomplete=\"current-password\" spellcheck=\"false\">"
                  "<input type=\"hidden\" name=\"next\" value=\"{}\">"
                  "<button>Log in</button></form></body></html>",
                  nonce, kStyle, words, EscapeHtml(SafeTarget(next))));
}

}  // namespace pitot
