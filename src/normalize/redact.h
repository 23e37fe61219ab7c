// normalize/redact.h
//
// Takes secrets, and by choice personal data, out of spans before anything reaches the disk. What
// is found becomes "[redacted:RULE]"; JSON stays valid JSON.
//
// Thread-safety: const use from any number of threads.
// Cost: secrets about 0.5 us a kilobyte of clean text; each personal or custom rule is a pattern
// run over the whole text, some microseconds a kilobyte.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/drops.h"
#include "model/arena.h"
#include "model/span.h"

namespace pitot {

struct CustomRedaction {
  std::string name;     // [a-z0-9_]+, shown in place of what was found.
  std::string pattern;  // RE2, unanchored. Group 1, if there is one, is what gets replaced.
};

struct RedactionOptions {
  bool secrets = true;
  std::vector<std::string> personal;  // Of: email, phone, credit_card, iban.
  std::vector<CustomRedaction> custom;
};

class Redactor {
 public:
  // kInvalidArgument names the rule that is unknown or whose pattern does not compile.
  static absl::StatusOr<Redactor> Create(const RedactionOptions& options);
  ~Redactor();
  Redactor(Redactor&&) noexcept;

  // Redacts every text of `span`: names, messages, attributes, events, links, pieces. Values that
  // identify (user, session, service, tool, ...) are searched for secrets only: personal data there
  // is what they are for. Replaced texts go to `arena`; each match counts as kSecretRedacted.
  void Redact(Span* span, Arena* arena, DropCounts* drops) const;

  // One text; `text` itself when there is nothing to redact.
  std::string_view RedactText(std::string_view text, Arena* arena, DropCounts* drops) const;

 private:
  class Impl;
  explicit Redactor(std::unique_ptr<const Impl> impl);

  std::unique_ptr<const Impl> impl_;
};

}  // namespace pitot
