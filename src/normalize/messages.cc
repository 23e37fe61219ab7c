#include "normalize/messages.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "normalize/message_parts.h"
#include "normalize/value.h"

namespace pitot {
namespace {

using Members = std::vector<JsonMember>;

struct RoleRow {
  std::string_view word;
  std::string_view role;
};
constexpr RoleRow kRoles[] = {{"human", "user"}, {"ai", "assistant"}, {"model", "assistant"}};

constexpr std::string_view kMessageFields[] = {
    "role",          "name",  "parts",   "content",           "tool_calls", "tool_call_id",
    "finish_reason", "index", "message", "reasoning_content", "reasoning",  "cache_control",
    "type",          "id",    "status",  "function_call"};

// What belongs to the answer that an item or part came with, or says nothing.
bool IsNoise(const JsonMember& member) {
  return member.key == "cache_control" || member.key == "logprobs" || member.value == "null" ||
         member.value == "[]";
}
// The same of items of Responses, which many clients resend without these.
constexpr std::string_view kItemFields[] = {"type", "status", "encrypted_content"};

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The value of the first of `names` that is present and not null; empty otherwise.
std::string_view Get(const Members& members, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (name.empty()) break;
    for (const JsonMember& member : members) {
      if (member.key == name && member.value != "null") return member.value;
    }
  }
  return {};
}

// What stands between the quotes of a JSON string; empty for other values.
std::string_view Inside(std::string_view raw) {
  return raw.size() >= 2 && raw[0] == '"' ? raw.substr(1, raw.size() - 2) : std::string_view();
}

// Calls `visit` with each element of an accepted JSON array.
template <typename Visit>
void ForEachElement(std::string_view array, Visit visit) {
  JsonCursor cursor(array);
  if (!cursor.Take('[') || cursor.Peek() == ']') return;
  std::string_view raw;
  do {
    if (!cursor.Value(&raw)) return;
    visit(raw);
  } while (cursor.Take(','));
}

bool LooksLikeMessage(const Members& members) {
  const bool typed = !Get(members, {"type"}).empty();
  return std::ranges::any_of(members, [typed](const JsonMember& m) {
    return m.key == "role" || m.key == "parts" || m.key == "message" || m.key == "tool_calls" ||
           (m.key == "content" && !typed);
  });
}

// The role of an item of Responses, which stands among messages without one; empty for all else.
std::string_view ItemRole(const Members& members) {
  const std::string_view type = Inside(Get(members, {"type"}));
  if (type == "tool_call") return {};  // A part.
  if (type.ends_with("_call_output")) return "tool";
  const bool reasoning = type == "reasoning" && !Get(members, {"summary"}).empty();
  return reasoning || type.ends_with("_call") ? "assistant" : std::string_view();
}

}  // namespace

std::string_view MessageReader::ToPiece() { return arena_.Copy(buffer_); }

void MessageReader::Comma() {
  if (!buffer_.empty() && buffer_.back() != '[') buffer_ += ',';
}

void MessageReader::OpenPart(std::string_view type) {
  Comma();
  buffer_ += R"({"type":")";
  buffer_ += type;
  buffer_ += '"';
}

std::string_view MessageReader::Json(const AttrValue& value) { return AsJson(value, arena_); }

void MessageReader::ReadMessages(const AttrValue& value, std::string_view role,
                                 std::vector<Piece>& out, std::string_view* finish) {
  const std::string_view text = AsText(value, arena_);
  const size_t before = out.size();
  if (TryMessages(text, role, out, finish)) return;
  out.resize(before);
  WriteText(text, role, out);
}

