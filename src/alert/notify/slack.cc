// Slack, in one of two ways.
//
// Incoming webhook: each notification is a message. Slack answers "ok".
//
// Bot (token and channel, scope chat:write): a group's first notification is a message. What changes
// about it (a reminder, a resolution) is edited into that message, so that a channel is not filled with
// the past; alerts that join are news, and an edit wakes nobody: they are a reply to it that the channel
// sees too. Which message a group has is kept in the state log (kind `slack_message`), until all of it is
// resolved. Slack answers HTTP 200 with {"ok":false,"error":...} when it refuses.
//
// Source: Slack, "Sending messages using incoming webhooks", chat.postMessage, chat.update; at most one
// message a second and channel, else HTTP 429 with Retry-After.
#include <boost/json.hpp>
#include <map>

#include "alert/notify/channel.h"
#include "alert/notify/http_post.h"
#include "alert/notify/secret.h"
#include "alert/notify/text.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/text.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr char kApiUrl[] = "https://slack.com/api";
constexpr char kMessageKind[] = "slack_message";
constexpr size_t kTitleBytesMax = 1024;
constexpr size_t kTextBytesMax = 7000;  // Slack folds or cuts what is longer.

json::string Text(std::string_view text) { return json::string(text.data(), text.size()); }

std::string_view Colour(const Notification& notification, const AlertText& alert) {
  if (!alert.firing) return "#2eb886";
  return notification.severity() == AlertSeverity::kPage ? "#d0021b" : "#e8a317";
}

// The parts of a message that both ways share.
json::object MessageOf(const Notification& notification, const std::string& external_url) {
  TextOptions options;
  options.external_url = external_url;
  const NotificationText text = TextOf(notification, options);
  json::array attachments;
  for (const AlertText& alert : text.alerts) {
    json::object one;
    one["color"] = Text(Colour(notification, alert));
    // The only alert's headline is the message's text.
    if (text.alerts.size() > 1) {
      one["title"] = Shortened(SlackEscape(alert.headline), kTitleBytesMax);
    }
    one["fallback"] = Shortened(alert.headline, kTitleBytesMax);
    one["text"] = Shortened(SlackAlert(alert), kTextBytesMax);
    one["mrkdwn_in"] = json::array{"text"};
    attachments.push_back(std::move(one));
  }
  if (!text.more.empty() || text.left_out > 0) {
    std::string rest;
    for (const std::string& line : text.more) rest += "• " + SlackEscape(line) + "\n";
    if (text.left_out > 0) rest += fmt::format("• and {} more\n", text.left_out);
    attachments.push_back(
        json::object{{"text", Shortened(rest, kTextBytesMax)}, {"mrkdwn_in", json::array{"text"}}});
  }
  if (!attachments.empty()) {
    json::object& last = attachments.back().as_object();
    last["footer"] = text.footer;
    last["ts"] = notification.at / kNanosPerSecond;
  }
  json::object message;
  message["text"] = fmt::format("*{}*", SlackEscape(text.title));
  message["attachments"] = std::move(attachments);
  return message;
}

// Where a group's message is.
struct Posted {
  std::string channel;  // Its id, which an edit needs.
  std::string ts;
};

class Slack final : public Channel {
 public:
  Slack(const ChannelOptions& options, const ChannelContext& context)
      : options_(options),
        context_(context),
        client_(ClientOptionsOf(options, context.user_agent)) {}

  absl::Status Deliver(const Notification& notification, const CancelTokenPtr& cancel) override {
    if (options_.token.empty()) return PostToWebhook(notification, cancel);
    return PostAsBot(notification, cancel);
  }

  std::string target() const override {
    if (!options_.token.empty()) return options_.channel;
    const absl::StatusOr<std::string> url = ReadSecret(options_.url);
    return url.ok() ? HostOf(*url) : std::string(SecretPlace(options_.url));
  }

  bool stays_open() const override { return !options_.token.empty(); }

 private:
  PostRequest NewRequest(const CancelTokenPtr& cancel) const {
    PostRequest request;
    request.timeout = std::chrono::milliseconds(options_.timeout_ns / kNanosPerMilli);
    request.cancel = cancel;
    return request;
  }

  absl::Status PostToWebhook(const Notification& notification, const CancelTokenPtr& cancel) {
    PostRequest request = NewRequest(cancel);
    ASSIGN_OR_RETURN(request.url, ReadSecret(options_.url));
    json::object message = MessageOf(notification, context_.external_url);
    if (!options_.channel.empty()) message["channel"] = options_.channel;
    request.body = json::serialize(message);
    ASSIGN_OR_RETURN(const HttpReply reply, Post(client_, request));
    if (TrimText(reply.body) == "ok") return absl::OkStatus();
    return InvalidArgument("{}: answers \"{}\" instead of \"ok\": is this an incoming webhook?",
                           HostOf(request.url), Shortened(reply.body, 100));
  }

