#include "alert/options.h"

#include <algorithm>
#include <set>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

// What a channel cannot do without.
absl::Status CheckChannel(const ChannelOptions& channel) {
  if (channel.kind == "webhook" && channel.url.empty()) return InvalidArgument("url is missing");
  if (channel.kind == "slack") {
    if (channel.url.empty() == channel.token.empty()) {
      return InvalidArgument("give url (an incoming webhook) or token (of a bot), one of them");
    }
    if (!channel.token.empty() && channel.channel.empty()) {
      return InvalidArgument("channel is missing: a bot needs to be told where to post");
    }
  }
  if (channel.kind == "pagerduty" && channel.secret.empty()) {
    return InvalidArgument("routing_key is missing");
  }
  if (channel.kind == "email") {
    if (channel.smarthost.empty()) return InvalidArgument("smarthost is missing: \"host:587\"");
    if (channel.from.empty()) return InvalidArgument("from is missing");
    if (channel.to.empty()) return InvalidArgument("to is missing: a list of addresses");
    if (channel.username.empty() != channel.password.empty()) {
      return InvalidArgument("username and password belong together");
    }
  }
  if (channel.kind == "alertmanager" && channel.urls.empty()) {
    return InvalidArgument("urls is missing: a list of \"http://host:9093\"");
  }
  if (channel.kind == "command" && channel.command.empty()) {
    return InvalidArgument("run is missing: a list of the program and its arguments");
  }
  return absl::OkStatus();
}

absl::Status CheckReceivers(const AlertOptions& options) {
  std::set<std::string_view> names;
  for (const ReceiverOptions& receiver : options.receivers) {
    if (receiver.name.empty()) return InvalidArgument("alerts.receivers: a receiver has no name");
    if (!names.insert(receiver.name).second) {
      return InvalidArgument("alerts.receivers: two have the name \"{}\"", receiver.name);
    }
    if (receiver.channels.empty()) {
      return InvalidArgument(
          "alerts.receivers: \"{}\" has no channel: one or more of webhook, slack, pagerduty, "
          "email, "
          "alertmanager, command",
          receiver.name);
    }
    for (const ChannelOptions& channel : receiver.channels) {
      RETURN_IF_ERROR(Annotate(CheckChannel(channel), fmt::format("alerts.receivers: \"{}\": {}",
                                                                  receiver.name, channel.kind)));
    }
  }
  const auto check = [&](std::string_view field, std::string_view name) -> absl::Status {
    if (names.contains(name)) return absl::OkStatus();
    const std::vector<std::string_view> known(names.begin(), names.end());
    return InvalidArgument("{}: no receiver has the name \"{}\"{}", field, name,
                           DidYouMean(name, known));
  };
  for (size_t i = 0; i < options.routes.size(); ++i) {
    RETURN_IF_ERROR(
        check(fmt::format("alerts.routes[{}].receiver", i), options.routes[i].receiver));
  }
  if (options.default_receiver.empty()) return absl::OkStatus();
  return check("alerts.default_receiver", options.default_receiver);
}

}  // namespace

absl::Status AlertOptions::Validate() const {
  RETURN_IF_ERROR(CheckReceivers(*this));
  std::set<std::string_view> ids;
  for (const CustomRule& rule : custom) {
    if (!ids.insert(rule.spec.id).second) {
      return InvalidArgument("alerts.custom: two rules have the id \"{}\"", rule.spec.id);
    }
  }
  std::set<std::string_view> slo_names;
  for (const SloSpec& slo : slos) {
    RETURN_IF_ERROR(Annotate(slo.Validate(), fmt::format("slos: \"{}\"", slo.name)));
    if (!slo_names.insert(slo.name).second) {
      return InvalidArgument("slos: two have the name \"{}\"", slo.name);
    }
  }
  return absl::OkStatus();
}

}  // namespace pitot
