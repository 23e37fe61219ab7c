#include "normalize/redact.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/status.h"
#include "normalize/personal_rules.h"
#include "normalize/secret_scan.h"
#include "wire/json_text.h"

namespace pitot {
namespace {

void AppendMark(std::string_view rule, std::string& out) {
  fmt::format_to(std::back_inserter(out), "[redacted:{}]", rule);
}

re2::StringPiece ToPiece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

class Redactor::Impl {
 public:
  static absl::StatusOr<std::unique_ptr<const Impl>> Create(const RedactionOptions& options) {
    auto impl = std::make_unique<Impl>();
    impl->secrets_ = options.secrets;
    for (const std::string& name : options.personal) {
      const PersonalRule* const rule = FindPersonalRule(name);
      if (rule == nullptr) {
        return InvalidArgument(
            "redaction.personal: '{}' is none of email, phone, credit_card, iban", name);
      }
      impl->patterns_.push_back({name, std::make_unique<RE2>(ToPiece(rule->pattern)), rule->check});
    }
    for (const CustomRedaction& rule : options.custom) {
      const bool named = !rule.name.empty() && std::ranges::all_of(rule.name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
      if (!named) {
        return InvalidArgument("redaction.custom: name '{}' must be of a-z, 0-9 and _", rule.name);
      }
      RE2::Options re2_options;
      re2_options.set_log_errors(false);
      auto pattern = std::make_unique<RE2>(ToPiece(rule.pattern), re2_options);
      if (!pattern->ok()) {
        return InvalidArgument("redaction.custom: pattern of '{}': {}", rule.name,
                               pattern->error());
      }
      impl->patterns_.push_back({rule.name, std::move(pattern), nullptr});
    }
    return impl;
  }

  // All rules.
  void Text(std::string_view* text, Arena& arena, DropCounts& drops) const {
    Secrets(text, arena, drops);
    if (!patterns_.empty() && !text->empty()) Patterns(text, arena, drops);
  }

  void Secrets(std::string_view* text, Arena& arena, DropCounts& drops) const {
    if (!secrets_) return;
    std::vector<SecretMatch> matches;  // Allocates only for a match.
    scanner_.Find(*text, matches);
    if (matches.empty()) return;
    std::string out;
    size_t from = 0;
    for (const SecretMatch& match : matches) {
      out += text->substr(from, match.begin - from);
      AppendMark(match.rule, out);
      from = match.end;
    }
    out += text->substr(from);
    drops.Add(Drop::kSecretRedacted, static_cast<uint32_t>(matches.size()));
    *text = arena.Copy(out);
  }

  // A JSON value of an attribute: the name alone may say that it is a secret.
  void Attribute(JsonAttr* attr, Arena& arena, DropCounts& drops) const {
    if (secrets_ && attr->json.size() > 2 && (attr->json[0] == '"' || attr->json[0] == '[') &&
        SecretScanner::IsSecretKey(attr->key)) {
      attr->json = "\"[redacted:attribute]\"";
      drops.Add(Drop::kSecretRedacted);
      return;
    }
    Text(&attr->json, arena, drops);
  }

  void Attributes(std::span<const JsonAttr>* attrs, Arena& arena, DropCounts& drops) const {
    std::span<JsonAttr> changed;
    for (size_t i = 0; i < attrs->size(); ++i) {
      JsonAttr attr = (*attrs)[i];
      Attribute(&attr, arena, drops);
      Text(&attr.key, arena, drops);
      if (attr.json.data() == (*attrs)[i].json.data() &&
          attr.key.data() == (*attrs)[i].key.data()) {
        continue;
      }
      if (changed.empty()) {
        changed = arena.NewArray<JsonAttr>(attrs->size());
        std::ranges::copy(*attrs, changed.begin());
      }
      changed[i] = attr;
    }
    if (!changed.empty()) *attrs = changed;
  }

  void Pieces(std::span<Piece> pieces, Arena& arena, DropCounts& drops) const {
    for (Piece& piece : pieces) Text(&piece.text, arena, drops);
  }

 private:
  struct Pattern {
    std::string name;
    std::unique_ptr<RE2> re2;
    bool (*check)(std::string_view);
  };

  // JSON is searched string by string, each as what it means, so that patterns see the text a
  // person would and a replacement never touches structure.
  void Patterns(std::string_view* text, Arena& arena, DropCounts& drops) const {
    const char first = (*text)[0];
    std::string out;
    uint32_t found = 0;
    if ((first == '{' || first == '[' || first == '"') && IsJson(*text)) {
      found = InJson(*text, out);
    } else {
      out = *text;
      found = InPlain(out);
    }
    if (found == 0) return;
    drops.Add(Drop::kSecretRedacted, found);
    *text = arena.Copy(out);
  }

  uint32_t InJson(std::string_view json, std::string& out) const {
    uint32_t found = 0;
    std::string plain;
    for (size_t i = 0; i < json.size();) {
      const bool string = json[i] == '"';
      const size_t from = i++;
      if (string) {
        while (json[i] != '"') i += json[i] == '\\' ? 2 : 1;
        ++i;
      } else if (IsNumberByte(json[from])) {
        while (i < json.size() && IsNumberByte(json[i])) ++i;
      }
      const std::string_view token = json.substr(from, i - from);
      if (!string && !IsNumberByte(token[0])) {
        out += token;
        continue;
      }
      plain.clear();
      if (string) {
        AppendUnquoted(token, plain);
      } else {
        plain = token;
      }
      const uint32_t here = InPlain(plain);
      found += here;
      if (here == 0) {
        out += token;
      } else {
        AppendQuoted(plain, out);
      }
    }
    return found;
  }

  static bool IsNumberByte(char c) { return (c >= '0' && c <= '9') || c == '-'; }

  uint32_t InPlain(std::string& text) const {
    uint32_t found = 0;
    for (const Pattern& pattern : patterns_) found += Replace(pattern, text);
    return found;
  }

  static uint32_t Replace(const Pattern& pattern, std::string& text) {
    std::string out;
    uint32_t found = 0;
    size_t copied = 0;
    size_t at = 0;
    re2::StringPiece groups[2];
    const int count = pattern.re2->NumberOfCapturingGroups() > 0 ? 2 : 1;
    while (at <= text.size() &&
           pattern.re2->Match(ToPiece(text), at, text.size(), RE2::UNANCHORED, groups, count)) {
      const re2::StringPiece& hit =
          count == 2 && groups[1].data() != nullptr ? groups[1] : groups[0];
      const size_t begin = static_cast<size_t>(hit.data() - text.data());
      const size_t end = begin + hit.size();
      const size_t after = static_cast<size_t>(groups[0].data() - text.data()) + groups[0].size();
      const bool real =
          !hit.empty() && (pattern.check == nullptr || pattern.check({hit.data(), hit.size()}));
      if (real) {
        out.append(text, copied, begin - copied);
        AppendMark(pattern.name, out);
        copied = end;
        ++found;
      }
      at = std::max(after, at + 1);
    }
    if (found == 0) return 0;
    out.append(text, copied, std::string::npos);
    text = std::move(out);
    return found;
  }

  bool secrets_ = true;
  SecretScanner scanner_;
  std::vector<Pattern> patterns_;
};

Redactor::Redactor(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Redactor::~Redactor() = default;
Redactor::Redactor(Redactor&&) noexcept = default;

absl::StatusOr<Redactor> Redactor::Create(const RedactionOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<const Impl> impl, Impl::Create(options));
  return Redactor(std::move(impl));
}

std::string_view Redactor::RedactText(std::string_view text, Arena* arena,
                                      DropCounts* drops) const {
  impl_->Text(&text, *arena, *drops);
  return text;
}

void Redactor::Redact(Span* span, Arena* arena, DropCounts* drops) const {
  for (std::string_view* text : {&span->name, &span->status_message, &span->error_type}) {
    impl_->Text(text, *arena, *drops);
  }
  for (std::string_view* text :
       {&span->service, &span->environment, &span->release, &span->feature.name, &span->workflow,
        &span->user_id, &span->session_id, &span->agent, &span->agent_id, &span->prompt_name,
        &span->prompt_version, &span->tool_name, &span->tool_call_id, &span->mcp_server,
        &span->response_id, &span->finish_raw, &span->model, &span->model_requested, &span->op}) {
    impl_->Secrets(text, *arena, *drops);
  }
  impl_->Attributes(&span->attributes, *arena, *drops);
  impl_->Attributes(&span->tags, *arena, *drops);
  for (const std::span<Piece> pieces :
       {span->input, span->output, span->system, span->tool_definitions, span->reasoning}) {
    impl_->Pieces(pieces, *arena, *drops);
  }
  if (!span->events.empty()) {
    const std::span<SpanEvent> events = arena->NewArray<SpanEvent>(span->events.size());
    std::ranges::copy(span->events, events.begin());
    for (SpanEvent& event : events) {
      impl_->Text(&event.name, *arena, *drops);
      impl_->Attributes(&event.attributes, *arena, *drops);
    }
    span->events = events;
  }
  if (!span->links.empty()) {
    const std::span<SpanLink> links = arena->NewArray<SpanLink>(span->links.size());
    std::ranges::copy(span->links, links.begin());
    for (SpanLink& link : links) impl_->Attributes(&link.attributes, *arena, *drops);
    span->links = links;
  }
}

}  // namespace pitot
