#include "normalize/secret_scan.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "normalize/secret_rules.h"
#include "normalize/value.h"

namespace pitot {
namespace {

constexpr size_t kRules = std::size(kSecretRules);
constexpr size_t kSlots = 1 << 16;
constexpr size_t kCapturesMax = 4;
constexpr size_t kAssignmentBytes = 1024;
constexpr size_t kSecretBytes = 16 * 1024;

constexpr bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool IsWordByte(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '\'' && c != '\\' && c != ',' &&
         c != '<' && c != '>' && c != '{' && c != '}' && c != '[' && c != ']';
}
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The slot of three bytes, letters in either case, given as the low bytes of `word`.
constexpr uint32_t Slot(uint32_t word) {
  return ((word & 0xffffff) | 0x202020) * 0x9e3779b1u >> 16;
}
uint32_t Load3(const char* p) {
  return static_cast<unsigned char>(p[0]) |
         static_cast<uint32_t>(static_cast<unsigned char>(p[1])) << 8 |
         static_cast<uint32_t>(static_cast<unsigned char>(p[2])) << 16;
}

// What passes for a value but is none: type names, words of schemas and forms, masks.
constexpr std::string_view kNoValues[] = {
    "string",  "required", "optional", "undefined",    "redacted",     "password",
    "secret",  "boolean",  "integer",  "nullable",     "hidden",       "default",
    "example", "missing",  "null",     "none",         "true",         "false",
    "text",    "number",   "object",   "your-api-key", "your_api_key", "changeme"};

// `strict`: unquoted after a colon, as prose has it ("the password: everything you need").
bool IsPlausibleValue(std::string_view value, bool strict) {
  if (value.starts_with("[redacted") || value.starts_with("${") || value.starts_with("{{") ||
      value.starts_with('<') || value.starts_with("process.env") ||
      value.starts_with("os.environ")) {
    return false;
  }
  for (const std::string_view word : kNoValues) {
    if (EqualsIgnoreCase(value, word)) return false;
  }
  const bool masked = std::ranges::all_of(
      value, [](char c) { return c == '*' || c == 'x' || c == 'X' || c == '.' || c == '-'; });
  if (masked) return false;
  return !strict || std::ranges::any_of(value, IsDigit);
}

// A secret starts here, not in the middle of a word; so no run of bytes is matched from many starts,
// and hostile text stays linear. The letter of an escape (\n, \u00e9) belongs to no word.
bool IsWordStart(std::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  if (!IsAlnum(before) && before != '_' && before != '-') return true;
  if (at >= 2 && text[at - 2] == '\\') return true;
  return at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u';
}

struct Anchor {
  uint8_t rule;
  uint8_t offset;  // Of the three bytes in the literal.
};

}  // namespace

struct SecretScanner::Tables {
  std::array<uint64_t, kSlots / 64> filter = {};
  std::array<uint16_t, kSlots> list_of_slot = {};  // 0: none, else 1 + index into lists.
  std::vector<std::vector<Anchor>> lists;
  std::vector<std::unique_ptr<RE2>> patterns;

  Tables() {
    for (size_t i = 0; i < kRules; ++i) {
      const SecretRule& rule = kSecretRules[i];
      RE2::Options options;
      options.set_log_errors(false);
      options.set_dot_nl(true);
      std::string pattern(rule.pattern);
      if (pattern.empty()) {
        options.set_case_sensitive(false);
        pattern.append(rule.literal).append(kAssignedPattern);
      }
      patterns.push_back(std::make_unique<RE2>(pattern, options));
      // Every second byte is looked at, so one of two neighbouring triples is seen.
      const std::string_view anchor = rule.literal.substr(rule.anchor, 4);
      Add(anchor, i, rule.anchor);
      if (anchor.size() == 4) {
        Add(anchor.substr(1), i, rule.anchor + 1);
      } else {
        // Too short for a second one: with each byte that may follow.
        for (int c = '!'; c < 256; ++c) {
          const char triple[3] = {anchor[1], anchor[2], static_cast<char>(c)};
          Add({triple, 3}, i, rule.anchor + 1);
        }
      }
    }
  }