// False when `json` holds no messages (but text, or JSON of another meaning).
bool MessageReader::TryMessages(std::string_view json, std::string_view role,
                                std::vector<Piece>& out, std::string_view* finish) {
  JsonCursor cursor(json);
  const char first = cursor.Peek();
  if (first == '"') {
    // JSON inside a JSON string, as some emitters encode twice.
    std::string_view raw;
    if (!cursor.Value(&raw) || !cursor.AtEnd()) return false;
    std::string inner;
    AppendUnquoted(raw, inner);
    const std::string_view text = arena_.Copy(inner);
    if (text.starts_with('"') || !TryMessages(text, role, out, finish)) WriteText(text, role, out);
    return true;
  }
  if (first == '{') {
    message_.clear();
    if (!cursor.Object(message_) || !cursor.AtEnd()) return false;
    const std::string_view list = Get(message_, {"messages"});
    if (list.starts_with('[')) return TryMessages(list, role, out, finish);
    if (const std::string_view item = ItemRole(message_); !item.empty()) {
      WriteItem(message_, json, item, out);
      return true;
    }
    if (LooksLikeMessage(message_)) {
      WriteMessage(message_, role, out, finish);
      return true;
    }
    if (Inside(Get(message_, {"type"})).empty()) return false;
    StartMessage(role);  // One part.
    WritePart(json);
    EndMessage(out);
    return true;
  }
  if (first != '[' || !cursor.Take('[')) return false;
  if (cursor.Take(']')) return cursor.AtEnd();
  const size_t before = out.size();
  size_t messages = 0;
  do {
    cursor.Peek();
    const char* const from = cursor.position();
    message_.clear();
    std::string_view raw;
    if (cursor.Peek() == '{' ? !cursor.Object(message_) : !cursor.Value(&raw)) return false;
    if (!raw.empty() && raw[0] != '"') return false;  // An array of numbers or lists is a value.
    const bool object = raw.empty();
    raw = {from, static_cast<size_t>(cursor.position() - from)};
    if (const std::string_view item = object ? ItemRole(message_) : ""; !item.empty()) {
      WriteItem(message_, raw, item, out);
      ++messages;
    } else if (object && LooksLikeMessage(message_)) {
      WriteMessage(message_, role, out, finish);
      ++messages;
    } else {
      StartMessage(role);
      WritePart(raw);
      EndMessage(out);
    }
  } while (cursor.Take(','));
  if (!cursor.Take(']') || !cursor.AtEnd()) return false;
  if (messages == 0 && out.size() > before + 1) {
    // Not an array of messages but the parts of one.
    out.resize(before);
    StartMessage(role);
    WriteBlocks(json);
    EndMessage(out);
  }
  return true;
}

void MessageReader::StartMessage(std::string_view role) {
  buffer_ = R"({"role":")";
  buffer_ += role;
  buffer_ += R"(","parts":[)";
}

void MessageReader::EndMessage(std::vector<Piece>& out) {
  buffer_ += "]}";
  out.push_back({ToPiece(), {}});
}

void MessageReader::ReadEvent(std::span<const Attr> attributes, std::string_view role,
                              std::vector<Piece>& out, std::string_view* finish) {
  // An attribute is a member, but for the convention's own that say nothing of the message. `id` is
  // the tool call's: older events called it so.
  message_.clear();
  for (const Attr& attr : attributes) {
    if (attr.key == "gen_ai.system" || attr.key == "gen_ai.provider.name" ||
        attr.key == "event.name") {
      continue;
    }
    std::string_view raw = Json(attr.value);
    // A map or list that came as text is read as what it is.
    if (attr.value.type == AttrType::kString &&
        (attr.key == "message" || attr.key == "tool_calls" || attr.key == "content" ||
         attr.key == "parts")) {
      const std::string_view text = attr.value.text;
      if ((text.starts_with('{') || text.starts_with('[')) && IsJson(text)) raw = text;
    }
    const bool tool_id = attr.key == "id" && role == "tool";
    message_.push_back({tool_id ? std::string_view("tool_call_id") : attr.key, raw});
  }
  // A choice may give its message as bare text.
  for (JsonMember& member : message_) {
    if (member.key == "message" && !member.value.starts_with('{')) member.key = "content";
  }
  WriteMessage(message_, role, out, finish);
}

