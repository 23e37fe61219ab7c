// How often what the page shows is asked for again, while its window ends now.
export const FRESH_MS = 15_000;
// What changes slowly, or costs the server more.
export const SLOW_MS = 60_000;