  absl::Status PostAsBot(const Notification& notification, const CancelTokenPtr& cancel) {
    json::object message = MessageOf(notification, context_.external_url);
    const std::optional<Posted> before = Find(notification.group_key);
    absl::StatusOr<Posted> posted = absl::InternalError("not sent");
    if (before && notification.reason == NotifyReason::kNewAlerts) {
      json::object reply = message;
      reply["channel"] = before->channel;
      reply["thread_ts"] = before->ts;
      reply["reply_broadcast"] = true;
      RETURN_IF_ERROR(Call("chat.postMessage", reply, cancel).status());
      posted = *before;
    } else if (before) {
      json::object edit = message;
      edit["channel"] = before->channel;
      edit["ts"] = before->ts;
      const absl::Status edited = Call("chat.update", edit, cancel).status();
      posted = edited.ok() ? absl::StatusOr<Posted>(*before) : edited;
    }
    // None yet, or somebody deleted it, or it is too old to be edited.
    if (!before || absl::IsNotFound(posted.status())) {
      message["channel"] = options_.channel;
      posted = Call("chat.postMessage", message, cancel);
    }
    RETURN_IF_ERROR(posted.status());
    Remember(notification, *posted, before);
    return absl::OkStatus();
  }

  // kNotFound: the message cannot be edited (any more).
  absl::StatusOr<Posted> Call(std::string_view method, const json::object& body,
                              const CancelTokenPtr& cancel) {
    PostRequest request = NewRequest(cancel);
    ASSIGN_OR_RETURN(const std::string token, ReadSecret(options_.token));
    request.headers.Add("Authorization", "Bearer " + token);
    request.url =
        fmt::format("{}/{}", options_.urls.empty() ? kApiUrl : options_.urls.front(), method);
    request.body = json::serialize(body);
    ASSIGN_OR_RETURN(const HttpReply reply, Post(client_, request, token));
    boost::system::error_code parse_error;
    const json::value value = json::parse(reply.body, parse_error);
    const json::object* const answer = value.if_object();
    if (parse_error || answer == nullptr) {
      return Unavailable("{}: {} answers something that is not JSON", HostOf(request.url), method);
    }
    const auto text = [answer](json::string_view name) {
      const json::value* const member = answer->if_contains(name);
      return member != nullptr && member->is_string() ? std::string(member->get_string()) : "";
    };
    const json::value* const ok = answer->if_contains("ok");
    if (ok != nullptr && ok->is_bool() && ok->get_bool())
      return Posted{text("channel"), text("ts")};
    return Refusal(method, text("error"));
  }

  static absl::Status Refusal(std::string_view method, const std::string& error) {
    for (const std::string_view passing : {"ratelimited", "rate_limited", "internal_error",
                                           "service_unavailable", "request_timeout"}) {
      if (error == passing) return Unavailable("slack: {}: {}", method, error);
    }
    for (const std::string_view gone :
         {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}) {
      if (error == gone) {
        return Error(absl::StatusCode::kNotFound, "slack: {}: {}", method, error);
      }
    }
    return InvalidArgument("slack: {}: {}", method, error);
  }

  std::string KeyOf(const std::string& group_key) const {
    return fmt::format("{}/{}/{}", context_.receiver, context_.name,
                       DigestToHex(Sha256(group_key)).substr(0, 32));
  }

  std::optional<Posted> Find(const std::string& group_key) {
    const std::string key = KeyOf(group_key);
    MutexLock lock(&mutex_);
    if (const auto found = posted_.find(key); found != posted_.end()) return found->second;
    if (context_.state == nullptr) return std::nullopt;
    const std::optional<StateEvent> event = context_.state->Find(kMessageKind, key);
    if (!event || event->is_deleted) return std::nullopt;
    boost::system::error_code error;
    const json::value body = json::parse(event->body, error);
    if (error || !body.is_object()) return std::nullopt;
    const json::value* const channel = body.get_object().if_contains("channel");
    const json::value* const ts = body.get_object().if_contains("ts");
    if (channel == nullptr || ts == nullptr || !channel->is_string() || !ts->is_string()) {
      return std::nullopt;
    }
    return Posted{std::string(channel->get_string()), std::string(ts->get_string())};
  }

  void Remember(const Notification& notification, const Posted& posted,
                const std::optional<Posted>& before) {
    const std::string key = KeyOf(notification.group_key);
    StateEvent event;
    event.kind = kMessageKind;
    event.id = key;
    event.actor = "pitot";
    event.is_deleted = !notification.firing();
    {
      MutexLock lock(&mutex_);
      if (event.is_deleted) {
        posted_.erase(key);
      } else {
        posted_[key] = posted;
      }
    }
    const bool unchanged = before && before->ts == posted.ts && before->channel == posted.channel;
    if (context_.state == nullptr || (!event.is_deleted && unchanged)) return;
    if (event.is_deleted && !before) return;
    if (!event.is_deleted) {
      event.body = json::serialize(json::object{{"channel", posted.channel}, {"ts", posted.ts}});
    }
    // Without it the next notice is a message of its own: not worth failing this one.
    if (const auto kept = context_.state->Append(event); !kept.ok()) {
      LogWarning("slack: where the message of a group is was not kept: {}", Message(kept.status()));
    }
  }

  const ChannelOptions options_;
  const ChannelContext context_;
  HttpClient client_;
  Mutex mutex_;
  std::map<std::string, Posted> posted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

ChannelOr MakeSlack(const ChannelOptions& options, const ChannelContext& context) {
  if (options.url.empty() == options.token.empty()) {
    return InvalidArgument("give url (an incoming webhook) or token (of a bot), one of them");
  }
  if (!options.token.empty() && options.channel.empty()) {
    return InvalidArgument("channel is missing: a bot needs to be told where to post");
  }
  if (!options.url.empty()) RETURN_IF_ERROR(CheckUrl(options.url));
  return std::make_unique<Slack>(options, context);
}

}  // namespace pitot
