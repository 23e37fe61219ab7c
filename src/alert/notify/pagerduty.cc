// PagerDuty, Events API v2: one event a notification. All notifications of a group are one incident:
// the dedup_key is made of the group's key, so a resolve closes what a trigger opened, after a restart
// too. Source: PagerDuty, "Events API v2"; limits: summary 1024 bytes, dedup_key 255, body 512 kB.
#include <boost/json.hpp>

#include "alert/notify/channel.h"
#include "alert/notify/http_post.h"
#include "alert/notify/payload.h"
#include "alert/notify/secret.h"
#include "alert/notify/text.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr char kEventsUrl[] = "https://events.pagerduty.com/v2/enqueue";
constexpr size_t kSummaryBytesMax = 1024;
constexpr size_t kBodyBytesMax = 512'000;

std::string_view SeverityName(AlertSeverity severity) {
  switch (severity) {
    case AlertSeverity::kPage:
      return "critical";
    case AlertSeverity::kWarning:
      return "warning";
    case AlertSeverity::kTicket:
      return "warning";
    case AlertSeverity::kInfo:
    case AlertSeverity::kEnd:
      break;
  }
  return "info";
}

json::string Text(std::string_view text) { return json::string(text.data(), text.size()); }

json::object Details(const Notification& notification, const NotificationText& text) {
  json::object details;
  size_t n = 0;
  for (const AlertText& alert : text.alerts) {
    json::object one;
    for (const auto& [name, value] : alert.facts) one[json::string_view(name)] = Text(value);
    for (const TextLink& link : alert.links) one[json::string_view(link.title)] = Text(link.url);
    details[json::string_view(fmt::format("{}. {}", ++n, alert.headline))] = std::move(one);
  }
  const size_t others = text.more.size() + text.left_out;
  if (others > 0) details["more"] = fmt::format("and {} more", others);
  details["group"] = notification.group_key;
  details["notice"] = text.footer;
  return details;
}

json::array Links(const NotificationText& text) {
  json::array links;
  for (const AlertText& alert : text.alerts) {
    for (const TextLink& link : alert.links) {
      links.push_back(json::object{{"href", Text(link.url)}, {"text", Text(link.title)}});
    }
  }
  return links;
}

class PagerDuty final : public Channel {
 public:
  PagerDuty(const ChannelOptions& options, const ChannelContext& context)
      : options_(options),
        context_(context),
        client_(ClientOptionsOf(options, context.user_agent)) {}

  absl::Status Deliver(const Notification& notification, const CancelTokenPtr& cancel) override {
    ASSIGN_OR_RETURN(const std::string routing_key, ReadSecret(options_.secret));
    PostRequest request;
    ASSIGN_OR_RETURN(request.url, ReadSecret(Url()));
    json::object event = Event(notification, routing_key);
    request.body = json::serialize(event);
    if (request.body.size() > kBodyBytesMax) {
      event["payload"].as_object()["custom_details"] =
          json::object{{"error", fmt::format("left out: {} bytes, PagerDuty takes {}",
                                             request.body.size(), kBodyBytesMax)}};
      event["links"] = json::array();
      request.body = json::serialize(event);
    }
    request.timeout = std::chrono::milliseconds(options_.timeout_ns / kNanosPerMilli);
    request.cancel = cancel;
    return Post(client_, request, routing_key).status();
  }

  std::string target() const override {
    const absl::StatusOr<std::string> url = ReadSecret(Url());
    return url.ok() ? HostOf(*url) : std::string(SecretPlace(options_.url));
  }

  bool stays_open() const override { return true; }

 private:
  std::string_view Url() const {
    return options_.url.empty() ? std::string_view(kEventsUrl) : std::string_view(options_.url);
  }

  json::object Event(const Notification& notification, const std::string& routing_key) const {
    json::object event;
    event["routing_key"] = routing_key;
    event["dedup_key"] = DigestToHex(Sha256(notification.group_key));
    event["event_action"] = notification.firing() ? "trigger" : "resolve";
    if (!notification.firing()) return event;
    TextOptions options;
    options.external_url = context_.external_url;
    const NotificationText text = TextOf(notification, options);
    event["client"] = "Pitot";
    if (!context_.external_url.empty()) event["client_url"] = context_.external_url;
    const Alert& first = notification.alerts.front();
    json::object payload;
    payload["summary"] = Shortened(text.title, kSummaryBytesMax);
    payload["source"] = Text(Source(first));
    payload["severity"] = Text(SeverityName(notification.severity()));
    payload["timestamp"] = FormatTime(StartOf(first));
    if (const auto part = first.Label("feature"); !part.empty()) payload["component"] = Text(part);
    if (const auto group = first.Label(kProjectLabel); !group.empty()) {
      payload["group"] = Text(group);
    }
    payload["class"] = Text(first.AlertName());
    payload["custom_details"] = Details(notification, text);
    event["payload"] = std::move(payload);
    event["links"] = Links(text);
    return event;
  }

  // What is affected: PagerDuty wants one word for it.
  std::string Source(const Alert& alert) const {
    for (const std::string_view name : {"provider", "feature", "tool", "project"}) {
      if (const std::string_view value = alert.Label(name); !value.empty()) {
        return std::string(value);
      }
    }
    return "pitot";
  }

  const ChannelOptions options_;
  const ChannelContext context_;
  HttpClient client_;
};

}  // namespace

ChannelOr MakePagerDuty(const ChannelOptions& options, const ChannelContext& context) {
  if (options.secret.empty()) return InvalidArgument("routing_key is missing");
  if (!options.url.empty()) RETURN_IF_ERROR(CheckUrl(options.url));
  return std::make_unique<PagerDuty>(options, context);
}

}  // namespace pitot