void MessageReader::WriteMessage(const Members& members, std::string_view role,
                                 std::vector<Piece>& out, std::string_view* finish) {
  if (finish != nullptr && finish->empty()) {
    const std::string_view reason = Inside(Get(members, {"finish_reason"}));
    if (!reason.empty()) *finish = arena_.Copy(reason);
  }
  const std::string_view wrapped = Get(members, {"message"});
  if (wrapped.starts_with('{') && &members != &wrapped_) {
    wrapped_.clear();
    if (JsonCursor(wrapped).Object(wrapped_)) {
      WriteMessage(wrapped_, role, out, finish);
      return;
    }
  }
  const std::string_view own_role = Inside(Get(members, {"role"}));
  if (!own_role.empty()) role = own_role;
  for (const RoleRow& row : kRoles) {
    if (role == row.word) role = row.role;
  }
  buffer_ = R"({"role":")";
  buffer_ += role;
  buffer_ += '"';
  if (const std::string_view name = Get(members, {"name"}); !Inside(name).empty()) {
    buffer_ += R"(,"name":)";
    AppendCanonical(name, buffer_);
  }
  buffer_ += R"(,"parts":[)";
  if (const std::string_view thought = Get(members, {"reasoning_content", "reasoning"});
      !Inside(thought).empty()) {
    OpenPart("reasoning");
    buffer_ += R"(,"content":)";
    AppendCanonical(thought, buffer_);
    buffer_ += '}';
  }
  WriteContent(members, Get(members, {"parts", "content"}), role == "tool");
  if (const std::string_view calls = Get(members, {"tool_calls"}); calls.starts_with('[')) {
    WriteBlocks(calls);
  }
  if (const std::string_view call = Get(members, {"function_call"}); call.starts_with('{')) {
    WritePart(call);  // OpenAI's older form.
  }
  buffer_ += ']';
  for (const JsonMember& member : members) {
    if (IsNoise(member) || Contains(kMessageFields, member.key)) continue;
    buffer_ += ",\"";
    buffer_ += member.key;
    buffer_ += "\":";
    AppendCanonical(member.value, buffer_);
  }
  buffer_ += '}';
  out.push_back({ToPiece(), {}});
}

void MessageReader::WriteItem(const Members& item, std::string_view raw, std::string_view role,
                              std::vector<Piece>& out) {
  const std::string_view type = Inside(Get(item, {"type"}));
  StartMessage(role);
  if (type == "reasoning") {
    WriteThoughts(item);
  } else if (FindPart(type) == nullptr) {
    AppendCanonical(raw, buffer_);
  } else {
    inner_.clear();
    const bool has_call_id = !Get(item, {"call_id"}).empty();
    for (const JsonMember& member : item) {
      const bool own_id = has_call_id && member.key == "id";
      if (!own_id && !Contains(kItemFields, member.key)) inner_.push_back(member);
    }
    WriteTypedPart(inner_, type, raw);
  }
  EndMessage(out);
}

// Summary and content of a reasoning item, a paragraph each.
void MessageReader::WriteThoughts(const Members& item) {
  std::string text = "\"";
  for (const std::string_view list : {Get(item, {"summary"}), Get(item, {"content"})}) {
    ForEachElement(list, [&](std::string_view element) {
      inner_.clear();
      if (!JsonCursor(element).Object(inner_)) return;
      if (text.size() > 1) text += R"(\n\n)";
      text += Inside(Get(inner_, {"text"}));
    });
  }
  text += '"';
  OpenPart("reasoning");
  buffer_ += R"(,"content":)";
  AppendCanonical(text, buffer_);
  buffer_ += '}';
}

void MessageReader::WriteText(std::string_view text, std::string_view role,
                              std::vector<Piece>& out) {
  StartMessage(role);
  buffer_ += R"({"type":"text","content":)";
  AppendQuoted(text, buffer_);
  buffer_ += '}';
  EndMessage(out);
}

void MessageReader::ReadParts(const AttrValue& value, std::string_view role,
                              std::vector<Piece>& out) {
  std::string_view text = AsText(value, arena_);
  if (text.starts_with('"') && IsJson(text)) {
    std::string inner;
    AppendUnquoted(text, inner);
    text = arena_.Copy(inner);
  }
  if ((!text.starts_with('[') && !text.starts_with('{')) || !IsJson(text)) {
    WriteText(text, role, out);
    return;
  }
  StartMessage(role);
  if (text.starts_with('[')) {
    WriteBlocks(text);
  } else {
    WritePart(text);
  }
  EndMessage(out);
}

void MessageReader::ReadValue(const AttrValue& value, std::vector<Piece>& out) {
  const std::string_view text = AsText(value, arena_);
  JsonCursor cursor(text);
  const char first = cursor.Peek();
  std::string_view raw;
  if ((first != '{' && first != '[' && first != '"') || !cursor.Value(&raw) || !cursor.AtEnd()) {
    out.push_back({text, {}});
    return;
  }
  buffer_.clear();
  if (first == '"') {
    WriteUnwrapped(raw);
    if (buffer_.starts_with('"')) {  // A string after all: its content.
      buffer_.clear();
      AppendUnquoted(raw, buffer_);
    }
  } else {
    AppendCanonical(raw, buffer_);
  }
  out.push_back({ToPiece(), {}});
}

