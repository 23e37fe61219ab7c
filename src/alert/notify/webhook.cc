// Webhook: the body of payload.h by POST, signed where there is a secret:
//   X-Timestamp: seconds since 1970, when it was sent
//   X-Signature: sha256=HEX(HMAC-SHA256(secret, timestamp + "." + body))
// The receiver refuses what is older than it likes, so that a recorded request cannot be played again.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "alert/notify/channel.h"
#include "alert/notify/http_post.h"
#include "alert/notify/payload.h"
#include "alert/notify/secret.h"
#include "base/hex.h"
#include "base/status.h"

namespace pitot {
namespace {

std::string HmacSha256(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &bytes);
  return std::string(reinterpret_cast<const char*>(digest.data()), bytes);
}

class Webhook final : public Channel {
 public:
  Webhook(const ChannelOptions& options, const ChannelContext& context)
      : options_(options),
        context_(context),
        client_(ClientOptionsOf(options, context.user_agent)) {}

  absl::Status Deliver(const Notification& notification, const CancelTokenPtr& cancel) override {
    PostRequest request;
    ASSIGN_OR_RETURN(request.url, ReadSecret(options_.url));
    request.body = WebhookJson(notification, context_.external_url);
    request.timeout = std::chrono::milliseconds(options_.timeout_ns / kNanosPerMilli);
    request.cancel = cancel;
    for (const auto& [name, value] : options_.headers) {
      ASSIGN_OR_RETURN(const std::string text, ReadSecret(value));
      request.headers.Add(name, text);
    }
    std::string secret;
    if (!options_.secret.empty()) {
      ASSIGN_OR_RETURN(secret, ReadSecret(options_.secret));
      const std::string timestamp = std::to_string(context_.clock->Now() / kNanosPerSecond);
      request.headers.Add("X-Timestamp", timestamp);
      request.headers.Add("X-Signature",
                          "sha256=" + ToHex(HmacSha256(secret, timestamp + "." + request.body)));
    }
    return Post(client_, request, secret).status();
  }

  std::string target() const override {
    const absl::StatusOr<std::string> url = ReadSecret(options_.url);
    return url.ok() ? HostOf(*url) : std::string(SecretPlace(options_.url));
  }

 private:
  const ChannelOptions options_;
  const ChannelContext context_;
  HttpClient client_;
};

}  // namespace

ChannelOr MakeWebhook(const ChannelOptions& options, const ChannelContext& context) {
  if (options.url.empty()) return InvalidArgument("url is missing");
  RETURN_IF_ERROR(CheckUrl(options.url));
  return std::make_unique<Webhook>(options, context);
}

}  // namespace pitot
