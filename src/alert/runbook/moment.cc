#include "alert/runbook/moment.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pitot {
namespace {

double Entropy(double n, double bad) {
  double out = 0;
  if (bad > 0) out += bad * std::log(bad / n);
  if (bad < n) out += (n - bad) * std::log((n - bad) / n);
  return out;
}

struct Split {
  size_t at = 0;
  double evidence = 0;
  bool rises = false;
};

// The best split of sums that Gain judges: Gain(first, second) is the evidence, signed by direction.
template <typename Sum, typename Gain>
Split BestSplit(std::span<const Sum> slots, bool rising, Gain gain) {
  Split best;
  Sum all{};
  for (const Sum& slot : slots) all += slot;
  Sum before{};
  for (size_t at = 1; at < slots.size(); ++at) {
    before += slots[at - 1];
    Sum after = all;
    after -= before;
    const double signed_gain = gain(before, after);
    if ((signed_gain > 0) == rising && std::abs(signed_gain) > best.evidence) {
      best = {.at = at, .evidence = std::abs(signed_gain), .rises = rising};
    }
  }
  return best;
}

// The rise, then the fall after it.
template <typename Sum, typename Gain>
std::optional<WorsePart> FindPart(std::span<const Sum> slots, Gain gain) {
  Split rise = BestSplit(slots, /*rising=*/true, gain);
  Split fall = BestSplit(slots, /*rising=*/false, gain);
  size_t end = slots.size();
  // What is over by now is seen best from its end: then its beginning lies before that.
  if (fall.evidence > rise.evidence && fall.evidence >= kEvidenceMin) {
    end = fall.at;
    rise = BestSplit(slots.first(end), true, gain);
  } else if (rise.evidence >= kEvidenceMin) {
    const Split after = BestSplit(slots.subspan(rise.at), false, gain);
    if (after.evidence >= kEvidenceMin) end = rise.at + after.at;
  }
  if (rise.evidence < kEvidenceMin) return std::nullopt;
  return WorsePart{.begin = rise.at, .end = end, .evidence = rise.evidence};
}

struct Share {
  double n = 0;
  double bad = 0;
  Share& operator+=(const Share& other) {
    n += other.n;
    bad += other.bad;
    return *this;
  }
  Share& operator-=(const Share& other) {
    n -= other.n;
    bad -= other.bad;
    return *this;
  }
};

struct Level {
  double n = 0;
  double sum = 0;
  double squares = 0;
  Level& operator+=(const Level& other) {
    n += other.n;
    sum += other.sum;
    squares += other.squares;
    return *this;
  }
  Level& operator-=(const Level& other) {
    n -= other.n;
    sum -= other.sum;
    squares -= other.squares;
    return *this;
  }
  double Spread() const { return std::max(squares - sum * sum / n, 0.0); }
};

}  // namespace

std::optional<WorsePart> FindWorseShare(std::span<const SlotCount> slots) {
  std::vector<Share> shares;
  for (const SlotCount& slot : slots) {
    shares.push_back({static_cast<double>(slot.n), static_cast<double>(slot.bad)});
  }
  return FindPart(std::span<const Share>(shares), [](const Share& a, const Share& b) {
    if (a.n <= 0 || b.n <= 0) return 0.0;
    const double gain =
        Entropy(a.n, a.bad) + Entropy(b.n, b.bad) - Entropy(a.n + b.n, a.bad + b.bad);
    return b.bad * a.n > a.bad * b.n ? gain : -gain;
  });
}

std::optional<WorsePart> FindHigherLevel(std::span<const double> slots) {
  std::vector<Level> levels;
  for (const double value : slots) levels.push_back({1, value, value * value});
  Level all{};
  for (const Level& level : levels) all += level;
  if (levels.empty() || all.Spread() <= 0) return std::nullopt;
  // A split that leaves no spread at all would be infinitely sure.
  const double floor = all.Spread() * 1e-4;
  return FindPart(std::span<const Level>(levels), [floor](const Level& a, const Level& b) {
    Level both = a;
    both += b;
    const double within = std::max(a.Spread() + b.Spread(), floor);
    const double gain = both.n / 2 * std::log(std::max(both.Spread() / within, 1.0));
    return b.sum * a.n > a.sum * b.n ? gain : -gain;
  });
}

}  // namespace pitot
