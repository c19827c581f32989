import path from 'node:path';
import { defineConfig } from 'vite';

/** Where the API is while the console is developed with `npm run console`. */
const api = process.env['SIGNALBOX_URL'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: 'es2024',
    sourcemap: false,
    // The content security policy allows no data: scripts or fonts, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: {
      input: ['index.html', 'stately.html'].map((page) => path.join(import.meta.dirname, page)),
      // Libraries mark modules for frameworks that render on a server; there is none here.
      onwarn: (warning, warn) => {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  server: { proxy: { '/api': api, '/inspector': { target: api, ws: true } } },
});
