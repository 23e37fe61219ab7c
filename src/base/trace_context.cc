#include "base/trace_context.h"

#include <algorithm>

#include "base/hex.h"

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

bool LowerHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

template <size_t N>
bool ParseId(std::string_view text, std::array<uint8_t, N>& id) {
  return LowerHex(text) && FromHex(text, reinterpret_cast<char*>(id.data()), N) &&
         std::ranges::any_of(id, [](uint8_t byte) { return byte != 0; });
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

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
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

std::optional<BaggageMember> ParseBaggageMember(std::string_view text) {
  const size_t semicolon = text.find(';');
  const std::string_view pair = text.substr(0, semicolon);
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view key = Trim(pair.substr(0, equals));
  const std::string_view value = Trim(pair.substr(equals + 1));
  if (!Token(key) || !std::ranges::all_of(value, BaggageOctet)) return std::nullopt;
  std::string_view properties;
  if (semicolon != std::string_view::npos) properties = Trim(text.substr(semicolon + 1));
  const auto property_char = [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); };
  if (!std::ranges::all_of(properties, property_char)) return std::nullopt;
  return BaggageMember{std::string(key), MendUtf8(UndoPercent(value)), std::string(properties)};
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(std::string_view header) {
  const std::string_view text = Trim(header);
  if (text.size() < kTraceParentChars || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = text.substr(0, 2);
  if (!LowerHex(version) || version == "ff") return std::nullopt;
  if (text.size() > kTraceParentChars && (version == "00" || text[kTraceParentChars] != '-')) {
    return std::nullopt;
  }
  TraceParent parent;
  char flags = 0;
  if (!ParseId(text.substr(3, 32), parent.trace_id) ||
      !ParseId(text.substr(36, 16), parent.parent_id) || !LowerHex(text.substr(53, 2)) ||
      !FromHex(text.substr(53, 2), &flags, 1)) {
    return std::nullopt;
  }
  parent.sampled = (flags & 1) != 0;
  parent.random_trace_id = (flags & 2) != 0;
  return parent;
}

std::string FormatTraceParent(const TraceParent& parent) {
  const auto raw = [](const auto& id) {
    return std::string_view(reinterpret_cast<const char*>(id.data()), id.size());
  };
  std::string out = "00-";
  AppendHex(raw(parent.trace_id), out);
  out += '-';
  AppendHex(raw(parent.parent_id), out);
  out += "-0";
  out += static_cast<char>('0' + (parent.sampled ? 1 : 0) + (parent.random_trace_id ? 2 : 0));
  return out;
}

std::vector<TraceStateMember> ParseTraceState(std::string_view header) {
  std::vector<TraceStateMember> members;
  const bool good = ForEachMember(header, [&](std::string_view member) {
    if (member.empty()) return true;
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos || members.size() == kStateMembersMax) return false;
    const std::string_view key = member.substr(0, equals);
    const std::string_view value = member.substr(equals + 1);
    if (!ValidStateKey(key) || !ValidStateValue(value)) return false;
    if (std::ranges::find(members, key, &TraceStateMember::key) != members.end()) return false;
    members.push_back({std::string(key), std::string(value)});
    return true;
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

std::vector<BaggageMember> ParseBaggage(std::string_view header) {
  std::vector<BaggageMember> members;
  size_t bytes = 0;
  ForEachMember(header, [&](std::string_view text) {
    std::optional<BaggageMember> member = ParseBaggageMember(text);
    if (!member.has_value()) return true;
    bytes += text.size() + (members.empty() ? 0 : 1);
    if (bytes > kBaggageBytesMax || members.size() == kBaggageMembersMax) return false;
    members.push_back(*std::move(member));
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
