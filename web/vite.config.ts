import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const folder = (name: string) => fileURLToPath(new URL(`src/${name}`, import.meta.url));

// `npm run dev` shows the pages of a server that runs already.
const server = process.env['PITOT_URL'] ?? 'http://127.0.0.1:4318';

export default defineConfig({
  resolve: {
    alias: Object.fromEntries(
      ['base', 'api', 'widgets', 'pages', 'app'].map((name) => [name, folder(name)]),
    ),
  },
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    // The server's Content-Security-Policy allows no inline script and no data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // pack.mjs sums up from it what a first visit loads.
    manifest: true,
    emptyOutDir: true,
    rollupOptions: {
      onwarn(warning, warn) {
        // "use client" means something to servers that render React only.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, changeOrigin: true } },
  },
});
