// alert/matcher.h
//
// `name = "value"`, `!=`, `=~`, `!~` over labels, as Alertmanager writes them. Regular expressions are
// RE2 and anchored at both ends. A label that is not there has the value "".
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"

namespace pitot {

class LabelMatcher {
 public:
  // kInvalidArgument: the name is not [a-zA-Z_][a-zA-Z0-9_]*, or the expression is not RE2 or longer
  // than 1024 bytes.
  static absl::StatusOr<LabelMatcher> Create(std::string name, std::string value, bool is_regex,
                                             bool is_equal);
  // `severity = page`, `feature=~"checkout-.*"`; a value needs quotes when it has blanks, commas or
  // braces.
  static absl::StatusOr<LabelMatcher> Parse(std::string_view text);

  bool Matches(const Labels& labels) const;
  bool MatchesValue(std::string_view value) const;

  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }
  bool is_regex() const { return is_regex_; }
  bool is_equal() const { return is_equal_; }
  std::string Text() const;  // name="value"

 private:
  struct Pattern;
  std::string name_;
  std::string value_;
  bool is_regex_ = false;
  bool is_equal_ = true;
  std::shared_ptr<const Pattern> pattern_;
};

using Matchers = std::vector<LabelMatcher>;

// All of `{a="b", c=~"d"}`, or of the same without braces; empty: none.
absl::StatusOr<Matchers> ParseMatchers(std::string_view text);
// All hold; none hold everywhere.
bool MatchAll(const Matchers& matchers, const Labels& labels);

}  // namespace pitot
