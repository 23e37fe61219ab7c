// Shares of two samples, and how far apart they are.
//
// Interval of one share: the score interval. E. B. Wilson, "Probable inference, the law of succession,
// and statistical inference", Journal of the American Statistical Association 22 (1927), 209-212.
// Interval of the difference of two: the hybrid of two score intervals. R. G. Newcombe, "Interval
// estimation for the difference between independent proportions: comparison of eleven methods",
// Statistics in Medicine 17 (1998), 873-890, method 10. Both hold for small counts and for shares of
// 0 and 1, where the usual normal interval does not.

export interface Proportion {
  hits: number;
  trials: number; // Above 0.
}

export interface Interval {
  low: number;
  high: number;
}

// `z`: 1.96 for 95 %, 2.576 for 99 %.
export function wilson({ hits, trials }: Proportion, z: number): Interval {
  const share = hits / trials;
  const middle = share + (z * z) / (2 * trials);
  const reach = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const of = 1 + (z * z) / trials;
  return { low: Math.max(0, (middle - reach) / of), high: Math.min(1, (middle + reach) / of) };
}

// Of the share of `after` less that of `before`.
export function newcombe(before: Proportion, after: Proportion, z: number): Interval {
  const [a, b] = [before.hits / before.trials, after.hits / after.trials];
  const [ofA, ofB] = [wilson(before, z), wilson(after, z)];
  return {
    low: b - a - Math.hypot(b - ofB.low, ofA.high - a),
    high: b - a + Math.hypot(ofB.high - b, a - ofA.low),
  };
}
