// Starts the SDK's scripted provider as a program.
//
//   const provider = await startProvider();          // { url, stop() }
//   const provider = await startProvider({ tls: certificatePath });
//
// A request with the header `x-case: NAME` gets the answer of that name; see
// sdk/testing/provider_cases.cc.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = process.env.PITOT_SCRIPTED_PROVIDER ?? join(ROOT, 'build/tests/scripted_provider');

export async function startProvider({ tls } = {}) {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run make build`);
  const child = spawn(PROGRAM, tls ? ['--tls', tls] : [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(child.stdout), 'line');
  return {
    url,
    async stop() {
      const closed = once(child, 'close');
      child.stdin.end(); // Its sign to end.
      await closed;
    },
  };
}

// Takes the answer of that name.
export const as = (name) => ({ headers: { 'x-case': name } });
