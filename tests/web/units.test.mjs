// The unit tests beside the code of web/src, bundled and run here.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WEB = fileURLToPath(new URL('../../web', import.meta.url));
const { build } = createRequire(join(WEB, 'package.json'))('esbuild');

const files = readdirSync(join(WEB, 'src'), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.test.ts'))
  .sort();
const out = mkdtempSync(join(tmpdir(), 'pitot-web-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));

const bundle = join(out, 'units.mjs');
await build({
  stdin: {
    contents: files.map((name) => `import './${name}';`).join('\n'),
    resolveDir: join(WEB, 'src'),
    loader: 'ts',
  },
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node18',
  tsconfig: join(WEB, 'tsconfig.json'),
});
await import(pathToFileURL(bundle));
