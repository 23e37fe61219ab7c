#include "wire/trace_context.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr size_t kTraceParentChars = 55;
constexpr size_t kStateMembersMax = 32;
constexpr size_t kStateKeyChars = 256;
constexpr size_t kStateValueChars = 256;
constexpr size_t kStateLongMemberChars = 128;
constexpr size_t kBaggageMembersMax = 64;
constexpr size_t kBaggageBytesMax = 8192;

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool LowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool LowerHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// REQUIRES: `text` is 2 * N hex digits.
template <size_t N>
bool ReadId(std::string_view text, std::array<uint8_t, N>& id) {
  for (size_t i = 0; i < N; ++i) {
    id[i] = static_cast<uint8_t>(HexDigit(text[2 * i]) * 16 + HexDigit(text[2 * i + 1]));
  }
  return std::ranges::any_of(id, [](uint8_t byte) { return byte != 0; });
}

void AppendHexOf(std::span<const uint8_t> bytes, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

// A piece of what came, fit for a log line.
std::string Shown(std::string_view text) {
  constexpr size_t kShownChars = 64;
  std::string out = "\"";
  for (const char c : text.substr(0, kShownChars)) out += c >= 0x20 && c < 0x7F ? c : '?';
  return out += text.size() > kShownChars ? "...\"" : "\"";
}

// Calls `each` with every comma-separated piece, trimmed, until it returns false.
template <typename Each>
bool ForEachMember(std::string_view list, Each each) {
  for (;;) {
    const size_t comma = list.find(',');
    if (!each(Trim(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

bool ValidStateKey(std::string_view key) {
  if (key.empty() || key.size() > kStateKeyChars || !LowerOrDigit(key.front())) return false;
  return std::ranges::all_of(key, [](char c) {
    return LowerOrDigit(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
  });
}

bool ValidStateValue(std::string_view value) {
  if (value.empty() || value.size() > kStateValueChars || value.back() == ' ') return false;
  return std::ranges::all_of(value,
                             [](char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; });
}

bool TokenChar(char c) {
  return LowerOrDigit(c) || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool Token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, TokenChar); }

bool BaggageOctet(char c) {
  return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}

std::string UndoPercent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Bytes of the valid UTF-8 sequence at the front; 0 when there is none.
size_t SequenceBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const size_t bytes = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (bytes == 0 || text.size() < bytes) return 0;
  // The second byte's range shuts out overlong forms, surrogates and what is past U+10FFFF.
  const auto second = static_cast<unsigned char>(text[1]);
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (size_t i = 2; i < bytes; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return bytes;
}

std::string MendUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t bytes = SequenceBytes(text);
    out += bytes > 0 ? text.substr(0, bytes) : std::string_view("\uFFFD");
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  return out;
}

// Each of these says what is wrong; nullptr: nothing.
const char* ReadTraceParent(std::string_view text, TraceParent& parent) {
  if (text.empty()) return "it is empty";
  if (text.size() < kTraceParentChars) return "shorter than 55 characters";
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return "not version-traceid-parentid-flags with 2, 32, 16 and 2 hex digits";
  }
  const std::string_view version = text.substr(0, 2);
  if (!LowerHex(version)) return "the version is not two lower-case hex digits";
  if (version == "ff") return "version ff is invalid";
  if (text.size() > kTraceParentChars && version == "00") {
    return "longer than version 00's 55 characters";
  }
  if (text.size() > kTraceParentChars && text[kTraceParentChars] != '-') {
    return "no dash behind the flags";
  }
  if (!LowerHex(text.substr(3, 32))) return "the trace id is not 32 lower-case hex digits";
  if (!LowerHex(text.substr(36, 16))) return "the parent id is not 16 lower-case hex digits";
  if (!LowerHex(text.substr(53, 2))) return "the flags are not two lower-case hex digits";
  if (!ReadId(text.substr(3, 32), parent.trace_id)) return "the trace id is all zero";
  if (!ReadId(text.substr(36, 16), parent.parent_id)) return "the parent id is all zero";
  const int flags = HexDigit(text[54]);
  parent.sampled = (flags & 1) != 0;
  parent.random_trace_id = (flags & 2) != 0;
  return nullptr;
}

const char* AddStateMember(std::string_view text, std::vector<TraceStateMember>& members) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return "no \"=\"";
  if (members.size() == kStateMembersMax) return "more than 32 members";
  const std::string_view key = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  if (!ValidStateKey(key)) return "the key is malformed or longer than 256 characters";
  if (!ValidStateValue(value)) return "the value is malformed or longer than 256 characters";
  if (std::ranges::find(members, key, &TraceStateMember::key) != members.end()) {
    return "the key is there twice";
  }
  members.push_back({std::string(key), std::string(value)});
  return nullptr;
}

const char* ReadBaggageMember(std::string_view text, BaggageMember& member) {
  const size_t semicolon = text.find(';');
  const std::string_view pair = text.substr(0, semicolon);
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return "no \"=\"";
  const std::string_view key = Trim(pair.substr(0, equals));
  const std::string_view value = Trim(pair.substr(equals + 1));
  if (!Token(key)) return "the key is not a token";
  if (!std::ranges::all_of(value, BaggageOctet)) return "the value has characters to be escaped";
  std::string_view properties;
  if (semicolon != std::string_view::npos) properties = Trim(text.substr(semicolon + 1));
  const auto property_char = [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); };
  if (!std::ranges::all_of(properties, property_char)) return "the properties are not ASCII";
  member = {std::string(key), MendUtf8(UndoPercent(value)), std::string(properties)};
  return nullptr;
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(std::string_view header, std::string* problem) {
  const std::string_view text = Trim(header);
  TraceParent parent;
  const char* const wrong = ReadTraceParent(text, parent);
  if (wrong == nullptr) return parent;
  if (problem != nullptr) *problem = "traceparent " + Shown(text) + ": " + wrong;
  return std::nullopt;
}

std::string FormatTraceParent(const TraceParent& parent) {
  std::string out = "00-";
  AppendHexOf(parent.trace_id, out);
  out += '-';
  AppendHexOf(parent.parent_id, out);
  out += "-0";
  out += static_cast<char>('0' + (parent.sampled ? 1 : 0) + (parent.random_trace_id ? 2 : 0));
  return out;
}

std::vector<TraceStateMember> ParseTraceState(std::string_view header, std::string* problem) {
  std::vector<TraceStateMember> members;
  const bool good = ForEachMember(header, [&](std::string_view member) {
    if (member.empty()) return true;
    const char* const wrong = AddStateMember(member, members);
    if (wrong == nullptr) return true;
    if (problem != nullptr) *problem = "tracestate left out, at " + Shown(member) + ": " + wrong;
    return false;
  });
  if (!good) members.clear();
  return members;
}

std::string FormatTraceState(std::span<const TraceStateMember> members, size_t chars_max) {
  const auto chars = [](const TraceStateMember& m) { return m.key.size() + 1 + m.value.size(); };
  size_t total = members.empty() ? 0 : members.size() - 1;
  for (const TraceStateMember& member : members) total += chars(member);
  std::vector<bool> left_out(members.size(), false);
  const auto leave_out = [&](size_t i) {
    left_out[i] = true;
    total -= std::min(total, chars(members[i]) + 1);
  };
  for (size_t i = members.size(); i-- > 0 && total > chars_max;) {
    if (chars(members[i]) > kStateLongMemberChars) leave_out(i);
  }
  for (size_t i = members.size(); i-- > 0 && total > chars_max;) {
    if (!left_out[i]) leave_out(i);
  }
  std::string out;
  for (size_t i = 0; i < members.size(); ++i) {
    if (left_out[i]) continue;
    if (!out.empty()) out += ',';
    out.append(members[i].key).append("=").append(members[i].value);
  }
  return out;
}

std::optional<TraceContext> ParseTraceContext(std::span<const std::string_view> traceparents,
                                              std::string_view tracestate) {
  if (traceparents.size() != 1) return std::nullopt;
  const std::optional<TraceParent> parent = ParseTraceParent(traceparents.front());
  if (!parent.has_value()) return std::nullopt;
  return TraceContext{*parent, ParseTraceState(tracestate)};
}

std::vector<BaggageMember> ParseBaggage(std::string_view header,
                                        std::vector<std::string>* problems) {
  constexpr size_t kProblemsMax = 8;
  std::vector<BaggageMember> members;
  size_t bytes = 0;
  const auto tell = [&](std::string_view text, const char* wrong) {
    if (problems == nullptr || problems->size() >= kProblemsMax) return;
    problems->push_back("baggage entry " + Shown(text) + " left out: " + wrong);
  };
  ForEachMember(header, [&](std::string_view text) {
    if (text.empty()) return true;
    BaggageMember member;
    if (const char* const wrong = ReadBaggageMember(text, member)) {
      tell(text, wrong);
      return true;
    }
    bytes += text.size() + (members.empty() ? 0 : 1);
    if (bytes > kBaggageBytesMax || members.size() == kBaggageMembersMax) {
      tell(text, "it and what follows is beyond 64 entries or 8192 bytes");
      return false;
    }
    members.push_back(std::move(member));
    return true;
  });
  return members;
}

std::optional<std::string_view> FindBaggage(std::span<const BaggageMember> members,
                                            std::string_view key) {
  for (size_t i = members.size(); i-- > 0;) {
    if (members[i].key == key) return members[i].value;
  }
  return std::nullopt;
}

std::string FormatBaggage(std::span<const BaggageMember> members) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  size_t count = 0;
  for (const BaggageMember& member : members) {
    if (!Token(member.key)) continue;
    std::string text = member.key + "=";
    for (const char c : member.value) {
      if (BaggageOctet(c) && c != '%') {
        text += c;
      } else {
        text += '%';
        text += kHex[static_cast<unsigned char>(c) >> 4];
        text += kHex[static_cast<unsigned char>(c) & 15];
      }
    }
    if (!member.properties.empty()) text += ";" + member.properties;
    if (out.size() + 1 + text.size() > kBaggageBytesMax || count == kBaggageMembersMax) break;
    if (!out.empty()) out += ',';
    out += text;
    ++count;
  }
  return out;
}

}  // namespace pitot
