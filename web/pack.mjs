// Packs built pages into what the C++ compiler takes: node pack.mjs DIST_FOLDER OUTPUT_FOLDER
//
// All files, plain and compressed, lie one after the other in web-HASH.bin, which the assembler
// includes as it is; web_files.cc says where each begins. A new hash means a new name, so that nobody
// takes an old one for it.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
// Vite puts a hash of the content into these names: they never change.
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/;

const [dist, out] = process.argv.slice(2);
if (!dist || !out) {
  console.error('usage: node pack.mjs DIST_FOLDER OUTPUT_FOLDER');
  process.exit(2);
}

// What a first visit may load: the JavaScript of index.html and of the page it shows, compressed.
const FIRST_LOAD_GZIP_BYTES_MAX = 250_000;

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

// Vite's list of what imports what: file names by module.
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));

// The files that the module `key` needs to run, itself among them.
function scriptsOf(key, found = new Set()) {
  const { file, imports = [] } = manifest[key];
  if (file.endsWith('.js') && !found.has(file)) {
    found.add(file);
    for (const imported of imports) scriptsOf(imported, found);
  }
  return found;
}

function checkFirstLoad() {
  const sizes = new Map();
  const sizeOf = (file) => {
    if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(dist, file))).length);
    return sizes.get(file);
  };
  const total = (files) => [...files].reduce((bytes, file) => bytes + sizeOf(file), 0);
  const pages = manifest['index.html'].dynamicImports.map((page) => ({
    page,
    bytes: total(scriptsOf(page, scriptsOf('index.html'))),
  }));
  const [largest] = pages.sort((a, b) => b.bytes - a.bytes);
  const kb = (bytes) => `${Math.ceil(bytes / 1000)} KB`;
  const words = `first load: ${kb(largest.bytes)} of JavaScript, compressed (${largest.page})`;
  if (largest.bytes > FIRST_LOAD_GZIP_BYTES_MAX) {
    throw new Error(`${words}; at most ${kb(FIRST_LOAD_GZIP_BYTES_MAX)}: load parts of it later`);
  }
  console.log(words);
}

function filesIn(folder, path = '/') {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== '.vite')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesIn(join(folder, entry.name), posix.join(path, entry.name))
        : [{ path: posix.join(path, entry.name), bytes: readFileSync(join(folder, entry.name)) }],
    );
}

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });

checkFirstLoad();

const pieces = [];
let size = 0;
function place(bytes) {
  const at = size;
  pieces.push(bytes);
  size += bytes.length;
  return `Piece(${at}, ${bytes.length})`;
}

const rows = filesIn(dist).map(({ path, bytes }) => {
  const type = TYPES[extname(path)];
  if (!type) throw new Error(`pack.mjs knows no content type for ${path}`);
  const [plain, gzip, br] = [bytes, gzipSync(bytes, { level: 9 }), brotli(bytes)].map(place);
  const fixed = HASHED.test(path);
  return `      {"${path}", "${type}", "${digest(bytes)}", ${fixed}, ${plain}, ${gzip}, ${br}},`;
});
const blob = Buffer.concat(pieces);
const blobPath = join(out, `web-${digest(blob)}.bin`);
const pages = JSON.parse(readFileSync(new URL('src/app/pages.json', import.meta.url), 'utf8')).map(
  (page) => `      "${page.replaceAll(/\$(\w+)/g, '{$1}')}",`,
);

for (const name of readdirSync(out)) {
  if (/^web-[0-9a-f]+\.bin$/.test(name)) rmSync(join(out, name));
}
writeFileSync(blobPath, blob);
writeFileSync(
  join(out, 'web_files.cc'),
  `// Written by web/pack.mjs.
#include "api/web_files.h"

asm(R"(
  .pushsection .rodata, "a"
  .hidden pitot_web_blob
  .global pitot_web_blob
pitot_web_blob:
  .incbin "${blobPath}"
  .popsection
)");
extern "C" const char pitot_web_blob[];

namespace pitot {

const WebFiles& BuiltInWebFiles() {
  constexpr auto Piece = [](size_t at, size_t bytes) {
    return std::string_view(pitot_web_blob + at, bytes);
  };
  static const WebFile kFiles[] = {
${rows.join('\n')}
  };
  static constexpr std::string_view kPages[] = {
${pages.join('\n')}
  };
  static const WebFiles kWebFiles{kFiles, kPages};
  return kWebFiles;
}

}  // namespace pitot
`,
);
