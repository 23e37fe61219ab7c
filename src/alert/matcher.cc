#include "alert/matcher.h"

#include <re2/re2.h>

#include "base/status.h"

namespace pitot {
namespace {

constexpr size_t kPatternBytesMax = 1024;
constexpr int64_t kPatternMemoryMax = 1 << 20;

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameChar(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsLabelName(std::string_view name) {
  if (name.empty() || !IsNameStart(name.front())) return false;
  for (const char c : name) {
    if (!IsNameChar(c)) return false;
  }
  return true;
}

// Reads matchers one after the other.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  absl::StatusOr<LabelMatcher> ReadOne() {
    SkipBlanks();
    const size_t start = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_])) ++at_;
    std::string name(text_.substr(start, at_ - start));
    if (name.empty()) return Fail("a label name");
    SkipBlanks();
    bool is_regex = false;
    bool is_equal = true;
    if (Take("=~")) {
      is_regex = true;
    } else if (Take("!~")) {
      is_regex = true;
      is_equal = false;
    } else if (Take("!=")) {
      is_equal = false;
    } else if (!Take("=")) {
      return Fail("=, !=, =~ or !~");
    }
    SkipBlanks();
    ASSIGN_OR_RETURN(std::string value, ReadValue());
    return LabelMatcher::Create(std::move(name), std::move(value), is_regex, is_equal);
  }

  bool Take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  bool AtEnd() const { return at_ == text_.size(); }
  absl::Status Fail(std::string_view wanted) const {
    return InvalidArgument("matcher `{}`: at character {} {} is expected", text_, at_ + 1, wanted);
  }

 private:
  absl::StatusOr<std::string> ReadValue() {
    std::string value;
    if (!Take("\"")) {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && !IsBlank(text_[at_])) {
        value += text_[at_++];
      }
      return value;
    }
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) {
        const char escaped = text_[at_++];
        if (escaped == 'n') {
          c = '\n';
        } else if (escaped == '"' || escaped == '\\') {
          c = escaped;
        } else {
          value += c;  // As in `\d`: the pattern's own.
          c = escaped;
        }
      }
      value += c;
    }
    if (!Take("\"")) return Fail("a closing quote");
    return value;
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

struct LabelMatcher::Pattern {
  explicit Pattern(const std::string& text, const RE2::Options& options) : re(text, options) {}
  RE2 re;
};

absl::StatusOr<LabelMatcher> LabelMatcher::Create(std::string name, std::string value,
                                                  bool is_regex, bool is_equal) {
  if (!IsLabelName(name)) {
    return InvalidArgument("matcher: \"{}\" is no label name ([a-zA-Z_][a-zA-Z0-9_]*)", name);
  }
  LabelMatcher matcher;
  if (is_regex) {
    if (value.size() > kPatternBytesMax) {
      return InvalidArgument("matcher of {}: the expression has {} bytes, at most {} are allowed",
                             name, value.size(), kPatternBytesMax);
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemoryMax);
    auto pattern = std::make_shared<Pattern>(value, options);
    if (!pattern->re.ok()) {
      return InvalidArgument("matcher of {}: \"{}\" is no RE2 expression: {}", name, value,
                             pattern->re.error());
    }
    matcher.pattern_ = std::move(pattern);
  }
  matcher.name_ = std::move(name);
  matcher.value_ = std::move(value);
  matcher.is_regex_ = is_regex;
  matcher.is_equal_ = is_equal;
  return matcher;
}

absl::StatusOr<LabelMatcher> LabelMatcher::Parse(std::string_view text) {
  Reader reader(text);
  ASSIGN_OR_RETURN(LabelMatcher matcher, reader.ReadOne());
  reader.SkipBlanks();
  if (!reader.AtEnd()) return reader.Fail("the end");
  return matcher;
}

bool LabelMatcher::MatchesValue(std::string_view value) const {
  const bool equal =
      is_regex_ ? RE2::FullMatch({value.data(), value.size()}, pattern_->re) : value == value_;
  return equal == is_equal_;
}

bool LabelMatcher::Matches(const Labels& labels) const {
  const auto found = labels.find(name_);
  return MatchesValue(found == labels.end() ? std::string_view() : std::string_view(found->second));
}

std::string LabelMatcher::Text() const {
  std::string quoted;
  for (const char c : value_) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return fmt::format("{}{}{}\"{}\"", name_, is_equal_ ? "=" : "!",
                     is_regex_   ? "~"
                     : is_equal_ ? ""
                                 : "=",
                     quoted);
}

absl::StatusOr<Matchers> ParseMatchers(std::string_view text) {
  Reader reader(text);
  Matchers matchers;
  reader.SkipBlanks();
  const bool braces = reader.Take("{");
  reader.SkipBlanks();
  while (!reader.AtEnd() && !(braces && reader.Take("}"))) {
    ASSIGN_OR_RETURN(LabelMatcher matcher, reader.ReadOne());
    matchers.push_back(std::move(matcher));
    reader.SkipBlanks();
    if (reader.Take(",")) {
      reader.SkipBlanks();
      continue;
    }
    if (reader.AtEnd() && !braces) break;
    if (!braces || !reader.Take("}")) return reader.Fail(braces ? "a comma or }" : "a comma");
    break;
  }
  reader.SkipBlanks();
  if (!reader.AtEnd()) return reader.Fail("the end");
  return matchers;
}

bool MatchAll(const Matchers& matchers, const Labels& labels) {
  for (const LabelMatcher& matcher : matchers) {
    if (!matcher.Matches(labels)) return false;
  }
  return true;
}

}  // namespace pitot
