// normalize/selection.h
//
// For each field the best source among the attributes offered so far. The outcome does not depend
// on the order of offers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/arena.h"
#include "model/attr.h"
#include "model/span.h"
#include "normalize/dialect.h"
#include "normalize/field.h"

namespace pitot {

// A readable value for a field. Which members are set follows from the field's form.
struct Candidate {
  const Attr* attr = nullptr;
  const Rule* rule = nullptr;
  std::string_view text;  // kText, kProvider; kKindWord: the word in lower case.
  int64_t count = 0;
  double number = 0;
  bool boolean = false;
  Kind kind = Kind::kSpan;
};

// Where an attribute stands; nearer beats farther.
enum class Standing : uint16_t { kSpan = 0, kEvent = 1, kScope = 2, kResource = 3 };

class Selection {
 public:
  enum class Outcome : uint8_t {
    kReadable,  // A candidate, whether it leads or not.
    kAbsent,    // Nothing, or a placeholder for it.
    kOther,     // A word that means nothing here.
    kUnreadable,
  };

  void Clear() { rank_.fill(kNoRank); }

  // Offers `attr` by `rule`. `attr` and `rule` must stay where they are.
  Outcome Offer(const Attr& attr, const Rule& rule, Standing source, Arena& arena);

  // Offers what was found earlier, with its rank.
  void Offer(Field field, const Candidate& candidate, uint16_t rank);

  // The leading candidate, or nullptr.
  const Candidate* Get(Field field) const {
    return rank_[Index(field)] == kNoRank ? nullptr : &best_[Index(field)];
  }
  bool Has(Field field) const { return rank_[Index(field)] != kNoRank; }
  uint16_t RankOf(Field field) const { return rank_[Index(field)]; }

  // Conveniences: empty, when there is no candidate.
  std::string_view Text(Field field) const { return Has(field) ? best_[Index(field)].text : ""; }
  std::optional<int64_t> Count(Field field) const {
    return Has(field) ? std::optional(best_[Index(field)].count) : std::nullopt;
  }

 private:
  static constexpr uint16_t kNoRank = 0xffff;
  static size_t Index(Field field) { return static_cast<size_t>(field); }

  std::array<uint16_t, kFields> rank_;
  std::array<Candidate, kFields> best_;
};

// Reads `value` as `rule`'s field wants it.
Selection::Outcome ReadCandidate(const AttrValue& value, const Rule& rule, Arena& arena,
                                 Candidate* out);

constexpr uint16_t RankOf(const Rule& rule, Standing source) {
  return static_cast<uint16_t>(rule.rank + kRankSource * static_cast<uint16_t>(source));
}

}  // namespace pitot
