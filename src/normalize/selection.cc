#include "normalize/selection.h"

#include <optional>

#include "normalize/emitter.h"
#include "normalize/kind.h"
#include "normalize/value.h"

namespace pitot {

using Outcome = Selection::Outcome;

Outcome ReadCandidate(const AttrValue& value, const Rule& rule, Arena& arena, Candidate* out) {
  if (IsAbsent(value)) return Outcome::kAbsent;
  switch (RowOf(rule.field).form) {
    case FieldForm::kText:
      out->text = AsText(value, arena);
      return Outcome::kReadable;
    case FieldForm::kProvider:
      out->text = AsText(value, arena);
      return IsFramework(out->text) ? Outcome::kOther : Outcome::kReadable;
    case FieldForm::kKindWord: {
      out->text = Lower(AsText(value, arena), arena);
      const std::optional<Kind> kind = KindOfWord(out->text);
      if (!kind) return Outcome::kOther;
      out->kind = *kind;
      return Outcome::kReadable;
    }
    case FieldForm::kCount: {
      const std::optional<int64_t> count = AsCount(value);
      if (!count) return Outcome::kUnreadable;
      out->count = *count;
      return Outcome::kReadable;
    }
    case FieldForm::kNumber: {
      const std::optional<double> number = AsNumber(value);
      // None of our numbers is below zero.
      if (!number || *number < 0) return Outcome::kUnreadable;
      out->number = *number;
      return Outcome::kReadable;
    }
    case FieldForm::kBool: {
      const std::optional<bool> boolean = AsBool(value);
      if (!boolean) return Outcome::kUnreadable;
      out->boolean = *boolean;
      return Outcome::kReadable;
    }
    case FieldForm::kList:
    case FieldForm::kContent:
    case FieldForm::kMarker:
      break;
  }
  return Outcome::kReadable;
}

Outcome Selection::Offer(const Attr& attr, const Rule& rule, Standing standing, Arena& arena) {
  Candidate candidate;
  const Outcome outcome = ReadCandidate(attr.value, rule, arena, &candidate);
  if (outcome != Outcome::kReadable) return outcome;
  candidate.attr = &attr;
  candidate.rule = &rule;
  Offer(rule.field, candidate, pitot::RankOf(rule, standing));
  return outcome;
}

void Selection::Offer(Field field, const Candidate& candidate, uint16_t rank) {
  const size_t i = Index(field);
  if (rank > rank_[i]) return;
  // Equal ranks: by the alphabet, so that the order on the wire cannot matter.
  if (rank == rank_[i] && candidate.attr->key >= best_[i].attr->key) return;
  rank_[i] = rank;
  best_[i] = candidate;
}

}  // namespace pitot
