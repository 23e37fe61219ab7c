// Writes src/api/schema.ts, the types of everything the HTTP API answers, from its OpenAPI document:
// node types.mjs. Not kept in git: `npm run check` makes it anew, so that the pages never compile
// against an older API.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const FOLDER = fileURLToPath(new URL('../src/api/openapi', import.meta.url));
const OUT = fileURLToPath(new URL('src/api/schema.ts', import.meta.url));

// As src/api/openapi.cc puts its files together.
const read = (name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const document = read('base.json');
for (const name of readdirSync(FOLDER).sort()) {
  if (name === 'base.json' || !name.endsWith('.json')) continue;
  const { paths, schemas } = read(name);
  Object.assign(document.paths, paths);
  Object.assign(document.components.schemas, schemas);
}
document.info.version ??= '0';

const nodes = await openapiTS(document);
writeFileSync(OUT, `// Written by types.mjs.\n${astToString(nodes)}`);
