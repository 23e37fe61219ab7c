#include "query/story/text.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "http/message.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kDepthMax = 512;  // As limits.depth may be at most.

json::value Parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  return error ? json::value() : value;
}

// At most `bytes` of valid UTF-8, not ending inside a character.
std::string_view Beginning(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

std::string_view TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? View(value->get_string()) : std::string_view();
}

void AppendCutValue(const json::value& value, size_t bytes_max, std::string& out) {
  if (value.is_string()) {
    const std::string_view text = View(value.get_string());
    out += CutText(text, text.size(), bytes_max);
    return;
  }
  const std::string text = json::serialize(value);
  if (text.size() <= bytes_max) {
    out += text;
  } else {
    out += CutText(text, text.size(), bytes_max);
  }
}

void AppendCutObject(const json::object& object, size_t bytes_max, std::string& out) {
  out += '{';
  for (const auto& [key, value] : object) {
    if (out.back() != '{') out += ',';
    const std::string_view name{key.data(), key.size()};
    out += QuoteJson(name);
    out += ':';
    AppendCutValue(value, bytes_max, out);
  }
  out += '}';
}

}  // namespace

std::string CutText(std::string_view text, uint64_t bytes, size_t bytes_max) {
  if (text.size() == bytes && bytes <= bytes_max) return QuoteJson(text);
  return fmt::format("{{\"cut\":true,\"bytes\":{},\"text\":{}}}", bytes,
                     QuoteJson(Beginning(text, bytes_max)));
}

std::string MessageJson(const StoryPiece& piece, size_t bytes_max) {
  if (!piece.missing.empty()) return fmt::format("{{\"missing_payload\":\"{}\"}}", piece.missing);
  const json::value message = piece.whole() ? Parse(piece.text) : json::value();
  if (!message.is_object()) {
    return fmt::format("{{\"role\":null,\"parts\":[{{\"type\":\"text\",\"content\":{}}}]}}",
                       CutText(piece.text, piece.bytes, bytes_max));
  }
  if (piece.bytes <= bytes_max) return std::string(piece.text);
  std::string out = "{";
  for (const auto& [key, value] : message.get_object()) {
    if (out.back() != '{') out += ',';
    const std::string_view name{key.data(), key.size()};
    out += QuoteJson(name);
    out += ':';
    if (name != "parts" || !value.is_array()) {
      AppendCutValue(value, bytes_max, out);
      continue;
    }
    out += '[';
    for (const json::value& part : value.get_array()) {
      if (out.back() != '[') out += ',';
      if (part.is_object()) {
        AppendCutObject(part.get_object(), bytes_max, out);
      } else {
        AppendCutValue(part, bytes_max, out);
      }
    }
    out += ']';
  }
  out += '}';
  return out;
}

std::string ValueJson(const StoryPiece& piece, size_t bytes_max) {
  if (!piece.missing.empty()) return fmt::format("{{\"missing_payload\":\"{}\"}}", piece.missing);
  const bool structured = piece.text.starts_with('{') || piece.text.starts_with('[');
  if (piece.whole() && piece.bytes <= bytes_max && structured && !Parse(piece.text).is_null()) {
    return std::string(piece.text);
  }
  return CutText(piece.text, piece.bytes, bytes_max);
}

void ReadAnswer(const StoryPiece& piece, Answer& answer) {
  answer.any = true;
  const json::value message = piece.whole() ? Parse(piece.text) : json::value();
  const json::object* object = message.if_object();
  const json::value* parts = object == nullptr ? nullptr : object->if_contains("parts");
  if (parts == nullptr || !parts->is_array()) {
    if (!piece.text.empty()) answer.texts.emplace_back(piece.text);
    return;
  }
  for (const json::value& value : parts->get_array()) {
    const json::object* part = value.if_object();
    if (part == nullptr) continue;
    const std::string_view type = TextOf(*part, "type");
    const std::string_view content = TextOf(*part, "content");
    if (type == "text" && !content.empty()) {
      answer.texts.emplace_back(content);
    } else if (type == "reasoning" && !content.empty()) {
      answer.reasoning.emplace_back(content);
    } else if (type == "tool_call") {
      const json::value* arguments = part->if_contains("arguments");
      answer.calls.push_back({std::string(TextOf(*part, "id")), std::string(TextOf(*part, "name")),
                              arguments == nullptr ? "" : json::serialize(*arguments)});
    }
  }
}

}  // namespace pitot
