#include "gateway/attribution.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace pitot {
namespace {

using Field = std::string Attribution::*;

// A field, by the names that carry it. Earlier sources win: header, baggage, then other headers.
struct FieldRow {
  std::string_view name;  // In keys: pins, defaults, require.
  Field field;
  std::string_view header;
  std::array<std::string_view, 3> baggage;
  std::string_view other_header;
};
constexpr FieldRow kFields[] = {
    {"feature", &Attribution::feature, "x-pitot-feature", {"pitot.feature", "feature"}, ""},
    {"workflow", &Attribution::workflow, "x-pitot-workflow", {"pitot.workflow"}, ""},
    {"user", &Attribution::user, "x-pitot-user", {"pitot.user", "user.id", "langfuse_user_id"}, ""},
    {"session",
     &Attribution::session,
     "x-pitot-session",
     {"pitot.session", "session.id", "langfuse_session_id"},
     "x-claude-code-session-id"},
    {"prompt", &Attribution::prompt, "x-pitot-prompt", {"pitot.prompt"}, ""},
    {"prompt_version",
     &Attribution::prompt_version,
     "x-pitot-prompt-version",
     {"pitot.prompt_version"},
     ""},
    {"agent", &Attribution::agent, "x-pitot-agent", {"pitot.agent"}, ""},
    {"agent_id", &Attribution::agent_id, "", {"pitot.agent_id"}, "x-claude-code-agent-id"},
    {"parent_agent_id", &Attribution::parent_agent_id, "", {}, "x-claude-code-parent-agent-id"},
    {"environment", &Attribution::environment, "x-pitot-environment", {"pitot.environment"}, ""},
    {"release", &Attribution::release, "x-pitot-release", {"pitot.release"}, ""},
    {"service", &Attribution::service, "x-pitot-service", {"pitot.service"}, ""},
};
constexpr size_t kTagsMax = 32;

// Cut between characters.
std::string_view Bounded(std::string_view value) {
  if (value.size() <= kAttributionBytesMax) return value;
  size_t end = kAttributionBytesMax;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
  return value.substr(0, end);
}

// "a=b,c": a list tag has no value.
void ReadTags(std::string_view text, Attribution& out) {
  for (const std::string_view part : SplitText(text, ',')) {
    const std::string_view tag = TrimOws(part);
    if (tag.empty() || out.tags.size() == kTagsMax) continue;
    const size_t equals = tag.find('=');
    const std::string_view key = TrimOws(tag.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? "" : TrimOws(tag.substr(equals + 1));
    if (!key.empty()) out.tags.emplace_back(Bounded(key), Bounded(value));
  }
}

struct Carriers {
  std::vector<std::string_view> traceparents;
  std::string baggage;
  std::array<std::string_view, std::size(kFields)> own = {};
  std::array<std::string_view, std::size(kFields)> other = {};
};

Carriers FindCarriers(const HttpHeaders& headers, Attribution& out) {
  Carriers found;
  for (size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    if (name.empty()) continue;
    const char first = static_cast<char>(name[0] | 0x20);
    if (first == 't' && EqualsIgnoreCase(name, "traceparent")) {
      found.traceparents.push_back(value);
    } else if (first == 'b' && EqualsIgnoreCase(name, "baggage")) {
      if (!found.baggage.empty()) found.baggage += ',';
      found.baggage += value;
    } else if (first == 'x' && name.size() > 8) {
      if (EqualsIgnoreCase(name, "x-pitot-tags")) {
        ReadTags(value, out);
        continue;
      }
      for (size_t row = 0; row < std::size(kFields); ++row) {
        if (EqualsIgnoreCase(name, kFields[row].header)) found.own[row] = TrimOws(value);
        if (EqualsIgnoreCase(name, kFields[row].other_header)) found.other[row] = TrimOws(value);
      }
    }
  }
  return found;
}

// Claude Code packs its session into Anthropic's metadata.user_id: user_HASH_account_ID_session_ID.
void ReadUser(std::string_view user, Attribution& out) {
  constexpr std::string_view kSession = "_session_";
  const size_t at = user.rfind(kSession);
  if (user.starts_with("user_") && at != std::string_view::npos) {
    if (out.session.empty()) out.session = Bounded(user.substr(at + kSession.size()));
    user = user.substr(0, at);
  }
  out.user = Bounded(user);
}

const FieldRow* FindField(std::string_view name) {
  const auto* row = std::ranges::find(kFields, name, &FieldRow::name);
  return row == std::end(kFields) ? nullptr : row;
}

}  // namespace

Attribution ReadAttribution(const HttpHeaders& headers, const WireRequest& request,
                            const ApiKey* key) {
  Attribution out;
  const Carriers found = FindCarriers(headers, out);
  const std::vector<BaggageMember> baggage =
      found.baggage.empty() ? std::vector<BaggageMember>() : ParseBaggage(found.baggage);
  for (size_t i = 0; i < std::size(kFields); ++i) {
    std::string_view value = found.own[i];
    for (const std::string_view name : kFields[i].baggage) {
      if (!value.empty() || name.empty() || baggage.empty()) break;
      value = FindBaggage(baggage, name).value_or("");
    }
    if (value.empty()) value = found.other[i];
    if (!value.empty()) out.*kFields[i].field = Bounded(value);
  }
  if (out.user.empty()) ReadUser(request.user, out);
  out.run_id = Bounded(TrimOws(headers.Get("x-claude-code-session-id")));
  if (const auto context = ParseTraceContext(found.traceparents, "")) out.parent = context->parent;
  if (const auto depth = FindBaggage(baggage, "pitot.depth")) {
    int value = 0;
    const auto [end, error] = std::from_chars(depth->data(), depth->data() + depth->size(), value);
    if (error == std::errc() && value > 0) out.depth = std::min(value, 1'000'000);
  }
  if (key == nullptr) return out;
  out.project = key->project;
  out.key_id = key->id;
  out.key_name = key->name;
  for (const auto& [name, value] : key->defaults) {
    const FieldRow* row = FindField(name);
    if (row != nullptr && (out.*row->field).empty()) out.*row->field = value;
  }
  for (const auto& [name, value] : key->pins) {
    if (const FieldRow* row = FindField(name)) out.*row->field = value;
  }
  return out;
}

std::vector<std::string_view> MissingAttribution(const ApiKey& key,
                                                 const Attribution& attribution) {
  std::vector<std::string_view> missing;
  for (const std::string& name : key.require) {
    if (name == "traceparent") {
      if (!attribution.parent) missing.push_back(name);
      continue;
    }
    const FieldRow* row = FindField(name);
    if (row != nullptr && (attribution.*row->field).empty()) missing.push_back(name);
  }
  return missing;
}

}  // namespace pitot
