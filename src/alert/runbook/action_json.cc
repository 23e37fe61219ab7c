#include "alert/runbook/action_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "alert/runbook/runbook.h"
#include "base/text.h"
#include "decode/instant.h"
#include "http/message.h"

namespace pitot {
namespace json = boost::json;
namespace {

std::string TimeJson(UnixNanos at) {
  return at == 0 ? "null" : fmt::format("\"{}\"", FormatTimeNanos(at));
}

// The members that are not empty.
class Members {
 public:
  void Text(std::string_view name, std::string_view value) {
    if (!value.empty()) Add(name, QuoteJson(value));
  }
  template <typename T>
  void Number(std::string_view name, T value) {
    if (value != 0) Add(name, fmt::to_string(value));
  }
  std::string Json() const { return "{" + out_ + "}"; }

 private:
  void Add(std::string_view name, std::string_view value) {
    out_ += fmt::format("{}\"{}\":{}", out_.empty() ? "" : ",", name, value);
  }
  std::string out_;
};

std::string SettingsJson(const ActionSettings& settings) {
  Members members;
  members.Text("to_upstream", settings.to_upstream);
  members.Text("to_model", settings.to_model);
  members.Number("share", settings.share);
  members.Number("timeout_s", static_cast<double>(settings.timeout_ns) / kNanosPerSecond);
  members.Number("output_tokens", settings.output_tokens);
  members.Number("request_usd", settings.request_usd);
  members.Number("calls_per_minute", settings.calls_per_minute);
  return members.Json();
}

// A member of an object, as its kind; what is not there is empty.
struct Reader {
  const json::object& object;

  const json::value* Find(const char* name) const { return object.if_contains(name); }
  std::string Text(const char* name) const {
    const json::value* value = Find(name);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? "" : std::string(*text);
  }
  double Number(const char* name) const {
    const json::value* value = Find(name);
    boost::system::error_code error;
    const double number = value == nullptr ? 0 : value->to_number<double>(error);
    return error ? 0 : number;
  }
  UnixNanos Time(const char* name) const { return ParseRfc3339(Text(name)).value_or(0); }
  // The enumerator of that name; the number of names: none.
  template <size_t N>
  size_t Index(const char* name, const std::array<std::string_view, N>& names) const {
    return static_cast<size_t>(std::ranges::find(names, Text(name)) - names.begin());
  }
  Reader Inside(const char* name) const {
    static const json::object kNone;
    const json::value* value = Find(name);
    const json::object* inner = value == nullptr ? nullptr : value->if_object();
    return {inner == nullptr ? kNone : *inner};
  }
};

}  // namespace

std::string TargetJson(const ActionTarget& target) {
  Members members;
  members.Text("project", target.project);
  members.Text("upstream", target.upstream);
  members.Text("model", target.model);
  members.Text("feature", target.feature);
  members.Text("user", target.user);
  members.Text("key", target.key);
  members.Text("trace_id", target.trace_id);
  return members.Json();
}

std::string ActionJson(const Action& action) {
  return fmt::format(
      "{{\"id\":{},\"kind\":\"{}\",\"mode\":\"{}\",\"state\":\"{}\",\"words\":{},\"target\":{},"
      "\"settings\":{},\"ttl_s\":{},\"guard\":{},\"rollback\":{},\"runbook\":{},\"step\":{},"
      "\"alert\":{},\"offered_at\":{},\"applied_at\":{},\"expires_at\":{},\"changed_at\":{},"
      "\"ended_at\":{},\"actor\":{},\"before\":{},\"after\":{},\"result\":{}}}",
      QuoteJson(action.id), Name(action.kind), Name(action.mode), Name(action.state),
      QuoteJson(action.words), TargetJson(action.target), SettingsJson(action.settings),
      action.ttl_ns / kNanosPerSecond, QuoteJson(action.guard), QuoteJson(action.rollback),
      QuoteJson(action.runbook), QuoteJson(action.step),
      action.alert == 0 ? "null" : QuoteJson(FingerprintText(action.alert)),
      TimeJson(action.offered_at), TimeJson(action.applied_at), TimeJson(action.expires_at),
      TimeJson(action.changed_at), TimeJson(action.ended_at), QuoteJson(action.actor),
      QuoteJson(action.before), QuoteJson(action.after), QuoteJson(action.result));
}

std::optional<Action> ActionFromJson(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  const Reader in{value.get_object()};
  const size_t kind = in.Index("kind", kActionKindNames);
  const size_t mode = in.Index("mode", kActionModeNames);
  const size_t state = in.Index("state", kActionStateNames);
  if (kind == kActionKindNames.size() || mode == kActionModeNames.size() ||
      state == kActionStateNames.size()) {
    return std::nullopt;
  }
  Action action;
  action.id = in.Text("id");
  action.kind = static_cast<ActionKind>(kind);
  action.mode = static_cast<ActionMode>(mode);
  action.state = static_cast<ActionState>(state);
  action.words = in.Text("words");
  const Reader target = in.Inside("target");
  action.target = {.project = target.Text("project"),
                   .upstream = target.Text("upstream"),
                   .model = target.Text("model"),
                   .feature = target.Text("feature"),
                   .user = target.Text("user"),
                   .key = target.Text("key"),
                   .trace_id = target.Text("trace_id")};
  const Reader settings = in.Inside("settings");
  action.settings = {
      .to_upstream = settings.Text("to_upstream"),
      .to_model = settings.Text("to_model"),
      .share = settings.Number("share"),
      .timeout_ns = static_cast<int64_t>(settings.Number("timeout_s") * kNanosPerSecond),
      .output_tokens = static_cast<int64_t>(settings.Number("output_tokens")),
      .request_usd = settings.Number("request_usd"),
      .calls_per_minute = settings.Number("calls_per_minute")};
  action.ttl_ns = static_cast<int64_t>(in.Number("ttl_s")) * kNanosPerSecond;
  action.guard = in.Text("guard");
  action.rollback = in.Text("rollback");
  action.runbook = in.Text("runbook");
  action.step = in.Text("step");
  action.alert = ParseFingerprint(in.Text("alert")).value_or(0);
  action.offered_at = in.Time("offered_at");
  action.applied_at = in.Time("applied_at");
  action.expires_at = in.Time("expires_at");
  action.changed_at = in.Time("changed_at");
  action.ended_at = in.Time("ended_at");
  action.actor = in.Text("actor");
  action.before = in.Text("before");
  action.after = in.Text("after");
  action.result = in.Text("result");
  return action;
}

}  // namespace pitot