  void Add(std::string_view triple, size_t rule, size_t offset) {
    const uint32_t slot = Slot(Load3(triple.data()));
    filter[slot / 64] |= uint64_t{1} << (slot % 64);
    if (list_of_slot[slot] == 0) {
      lists.emplace_back();
      list_of_slot[slot] = static_cast<uint16_t>(lists.size());
    }
    std::vector<Anchor>& list = lists[list_of_slot[slot] - 1u];
    const auto same = [&](const Anchor& a) { return a.rule == rule && a.offset == offset; };
    if (std::ranges::none_of(list, same)) {
      list.push_back({static_cast<uint8_t>(rule), static_cast<uint8_t>(offset)});
    }
  }
};

SecretScanner::SecretScanner() : tables_(std::make_unique<const Tables>()) {}
SecretScanner::~SecretScanner() = default;
SecretScanner::SecretScanner(SecretScanner&&) noexcept = default;

SecretScanner::Verdict SecretScanner::TryAt(std::string_view text, size_t start, size_t index,
                                            SecretMatch* match) const {
  const SecretRule& rule = kSecretRules[index];
  const std::string_view here = text.substr(start, rule.literal.size());
  const bool found =
      (rule.traits & kAnyCase) != 0 ? EqualsIgnoreCase(here, rule.literal) : here == rule.literal;
  if (!found || ((rule.traits & kWordStart) != 0 && !IsWordStart(text, start)))
    return Verdict::kNothing;
  re2::StringPiece groups[1 + kCapturesMax];
  const RE2& pattern = *tables_->patterns[index];
  // Values of assignments may be tried from many starts: each looks only so far.
  const size_t window = (rule.traits & kValueCheck) != 0 ? kAssignmentBytes : kSecretBytes;
  const size_t end = std::min(text.size(), start + window);
  const re2::StringPiece piece(text.data(), text.size());
  if (!pattern.Match(piece, start, end, RE2::ANCHOR_START, groups,
                     1 + pattern.NumberOfCapturingGroups())) {
    return Verdict::kNothing;
  }
  size_t group = 0;
  for (size_t i = 1; i <= kCapturesMax; ++i) {
    if (groups[i].data() != nullptr) group = i;
  }
  const std::string_view value(groups[group].data(), groups[group].size());
  match->begin = static_cast<size_t>(value.data() - text.data());
  match->end = match->begin + value.size();
  match->rule = rule.name;
  if ((rule.traits & kNeedsDigit) != 0 && std::ranges::none_of(value, IsDigit)) {
    return Verdict::kNothing;
  }
  if ((rule.traits & kValueCheck) != 0) {
    const std::string_view whole(groups[0].data(), groups[0].size());
    const bool bare = group == kCapturesMax && whole.find_first_of("=\"'`") == whole.npos;
    if (!IsPlausibleValue(value, bare)) return Verdict::kImplausible;
  }
  if (match->end == end) {
    // Longer than the window: as far as the word goes.
    while (match->end < text.size() && IsWordByte(text[match->end])) ++match->end;
  }
  return Verdict::kSecret;
}

void SecretScanner::Find(std::string_view text, std::vector<SecretMatch>& matches) const {
  if (text.size() < 3) return;
  const char* const data = text.data();
  const size_t last = text.size() - 3;
  size_t free_from = 0;    // End of the last match.
  size_t values_from = 0;  // End of the last value that was none: no assignment starts inside it.
  for (size_t i = 0; i <= last; i += 2) {
    uint32_t word = 0;
    if (i < last) {
      std::memcpy(&word, data + i, 4);
    } else {
      word = Load3(data + i);
    }
    const uint32_t slot = Slot(word);
    if ((tables_->filter[slot / 64] >> (slot % 64) & 1) == 0) [[likely]]
      continue;
    for (const Anchor anchor : tables_->lists[tables_->list_of_slot[slot] - 1u]) {
      if (i < free_from + anchor.offset) continue;
      const bool assignment = (kSecretRules[anchor.rule].traits & kValueCheck) != 0;
      if (assignment && i < values_from + anchor.offset) continue;
      SecretMatch match;
      const Verdict verdict = TryAt(text, i - anchor.offset, anchor.rule, &match);
      if (verdict == Verdict::kImplausible) values_from = match.end;
      if (verdict != Verdict::kSecret || match.begin < free_from) continue;
      matches.push_back(match);
      free_from = match.end;
      break;
    }
    if (free_from > i + 2) i = (free_from & ~size_t{1}) - 2;
  }
}

bool SecretScanner::IsSecretKey(std::string_view key) {
  constexpr std::string_view kEndings[] = {"password",    "passwd",        "passphrase",
                                           "secret",      "api_key",       "apikey",
                                           "api-key",     "access_token",  "refresh_token",
                                           "auth_token",  "secret_key",    "secret_access_key",
                                           "private_key", "authorization", "cookie"};
  if (key.empty()) return false;
  for (const std::string_view ending : kEndings) {
    // The last letter rules out nearly all.
    if ((key.back() | 0x20) != ending.back() || key.size() < ending.size()) continue;
    if (EqualsIgnoreCase(key.substr(key.size() - ending.size()), ending)) return true;
  }
  return false;
}

}  // namespace pitot
