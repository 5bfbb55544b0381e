import { existsSync } from 'node:fs';
import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * The libraries of the pages are there where somebody starts or changes the pages. Without them no type of theirs
 * is known, and every use of one would be an error.
 */
const isWebInstalled = existsSync(new URL('services/web/node_modules', import.meta.url));

const CALL_WITH_DEADLINE =
  'A peer that goes silent must not hold a caller: use fetchWithin or withDeadline of @payfan/service (docs/adr/0031-silent-peers.md).';

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/.payfan/**',
      '**/.next/**',
      '**/next-env.d.ts',
      '**/coverage/**',
      '.dependency-cruiser.cjs',
      ...(isWebInstalled ? [] : ['services/web/**/*.ts', 'services/web/**/*.tsx']),
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Numbers read well in messages, and are safe there.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Both ways of indexing say what they mean; noPropertyAccessFromIndexSignature is off for the same reason.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only a config.ts reads the environment.' },
      ],
    },
  },
  {
    // Next puts the name of the runtime into instrumentation.ts while it compiles it.
    files: [
      '**/config.ts',
      'shared/stack/**',
      'tests/**',
      '**/*.test.ts',
      '**/*-main.ts',
      'services/web/src/instrumentation.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.test.ts', 'tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Jest's asymmetric matchers (expect.any and the like) are typed `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['services/*/src/**/*.ts', 'shared/*/src/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      '**/testing/**',
      '**/testing.ts',
      // These run in browsers, or read what this machine's own processes answer to a developer.
      'services/web/**',
      'shared/live-client/**',
      'services/sandbox/src/http/page-assets.ts',
      'shared/stack/**',
      // Asks the broker of this installation, from programs that run once and from tests.
      'shared/messaging/src/management.ts',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[arguments.length=0][callee.property.name=/^(json|text|arrayBuffer|blob|bytes|formData)$/]:not([callee.object.name=/^(configFields|z)$/])',
          message: 'Read answers with readJson or readText of @payfan/service, which end at a bound.',
        },
        {
          selector: "MemberExpression[object.name='AbortSignal'][property.name=/^(any|timeout)$/]",
          message: CALL_WITH_DEADLINE,
        },
      ],
      'no-restricted-globals': ['error', { name: 'fetch', message: CALL_WITH_DEADLINE }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'undici', message: CALL_WITH_DEADLINE },
            { name: 'node:http', importNames: ['request', 'get'], message: CALL_WITH_DEADLINE },
            { name: 'node:https', importNames: ['request', 'get'], message: CALL_WITH_DEADLINE },
            { name: 'node:net', importNames: ['connect', 'createConnection'], message: CALL_WITH_DEADLINE },
            { name: 'node:tls', importNames: ['connect'], message: CALL_WITH_DEADLINE },
          ],
        },
      ],
    },
  },
  {
    // The mechanism itself, and three clients that fetch does not suit. What calls them gives them a deadline.
    files: [
      'shared/service/src/deadline.ts',
      'services/operations/src/fetch-as.ts',
      'services/phone/src/sms-gateway-client.ts',
      'services/push/src/web-push/push-service-client.ts',
    ],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-imports': 'off' },
  },
  {
    files: ['services/web/**/*.ts', 'services/web/**/*.tsx', 'shared/live-client/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Use wholeAnswer, which has a deadline, or take fetch as an option.' },
      ],
    },
  },
  {
    files: ['services/web/**/*.tsx', 'services/web/**/*.ts'],
    extends: [reactHooks.configs.flat.recommended],
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
        AbortController: 'readonly',
      },
    },
  },
  prettier,
);
