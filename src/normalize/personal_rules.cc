#include "normalize/personal_rules.h"

#include <cstddef>

namespace pitot {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t Digits(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += IsDigit(c) ? 1 : 0;
  return count;
}

// 8 to 15 digits: ITU-T E.164.
bool IsPhone(std::string_view text) {
  const size_t digits = Digits(text);
  return digits >= 8 && digits <= 15;
}

// Luhn's checksum (ISO/IEC 7812-1) over 13 to 19 digits.
bool IsCard(std::string_view text) {
  const size_t digits = Digits(text);
  if (digits < 13 || digits > 19) return false;
  int sum = 0;
  bool twice = false;
  for (size_t i = text.size(); i-- > 0;) {
    if (!IsDigit(text[i])) continue;
    int digit = text[i] - '0';
    if (twice) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
    twice = !twice;
  }
  return sum % 10 == 0;
}

// ISO 13616: the number with its first four characters at the end, letters as 10..35, is 1 mod 97.
bool IsIban(std::string_view text) {
  int rest = 0;
  size_t length = 0;
  const auto feed = [&](std::string_view part) {
    for (const char c : part) {
      if (c == ' ') continue;
      ++length;
      rest = IsDigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
    }
  };
  feed(text.substr(4));
  feed(text.substr(0, 4));
  return rest == 1 && length >= 15 && length <= 34;
}

constexpr PersonalRule kRules[] = {
    {"email",
     R"([A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}\b)",
     nullptr},
    {"phone",
     R"(\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,4}\)?){2,6}|\(?\b[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}\b)",
     IsPhone},
    {"credit_card", R"(\b[2-6](?:[ -]?[0-9]){12,18}\b)", IsCard},
    {"iban", R"(\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b)", IsIban},
};

}  // namespace

const PersonalRule* FindPersonalRule(std::string_view name) {
  for (const PersonalRule& rule : kRules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

}  // namespace pitot
