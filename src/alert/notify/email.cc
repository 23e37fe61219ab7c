// E-mail by SMTP, with libcurl. STARTTLS is required unless `tls` says otherwise; certificates are
// always verified. One message to all addresses; where the server refuses some of them, the others get
// it and the log names the refusal. SMTP 4xx is tried again, 5xx is not (RFC 5321, 4.2.1).
#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "alert/notify/channel.h"
#include "alert/notify/mail.h"
#include "alert/notify/secret.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

// Once in the process, before any thread calls curl.
void InitCurl() {
  static const CURLcode kDone = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(kDone);
}

struct CurlEnd {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListEnd {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What one delivery reads and writes inside curl's callbacks.
struct Session {
  std::string_view rest;             // Of the mail, not sent yet.
  std::vector<std::string> refused;  // Answers of 4xx and 5xx.
  CancelTokenPtr cancel;
};

size_t ReadMail(char* to, size_t size, size_t count, void* session_pointer) {
  auto& session = *static_cast<Session*>(session_pointer);
  const size_t bytes = std::min(size * count, session.rest.size());
  std::memcpy(to, session.rest.data(), bytes);
  session.rest.remove_prefix(bytes);
  return bytes;
}

// Each line the server answers.
size_t TakeLine(char* data, size_t size, size_t count, void* session_pointer) {
  auto& session = *static_cast<Session*>(session_pointer);
  const std::string_view line = TrimText({data, size * count});
  if (line.size() >= 3 && (line[0] == '4' || line[0] == '5')) session.refused.emplace_back(line);
  return size * count;
}

int CheckCancelled(void* session_pointer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& session = *static_cast<Session*>(session_pointer);
  return session.cancel != nullptr && session.cancel->cancelled() ? 1 : 0;
}

bool IsLoopback(std::string_view smarthost) {
  return smarthost.starts_with("127.") || smarthost.starts_with("localhost:") ||
         smarthost.starts_with("[::1]");
}

class Email final : public Channel {
 public:
  Email(const ChannelOptions& options, const ChannelContext& context)
      : options_(options), context_(context) {
    InitCurl();
  }

  absl::Status Deliver(const Notification& notification, const CancelTokenPtr& cancel) override {
    Session session;
    session.cancel = cancel;
    const std::string mail =
        MailOf(notification, {options_.from, options_.to}, context_.external_url);
    session.rest = mail;
    const std::unique_ptr<CURL, CurlEnd> curl(curl_easy_init());
    if (curl == nullptr) return Internal("curl_easy_init failed");
    std::unique_ptr<curl_slist, ListEnd> to;
    for (const std::string& address : options_.to) {
      to.reset(curl_slist_append(to.release(), BareAddress(address).c_str()));
    }
    RETURN_IF_ERROR(SetUp(curl.get(), session, to.get()));
    char words[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, words);
    const CURLcode code = curl_easy_perform(curl.get());
    if (code == CURLE_OK) {
      for (const std::string& line : session.refused) {
        LogWarning("email to {}: the server refuses a recipient, the others got it: {}",
                   options_.smarthost, line);
      }
      return absl::OkStatus();
    }
    return StatusOf(code, words, session);
  }

  std::string target() const override { return options_.smarthost; }

 private:
  absl::Status SetUp(CURL* curl, Session& session, curl_slist* to) const {
    const bool tls = options_.tls == "tls";
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, tls ? "smtps" : "smtp");
    const std::string url = fmt::format("{}://{}", tls ? "smtps" : "smtp", options_.smarthost);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     static_cast<long>(options_.tls == "none" ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!options_.username.empty()) {
      ASSIGN_OR_RETURN(const std::string password, ReadSecret(options_.password));
      curl_easy_setopt(curl, CURLOPT_USERNAME, options_.username.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, password.c_str());
    }
    const std::string from = BareAddress(options_.from);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &ReadMail);
    curl_easy_setopt(curl, CURLOPT_READDATA, &session);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeLine);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &session);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &CheckCancelled);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &session);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    const auto timeout_ms = static_cast<long>(options_.timeout_ns / kNanosPerMilli);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max(1L, timeout_ms / 1000));
    return absl::OkStatus();
  }

  absl::Status StatusOf(CURLcode code, const char* words, const Session& session) const {
    // The server's own words say more than curl's.
    std::string why = words[0] != '\0' ? words : curl_easy_strerror(code);
    if (!session.refused.empty()) why = "the server says: " + session.refused.back();
    const std::string message = fmt::format("{}: {}", options_.smarthost, why);
    switch (code) {
      case CURLE_ABORTED_BY_CALLBACK:
        return absl::CancelledError(message);
      case CURLE_OPERATION_TIMEDOUT:
        return absl::DeadlineExceededError(message);
      case CURLE_LOGIN_DENIED:
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
        return absl::FailedPreconditionError(message);
      case CURLE_USE_SSL_FAILED:
        return absl::FailedPreconditionError(
            message + " (the server offers no STARTTLS; `tls: tls` is for port 465)");
      default:
        break;
    }
    if (!session.refused.empty() && session.refused.back()[0] == '5') {
      return absl::InvalidArgumentError(message);
    }
    return absl::UnavailableError(message);
  }

  const ChannelOptions options_;
  const ChannelContext context_;
};

}  // namespace

ChannelOr MakeEmail(const ChannelOptions& options, const ChannelContext& context) {
  if (options.smarthost.empty() ||
      options.smarthost.find_first_of("/@ \r\n") != std::string::npos) {
    return InvalidArgument("smarthost is \"{}\": it is a host and a port, \"smtp.example.com:587\"",
                           options.smarthost);
  }
  if (options.tls != "starttls" && options.tls != "tls" && options.tls != "none") {
    return InvalidArgument("tls is \"{}\": it is starttls, tls or none", options.tls);
  }
  if (BareAddress(options.from).empty()) {
    return InvalidArgument("from is \"{}\": it is an address, \"Pitot <pitot@example.com>\"",
                           options.from);
  }
  if (options.to.empty()) return InvalidArgument("to is missing: a list of addresses");
  for (const std::string& address : options.to) {
    if (BareAddress(address).empty()) {
      return InvalidArgument("to holds \"{}\", which is not an address", address);
    }
  }
  if (options.username.empty() != options.password.empty()) {
    return InvalidArgument("username and password belong together");
  }
  if (options.tls == "none" && !options.username.empty() && !IsLoopback(options.smarthost)) {
    return InvalidArgument("tls: none would send the password readable over the network");
  }
  return std::make_unique<Email>(options, context);
}

}  // namespace pitot
