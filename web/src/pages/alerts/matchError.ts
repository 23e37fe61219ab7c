import { ApiError } from 'api/client';

// What the server says of matchers, for the field they were written in; null for other errors.
export function matchError(error: Error | null): string | null {
  const refused = error instanceof ApiError && error.status === 400;
  return refused && error.message.startsWith('matcher') ? error.message : null;
}
