// How often what these pages show is asked for again.
export const FRESH_MS = 15_000;
// More tools than anybody gives to agents; the rest is counted.
export const TOOLS_MAX = 200;
