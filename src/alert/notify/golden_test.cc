// What people and programs are told, as files: tests/golden/notify/NAME.json is a notification,
// NAME.txt what each channel makes of it. UPDATE_GOLDEN=1 rewrites the texts; read the difference.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "alert/notify/channel.h"
#include "alert/notify/mail.h"
#include "alert/notify/test_server.h"
#include "alert/notify/text.h"
#include "base/file.h"
#include "base/status.h"

namespace pitot {
namespace {

namespace json = boost::json;

const std::string kFolder = std::string(PITOT_SOURCE_DIR) + "/tests/golden/notify/";
constexpr char kExternalUrl[] = "https://pitot.example";

std::string TextAt(const json::object& object, json::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? "" : std::string(value->as_string());
}

std::optional<double> NumberAt(const json::object& object, json::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  return value->to_number<double>();
}

template <typename Map>
Map MapAt(const json::object& object, json::string_view name) {
  Map map;
  if (const json::value* const value = object.if_contains(name)) {
    for (const auto& [key, text] : value->as_object()) map[key] = std::string(text.as_string());
  }
  return map;
}

Alert AlertOf(const json::object& object) {
  Alert alert;
  alert.labels = MapAt<Labels>(object, "labels");
  alert.annotations = MapAt<Annotations>(object, "annotations");
  alert.fingerprint = FingerprintOf(alert.labels);
  alert.value = NumberAt(object, "value");
  alert.threshold = NumberAt(object, "threshold");
  alert.unit = TextAt(object, "unit");
  alert.runbook = TextAt(object, "runbook");
  alert.generator_url = TextAt(object, "generator_url");
  const std::string state = TextAt(object, "state");
  for (size_t i = 0; i < kAlertStateNames.size(); ++i) {
    if (kAlertStateNames[i] == state) alert.state = static_cast<AlertState>(i);
  }
  const auto ago = [&](json::string_view name) {
    const auto minutes = NumberAt(object, name);
    return minutes ? kTestNow - static_cast<int64_t>(*minutes) * kNanosPerMinute : 0;
  };
  alert.active_at = ago("active_minutes_ago");
  alert.fired_at = alert.active_at;
  alert.resolved_at = ago("resolved_minutes_ago");
  alert.flapping = object.contains("flapping");
  if (const std::string by = TextAt(object, "acknowledged_by"); !by.empty()) {
    alert.ack.emplace().by = by;
  }
  if (const json::value* const traces = object.if_contains("traces")) {
    for (const json::value& trace : traces->as_array()) {
      alert.exemplar_trace_ids.emplace_back(trace.as_string());
    }
  }
  return alert;
}

Notification NotificationOf(const json::object& object) {
  Notification notification;
  notification.receiver = "ops";
  notification.group_key = TextAt(object, "group_key");
  notification.group_labels = MapAt<Labels>(object, "group_labels");
  notification.at = kTestNow;
  notification.sequence = 1;
  const std::string reason = TextAt(object, "reason");
  for (size_t i = 0; i < kNotifyReasonNames.size(); ++i) {
    if (kNotifyReasonNames[i] == reason) notification.reason = static_cast<NotifyReason>(i);
  }
  notification.alerts_left_out =
      static_cast<uint64_t>(NumberAt(object, "alerts_left_out").value_or(0));
  for (const json::value& one : object.at("alerts").as_array()) {
    const Alert alert = AlertOf(one.as_object());
    const auto times = static_cast<int>(NumberAt(one.as_object(), "times").value_or(1));
    for (int n = 0; n < times; ++n) {
      Alert copy = alert;
      if (times > 1) {
        copy.labels["model"] = fmt::format("model-{}", n + 1);
        copy.fingerprint = FingerprintOf(copy.labels);
      }
      notification.alerts.push_back(std::move(copy));
    }
  }
  return notification;
}

// A member a line, so that differences can be read.
void Pretty(const json::value& value, size_t depth, std::string& out) {
  const std::string indent(2 * depth + 2, ' ');
  if (const json::object* const object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    size_t n = 0;
    for (const auto& [name, member] : *object) {
      out += indent + json::serialize(json::value(name)) + ": ";
      Pretty(member, depth + 1, out);
      out += ++n < object->size() ? ",\n" : "\n";
    }
    out += std::string(2 * depth, ' ') + "}";
  } else if (const json::array* const array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    for (size_t i = 0; i < array->size(); ++i) {
      out += indent;
      Pretty((*array)[i], depth + 1, out);
      out += i + 1 < array->size() ? ",\n" : "\n";
    }
    out += std::string(2 * depth, ' ') + "]";
  } else {
    out += json::serialize(value);
  }
}

// What a channel posts.
std::string BodyFrom(ChannelOptions options, const Notification& notification) {
  const ScriptedHttpServer server;
  const FakeClock clock(kTestNow);
  ChannelContext context;
  context.receiver = "ops";
  context.name = options.kind;
  context.external_url = kExternalUrl;
  context.user_agent = "pitot/test";
  context.clock = &clock;
  options.url = server.url("/hook");
  const auto channel = MakeChannel(options, context);
  if (!channel.ok()) return std::string(Message(channel.status()));
  if (const absl::Status status = (*channel)->Deliver(notification, nullptr); !status.ok()) {
    return std::string(Message(status));
  }
  std::string text;
  Pretty(json::parse(server.requests().front().body), 0, text);
  return text + "\n";
}

std::string Everything(const Notification& notification) {
  std::string out = "==== text, 80 columns\n";
  TextOptions options;
  options.external_url = kExternalUrl;
  out += PlainText(TextOf(notification, options));
  ChannelOptions channel;
  channel.kind = "slack";
  out += "==== slack\n" + BodyFrom(channel, notification);
  channel.kind = "pagerduty";
  channel.secret = "R0UT1NGKEY";
  out += "==== pagerduty\n" + BodyFrom(channel, notification);
  channel.kind = "webhook";
  out += "==== webhook\n" + BodyFrom(channel, notification);
  std::string mail = MailOf(
      notification, {"Pitot <pitot@pitot.example>", {"oncall@shop.example", "b@shop.example"}},
      kExternalUrl);
  std::erase(mail, '\r');
  return out + "==== e-mail\n" + mail;
}

TEST(NotifyGolden, EachChannelSaysItWell) {
  const auto files = ListFolder(kFolder);
  ASSERT_TRUE(files.ok()) << files.status();
  size_t cases = 0;
  for (const std::string& file : *files) {
    if (!file.ends_with(".json")) continue;
    ++cases;
    const std::string name = file.substr(0, file.size() - 5);
    const auto input = ReadFile(kFolder + file);
    ASSERT_TRUE(input.ok()) << input.status();
    const std::string got = Everything(NotificationOf(json::parse(*input).as_object()));
    const std::string path = kFolder + name + ".txt";
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      ASSERT_TRUE(WriteFileAtomic(path, got).ok());
      continue;
    }
    const auto want = ReadFile(path);
    ASSERT_TRUE(want.ok()) << want.status() << ": run with UPDATE_GOLDEN=1 and read it";
    EXPECT_EQ(got, *want) << "in " << path << "; if it is meant, UPDATE_GOLDEN=1 rewrites it";
  }
  EXPECT_GE(cases, 6u);
}

}  // namespace
}  // namespace pitot
