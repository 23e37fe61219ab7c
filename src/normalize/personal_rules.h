// normalize/personal_rules.h
//
// Personal data, redacted by choice: e-mail addresses, phone numbers, card numbers, bank accounts.
#pragma once

#include <string_view>

namespace pitot {

struct PersonalRule {
  std::string_view name;
  std::string_view pattern;  // RE2, searched anywhere.
  // True when what the pattern found is the real thing; null: always.
  bool (*check)(std::string_view text);
};

// The rule of that name, or nullptr.
const PersonalRule* FindPersonalRule(std::string_view name);

}  // namespace pitot
