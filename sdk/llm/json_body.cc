#include "sdk/llm/json_body.h"

#include <charconv>
#include <cmath>
#include <stdexcept>

#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string_view KindName(char kind) {
  return kind == '[' ? "a JSON array" : kind == '{' ? "a JSON object" : "JSON";
}

std::string_view Trim(std::string_view json) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = json.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return json.substr(begin, json.find_last_not_of(kBlank) - begin + 1);
}

std::string_view Checked(std::string_view json, char kind, std::string_view option) {
  json = Trim(json);
  if (!IsJson(json) || (kind != 0 && json[0] != kind)) {
    throw std::invalid_argument(std::string(option) + " is not " + std::string(KindName(kind)));
  }
  return json;
}

// Of a member as it stood somewhere else: its key may need escapes.
void AppendMember(std::string_view key, std::string_view value, std::string& out) {
  if (out.back() != '{') out += ',';
  AppendQuoted(key, out);
  out += ':';
  out += value;
}

void AppendMessage(std::string_view role, std::string_view text, std::string& out) {
  out += R"({"role":)";
  AppendQuoted(role, out);
  out += R"(,"content":)";
  AppendQuoted(text, out);
  out += '}';
}

// Of an array its elements.
void AppendRaw(std::string_view json, std::string& out) {
  if (!IsArray(json)) {
    out += json;
    return;
  }
  out += Trim(json.substr(1, json.size() - 2));
}

}  // namespace

JsonBody& JsonBody::Text(std::string_view key, std::string_view text) {
  AppendKey(key, out_);
  AppendQuoted(text, out_);
  return *this;
}

JsonBody& JsonBody::Whole(std::string_view key, int64_t value) {
  AppendKey(key, out_);
  out_ += std::to_string(value);
  return *this;
}

JsonBody& JsonBody::Number(std::string_view key, double value) {
  if (!std::isfinite(value)) throw std::invalid_argument(std::string(key) + " is not a number");
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  AppendKey(key, out_);
  out_.append(text, end);
  return *this;
}

JsonBody& JsonBody::Texts(std::string_view key, const std::vector<std::string>& texts) {
  AppendKey(key, out_);
  out_ += '[';
  for (const std::string& text : texts) {
    if (out_.back() != '[') out_ += ',';
    AppendQuoted(text, out_);
  }
  out_ += ']';
  return *this;
}

JsonBody& JsonBody::Json(std::string_view key, std::string_view json, char kind,
                         std::string_view option) {
  const std::string_view checked = Checked(json, kind, option);
  AppendKey(key, out_);
  out_ += checked;
  return *this;
}

JsonBody& JsonBody::Messages(std::string_view key, std::string_view system,
                             const std::vector<LlmMessage>& messages) {
  AppendKey(key, out_);
  out_ += '[';
  if (!system.empty()) AppendMessage("system", system, out_);
  for (const LlmMessage& message : messages) {
    std::string_view json;
    if (!message.json.empty()) {
      json = Checked(message.json, 0, "a message's json");
      if (!IsObject(json) && !IsArray(json)) {
        throw std::invalid_argument("a message's json is neither an object nor an array");
      }
      if (IsArray(json) && Trim(json.substr(1, json.size() - 2)).empty()) continue;
    }
    if (out_.back() != '[') out_ += ',';
    if (json.empty()) {
      AppendMessage(message.role, message.text, out_);
    } else {
      AppendRaw(json, out_);
    }
  }
  out_ += ']';
  return *this;
}

JsonBody& JsonBody::Members(std::string_view json, std::string_view option) {
  if (Trim(json).empty()) return *this;
  VisitObject(Checked(json, '{', option), [this](std::string_view key, std::string_view value) {
    AppendMember(key, value, out_);
  });
  return *this;
}

std::string JsonBody::Take() {
  out_ += '}';
  return std::move(out_);
}

std::string WithStream(std::string_view body) {
  std::string out = "{";
  const bool is_object = VisitObject(Trim(body), [&](std::string_view key, std::string_view value) {
    if (key != "stream") AppendMember(key, value, out);
  });
  if (!is_object) return std::string(body);
  AppendMember("stream", "true", out);
  return out + "}";
}

bool SaysIncludeUsage(std::string_view body) {
  bool says = false;
  VisitObject(Member(body, "stream_options"),
              [&](std::string_view key, std::string_view) { says |= key == "include_usage"; });
  return says;
}

}  // namespace sdk
}  // namespace pitot
