// alert/runbook/moment.h
//
// When did it begin? A change point in figures by slot of time: the split that best tells a quieter
// part before from a worse one after, if the difference cannot be chance. Pure.
//
// Shares: the likelihood ratio of two binomials against one (Gaussian tests lie at the small counts of
// short slots). Levels: the same of two normals of one variance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pitot {

struct SlotCount {
  int64_t n = 0;
  int64_t bad = 0;
};

// What lies in [begin, end) is worse than what is around it.
struct WorsePart {
  size_t begin = 0;
  size_t end = 0;       // slots.size(): it lasts.
  double evidence = 0;  // Log likelihood ratio: 10 is one chance in 20,000.
};

// Below that a change may be chance: so many splits are tried.
inline constexpr double kEvidenceMin = 8;

// Nothing: no part stands out.
std::optional<WorsePart> FindWorseShare(std::span<const SlotCount> slots);
// The same of amounts a slot.
std::optional<WorsePart> FindHigherLevel(std::span<const double> slots);

}  // namespace pitot
