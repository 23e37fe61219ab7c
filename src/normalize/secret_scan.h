// normalize/secret_scan.h
//
// Finds secrets in text: provider keys, tokens, private keys, passwords in assignments and URLs.
// Every rule has a literal that a secret of its kind contains; one pass over the text looks for
// three-byte pieces of all the literals at every second byte, and patterns run only where a whole
// literal stands. Clean text thus costs about half a nanosecond a byte.
//
// Matches hold no double quote and cut no escape sequence, so that replacing one keeps JSON valid.
// Limits: a secret that is itself encoded (base64 of a whole document, say) is not found.
//
// Thread-safety: const use from any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace pitot {

struct SecretMatch {
  size_t begin = 0;
  size_t end = 0;
  std::string_view rule;  // Static text.
};

class SecretScanner {
 public:
  SecretScanner();
  ~SecretScanner();
  SecretScanner(SecretScanner&&) noexcept;

  // Appends the secrets in `text`, in order, not overlapping.
  void Find(std::string_view text, std::vector<SecretMatch>& matches) const;

  // True when an attribute of this name holds a secret whatever it looks like: "db.password".
  static bool IsSecretKey(std::string_view key);

 private:
  struct Tables;
  // How far a scan has come.
  struct Progress {
    size_t free_from = 0;    // End of the last match.
    size_t values_from = 0;  // End of the last value that was none: no assignment starts inside it.
  };
  bool TryAnchors(std::string_view text, size_t i, uint32_t triple, Progress* progress,
                  std::vector<SecretMatch>& matches) const;
  enum class Verdict : uint8_t { kNothing, kImplausible, kSecret };
  Verdict TryAt(std::string_view text, size_t start, size_t literal, SecretMatch* match) const;

  std::unique_ptr<const Tables> tables_;
};

}  // namespace pitot