void MessageReader::WriteContent(const Members& members, std::string_view raw, bool tool_result) {
  if (raw.empty()) return;
  const std::string_view call = Get(members, {"tool_call_id"});
  // {"role":"tool","tool_call_id":..,"content":..}; content that is parts already names its own id.
  if (tool_result && !call.empty() && Get(members, {"parts"}).empty()) {
    OpenPart("tool_result");
    buffer_ += R"(,"id":)";
    AppendCanonical(call, buffer_);
    buffer_ += R"(,"result":)";
    WriteUnwrapped(raw);
    buffer_ += '}';
  } else if (raw[0] == '[') {
    WriteBlocks(raw);
  } else if (raw != R"("")") {
    WritePart(raw);
  }
}

void MessageReader::WriteBlocks(std::string_view raw) {
  ForEachElement(raw, [this](std::string_view element) { WritePart(element); });
}

void MessageReader::WritePart(std::string_view raw) {
  if (raw[0] != '{') {
    if (raw == "null") return;
    OpenPart(raw[0] == '"' ? "text" : "other");
    buffer_ += R"(,"content":)";
    AppendCanonical(raw, buffer_);
    buffer_ += '}';
    return;
  }
  part_.clear();
  if (!JsonCursor(raw).Object(part_)) return;
  const std::string_view type = Inside(Get(part_, {"type"}));
  for (const WrapperRow& row : PartWrappers()) {
    const std::string_view inside = Get(part_, {row.member});
    if (!inside.starts_with('{') || (!type.empty() && type != row.member)) continue;
    inner_.clear();
    if (!JsonCursor(inside).Object(inner_)) continue;
    // OpenAI keeps the id beside the function, not in it.
    if (const std::string_view id = Get(part_, {"id"}); !id.empty()) inner_.push_back({"id", id});
    std::swap(part_, inner_);
    WriteTypedPart(part_, row.type, raw);
    return;
  }
  if (Get(part_, {"thought"}) == "true") {  // Gemini.
    std::erase_if(part_, [](const JsonMember& member) { return member.key == "thought"; });
    WriteTypedPart(part_, "reasoning", raw);
    return;
  }
  const bool bare_text = type.empty() && !Get(part_, {"text"}).empty();
  const bool bare_call =
      type.empty() && !Get(part_, {"name"}).empty() && !Get(part_, {"arguments"}).empty();
  WriteTypedPart(part_, bare_text ? "text" : bare_call ? "tool_call" : type, raw);
}

void MessageReader::WriteTypedPart(const Members& members, std::string_view type,
                                   std::string_view raw) {
  const PartRow* const row = FindPart(type);
  if (row == nullptr) {
    Comma();
    AppendCanonical(raw, buffer_);
    return;
  }
  OpenPart(row->type);
  for (const PartField& field : row->fields) {
    if (field.name.empty()) break;
    const auto& f = field.from;
    const std::string_view value = Get(members, {f[0], f[1], f[2], f[3], f[4], f[5], f[6]});
    if (value.empty()) continue;
    buffer_ += ",\"";
    buffer_ += field.name;
    buffer_ += "\":";
    if (field.unwrap) {
      WriteUnwrapped(value);
    } else {
      AppendCanonical(value, buffer_);
    }
  }
  for (const JsonMember& member : members) {
    const bool known = std::ranges::any_of(
        row->fields, [&](const PartField& field) { return Contains(field.from, member.key); });
    if (known || member.key == "type" || IsNoise(member)) continue;
    buffer_ += ",\"";
    buffer_ += member.key;
    buffer_ += "\":";
    AppendCanonical(member.value, buffer_);
  }
  buffer_ += '}';
}

// Appends `raw`; a string that holds a JSON object or array becomes that.
void MessageReader::WriteUnwrapped(std::string_view raw) {
  const std::string_view inside = Inside(raw);
  if (inside.starts_with('{') || inside.starts_with('[')) {
    unquoted_.clear();
    AppendUnquoted(raw, unquoted_);
    if (IsJson(unquoted_)) {
      AppendCanonical(unquoted_, buffer_);
      return;
    }
  }
  AppendCanonical(raw, buffer_);
}

}  // namespace pitot
