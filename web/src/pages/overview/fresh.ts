// How often what the overview shows is asked for again.
export const FRESH_MS = 10_000;
// What changes slowly, or costs the server more.
export const SLOW_MS = 30_000;
