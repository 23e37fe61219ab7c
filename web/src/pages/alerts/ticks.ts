// Moments at round local times within a window, for an axis.

const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14_400].map(
  (minutes) => minutes * MINUTE,
);

export function ticksOf(
  fromMs: number,
  toMs: number,
  most: number,
): { stepMs: number; at: number[] } {
  const span = toMs - fromMs;
  const stepMs = STEPS.find((step) => span / step <= most) ?? Math.ceil(span / most);
  const offset = new Date(fromMs).getTimezoneOffset() * MINUTE;
  const at: number[] = [];
  let next = Math.ceil((fromMs - offset) / stepMs) * stepMs + offset;
  for (; next <= toMs; next += stepMs) at.push(next);
  return { stepMs, at };
}
