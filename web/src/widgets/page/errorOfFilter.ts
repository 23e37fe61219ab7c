import { ApiError } from 'api/client';

// What the server says of the filter, for the filter bar; null for other errors, which panels show.
export function errorOfFilter(error: Error | null): string | null {
  const refused = error instanceof ApiError && error.status === 400;
  return refused && /^q\b/.test(error.message) ? error.message : null;
}
