import { readdirSync } from 'node:fs';
import importX from 'eslint-plugin-import-x';
import reactHooks from 'eslint-plugin-react-hooks';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/** What a folder of src/ may import from the other folders; anything not named is refused. */
const mayImport = {
  config: [],
  clock: [],
  domain: [],
  telemetry: [],
  views: ['domain'],
  console: [],
  'admin-auth': ['config', 'domain', 'store', 'routing'],
  callback: ['config', 'clock', 'domain', 'telemetry'],
  store: ['config', 'clock', 'domain', 'telemetry'],
  routing: ['config', 'clock', 'domain', 'store', 'telemetry'],
  live: ['domain', 'store'],
  timers: ['config', 'clock', 'domain', 'store', 'routing'],
  ingress: ['config', 'clock', 'domain', 'store', 'routing', 'telemetry'],
  delivery: ['config', 'clock', 'domain', 'store', 'callback', 'telemetry'],
  channels: ['config', 'clock', 'domain', 'store', 'routing', 'timers', 'ingress', 'callback', 'admin-auth', 'views'],
  'graph-api': [
    'config',
    'clock',
    'domain',
    'store',
    'routing',
    'channels',
    'callback',
    'admin-auth',
    'console',
    'telemetry',
  ],
  'admin-api': [
    'config',
    'clock',
    'domain',
    'store',
    'routing',
    'channels',
    'callback',
    'admin-auth',
    'live',
    'views',
    'telemetry',
  ],
  // It reads the log and the machine's definition, and has no way to write.
  inspector: ['config', 'domain', 'store', 'live', 'admin-auth', 'views'],
};
const folders = readdirSync(new URL('src/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const allowedIn = (folder) => mayImport[folder] ?? [];

const zones = folders.map((folder) => ({
  target: `./src/${folder}`,
  // What is in no folder wires the folders together, and is above all of them.
  from: [
    './src/*.ts',
    ...folders
      .filter((other) => other !== folder && !allowedIn(folder).includes(other))
      .map((other) => `./src/${other}/**/*`),
  ],
  message: `src/${folder} may import only: ${allowedIn(folder).join(', ') || 'nothing of ours'}.`,
}));

export default tseslint.config(
  // Bots as other people write them, in plain CommonJS.
  { ignores: ['dist/', 'data/', 'coverage/', '**/*.config.js', 'test/programs/'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './console/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({
          project: ['./tsconfig.json', './console/tsconfig.json'],
          noWarnOnMultipleProjects: true,
        }),
      ],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/app.module.js'], message: 'Only server.ts imports the application module.' }] },
      ],
    },
  },
  {
    files: ['src/domain/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.|xstate$)',
              message: 'The domain is pure: it imports xstate and itself.',
            },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch', 'performance'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now' },
        { object: 'Math', property: 'random' },
      ],
    },
  },
  {
    files: ['console/src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                '**/src/admin-api/*',
                '**/src/views/*',
                '!**/src/views/refusal-words.js',
                '**/src/domain/*',
                '**/src/channels/*',
              ],
              allowTypeImports: true,
              message: 'The console takes types from the server, and no code but how a refusal is worded.',
            },
          ],
        },
      ],
      // Text of people is shown as text, whatever is in it.
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'Text of people is attacker-controlled: render it as a text node.',
        },
        {
          selector: 'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]',
          message: 'Text of people is attacker-controlled: render it as a text node.',
        },
      ],
    },
  },
  { files: ['src/server.ts', 'test/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
