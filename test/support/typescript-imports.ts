import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Jest compiles the files of its global set-up but leaves finding them to Node, which takes the `.js` in our imports at
 * its word. Where there is no such file, the `.ts` beside it is meant. Only for jest's own process; tests do not see it.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.startsWith('file:')) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (!source.pathname.includes('/node_modules/') && existsSync(fileURLToPath(source))) {
        return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
      }
    }
    return nextResolve(specifier, context);
  },
});
