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
constexpr size_t kSlotBits = 14;
constexpr size_t kSlots = 1 << kSlotBits;  // The filter, a byte a slot, stays in the first cache.
constexpr size_t kCapturesMax = 4;
constexpr size_t kSecretBytesMin = 8;  // As long as the shortest: ://:ab@h
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

// Three bytes, the low ones of `word`, letters in either case; and their slot.
constexpr uint32_t Fold(uint32_t word) { return (word << 8) | 0x20202000; }
constexpr uint32_t Slot(uint32_t folded) { return folded * 0x9e3779b1u >> (32 - kSlotBits); }
uint32_t SlotAt(const char* p) {
  uint32_t word;
  std::memcpy(&word, p, 4);
  return Slot(Fold(word));
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

// A secret starts here, not in the middle of a word; so no run of bytes is matched from many
// starts, and hostile text stays linear. The letter of an escape (\n, \u00e9) belongs to no word.
bool IsWordStart(std::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  if (!IsAlnum(before) && before != '_' && before != '-') return true;
  if (at >= 2 && text[at - 2] == '\\') return true;
  return at >= 6 && text[at - 6] == '\\' && text[at - 5] == 'u';
}

// Cheap tests spare most patterns their run: a name without = or : behind it, a URL without @.
bool CouldBeAssigned(std::string_view after_name) {
  constexpr size_t kSuffixBytes = 24 + 16;
  for (const char c : after_name.substr(0, kSuffixBytes)) {
    if (c == '=' || c == ':') return true;
    const bool between = IsAlnum(c) || c == '_' || c == '-' || c == '"' || c == '\'' || c == '`' ||
                         c == '\\' || static_cast<unsigned char>(c) <= ' ';
    if (!between) return false;
  }
  return false;
}
bool CouldHoldPassword(std::string_view after_scheme) {
  constexpr size_t kUserInfoBytes = 64 + 1 + 128 + 1;
  for (const char c : after_scheme.substr(0, kUserInfoBytes)) {
    if (c == '@') return true;
    if (c == '/' || c == '"' || c == '\\' || static_cast<unsigned char>(c) <= ' ') return false;
  }
  return false;
}

struct Anchor {
  uint32_t triple;  // The three bytes, folded: slots are shared.
  uint8_t rule;
  uint8_t offset;  // Of the three bytes in the literal.
};

}  // namespace

struct SecretScanner::Tables {
  std::array<uint8_t, kSlots> filter = {};
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
          if (c >= 128 && rule.literal != "://") continue;
          const char triple[3] = {anchor[1], anchor[2], static_cast<char>(c)};
          Add({triple, 3}, i, rule.anchor + 1);
        }
      }
    }
  }

  void Add(std::string_view triple, size_t rule, size_t offset) {
    const uint32_t folded = Fold(Load3(triple.data()));
    const uint32_t slot = Slot(folded);
    filter[slot] = 1;
    if (list_of_slot[slot] == 0) {
      lists.emplace_back();
      list_of_slot[slot] = static_cast<uint16_t>(lists.size());
    }
    std::vector<Anchor>& list = lists[list_of_slot[slot] - 1u];
    const auto same = [&](const Anchor& a) {
      return a.triple == folded && a.rule == rule && a.offset == offset;
    };
    if (std::ranges::none_of(list, same)) {
      list.push_back({folded, static_cast<uint8_t>(rule), static_cast<uint8_t>(offset)});
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
  const std::string_view after = text.substr(start + rule.literal.size());
  if (rule.pattern.empty() && !CouldBeAssigned(after)) return Verdict::kNothing;
  if (rule.literal == "://" && !CouldHoldPassword(after)) return Verdict::kNothing;
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
  if (text.size() < kSecretBytesMin) return;
  const char* const data = text.data();
  const uint8_t* const filter = tables_->filter.data();
  const size_t last = text.size() - 3;
  Progress progress;
  size_t i = 0;
  while (i <= last) {
    // Eight bytes a step while nothing is near; the loads reach one byte beyond the last triple.
    while (i + 6 < last && (filter[SlotAt(data + i)] | filter[SlotAt(data + i + 2)] |
                            filter[SlotAt(data + i + 4)] | filter[SlotAt(data + i + 6)]) == 0) {
      i += 8;
    }
    const size_t stop = std::min(i + 8, last + 1);
    for (; i < stop; i += 2) {
      const uint32_t triple = Fold(Load3(data + i));
      if (filter[Slot(triple)] != 0 && TryAnchors(text, i, triple, &progress, matches)) break;
    }
    // On after the secret; at an even place, as any.
    i = std::max(i, progress.free_from & ~size_t{1});
  }
}

// Tries the literals that may stand around place `i`; true when one was a secret.
bool SecretScanner::TryAnchors(std::string_view text, size_t i, uint32_t triple, Progress* progress,
                               std::vector<SecretMatch>& matches) const {
  for (const Anchor anchor : tables_->lists[tables_->list_of_slot[Slot(triple)] - 1u]) {
    if (anchor.triple != triple) continue;
    const bool assignment = (kSecretRules[anchor.rule].traits & kValueCheck) != 0;
    const size_t from =
        assignment ? std::max(progress->free_from, progress->values_from) : progress->free_from;
    if (i < from + anchor.offset) continue;
    SecretMatch match;
    const Verdict verdict = TryAt(text, i - anchor.offset, anchor.rule, &match);
    if (verdict == Verdict::kImplausible) progress->values_from = match.end;
    if (verdict != Verdict::kSecret) continue;
    matches.push_back(match);
    progress->free_from = match.end;
    return true;
  }
  return false;
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
