// Answers that take a while: lines of JSON, progress first, then one result or an error.
//
//   const result = await readProgress<Repriced>(
//     api.sendPieces('POST', '/api/v1/reprice', { since: '7d' }), setProgress);

import { ApiError } from './client';

export interface Progress {
  done: number;
  total: number; // 0: not known yet.
}

export async function readProgress<Result>(
  pieces: AsyncIterable<string>,
  onProgress: (progress: Progress) => void,
): Promise<Result> {
  let rest = '';
  let result: Result | undefined;
  const take = (line: string) => {
    if (line.trim() === '') return;
    const value = JSON.parse(line) as {
      progress?: Progress;
      result?: Result;
      error?: { message: string };
    };
    if (value.error) throw new ApiError(200, value.error.message);
    if (value.progress) onProgress(value.progress);
    if (value.result !== undefined) result = value.result;
  };
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    lines.forEach(take);
  }
  take(rest);
  if (result === undefined) throw new ApiError(0, 'the server stopped in the middle of its answer');
  return result;
}
