/**
 * What policy tools do with kinds of credentials and sign-in pages: tests, coverage, mutants, proposals, diff, explain.
 */
import { expect, test } from 'vitest';
import { explanationText } from '../../../src/cli/explain/explanation-text.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { comparePolicies } from '../../../src/policy-tools/diff/compare-policies.ts';
import { settingChanges } from '../../../src/policy-tools/diff/setting-changes.ts';
import { mutationScore } from '../../../src/policy-tools/mutation-score.ts';
import { proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { explained } from '../../support/tool-results.ts';

const robots = 'credentials: [apiKey]';
const signIn = 'signIn: { url: /sign-in }';

function read(more: { readonly robots?: string; readonly page?: string; readonly cases?: readonly string[] } = {}) {
  const text = `version: 1
authApi: { url: "http://127.0.0.1:9" }
credentials:
  bearer: { shape: { prefix: tok_, length: 12, alphabet: base62 } }
  apiKey: { prefix: key_, shape: { prefix: key_, minLength: 20 } }
  keyPair: { secretShape: { minLength: 30, alphabet: hex } }
  basic: bearer
upstreams: { orders: { targets: ["http://127.0.0.1:8"] } }
routes:
  - { id: robots, match: { path: /robots }, upstream: orders, access: authenticated, ${more.robots ?? robots} }
  - { id: page, match: { path: /page }, upstream: orders, access: authenticated, ${more.page ?? signIn} }
tests:
  identities:
    ann: { kind: bearer }
    robot: { kind: apiKey }
    pair: { kind: keyPair }
  cases: [${(more.cases ?? []).join(', ')}]
`;
  const result = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result;
}

const refused = 'expect: refuse, reason: credential_kind_not_accepted';
const navigation = 'headers: { sec-fetch-mode: navigate }';
const good = [
  '{ as: robot, request: GET /robots, expect: allow }',
  `{ as: ann, request: GET /robots, ${refused} }`,
  `{ as: pair, request: GET /robots, ${refused} }`,
  '{ request: GET /robots, expect: refuse, reason: credential_missing }',
  '{ as: ann, request: GET /page, expect: allow }',
  '{ as: robot, request: GET /page, expect: allow }',
  '{ as: pair, request: GET /page, expect: allow }',
  '{ request: GET /page, expect: refuse, reason: credential_missing }',
  `{ request: GET /page, ${navigation}, expect: signIn, reason: credential_missing }`,
];

const run = (cases: readonly string[]) => runTests(read({ cases }).config, false);

test('cases send each kind in its shape, and distinguish a sign-in page from a refusal', () => {
  expect(run(good).results.flatMap(({ faults }) => faults)).toEqual([]);
  const wrong = run([
    `{ request: GET /page, ${navigation}, expect: refuse }`,
    '{ request: GET /page, expect: signIn }',
    '{ as: ann, request: GET /robots, expect: allow }',
  ]);
  expect(wrong.results.map(({ faults }) => faults)).toEqual([
    ['expected refuse, got signIn (credential_missing)'],
    ['expected signIn, got refuse (credential_missing)'],
    ['expected allow, got refuse (credential_kind_not_accepted)'],
  ]);
});

test('coverage requires a refused kind and the sign-in page', () => {
  const open = (cases: readonly string[]) =>
    run(cases).coverage.cells.flatMap(({ route, effect, covered }) =>
      covered ? [] : [`${route.id} ${effect.kind === 'refuses' ? effect.word : effect.kind}`],
    );
  expect(open(good)).toEqual([]);
  expect(open(good.filter((row) => !row.includes('kind_not_accepted')))).toEqual([
    'robots credential_kind_not_accepted',
  ]);
  expect(open(good.filter((row) => !row.includes('signIn')))).toEqual(['page signIn']);
});

test('a removed, widened or narrowed list of kinds, and a removed sign-in page, are mutants', () => {
  const survivors = (cases: readonly string[]) => {
    const { config } = read({ cases });
    const { results } = runTests(config, false);
    return mutationScore(
      config,
      results.map(({ prepared }) => prepared),
    ).survivors.map((mutant) => mutant.words);
  };
  const concerned = (words: readonly string[]) =>
    words.filter((text) => /credentials|it also|it no longer accepts|sign-in/.test(text));
  expect(concerned(survivors(good))).toEqual([]);
  const without = (part: string) => concerned(survivors(good.filter((row) => !row.includes(part))));
  expect(without('kind_not_accepted')).toEqual([
    'its list of credentials is removed',
    'it also accepts bearer',
    'it also accepts keyPair',
  ]);
  expect(without('as: pair, request: GET /robots')).toEqual(['it also accepts keyPair']);
  expect(without('signIn')).toEqual(['browsers are no longer redirected to its sign-in page']);
});

test('proposals cover all of it', () => {
  const { config } = read();
  const { cases, notFound } = proposeCases(config, runTests(config, false), true);
  expect(notFound).toEqual([]);
  const proposed = cases.map(({ test: { expect: outcome, reason, route } }) => `${route} ${outcome} ${reason}`);
  expect(proposed).toContain('robots refuse credential_kind_not_accepted');
  expect(proposed).toContain('page signIn credential_missing');
});

test('diff reports a route that accepts another kind, and another sign-in page', () => {
  const before = read();
  const after = read({ robots: 'credentials: [apiKey, keyPair]', page: 'signIn: { url: /login }' });
  expect(comparePolicies(policyOf(before.config), policyOf(after.config))).toEqual([]);
  expect(settingChanges(before, after)).toEqual([
    {
      routeBefore: 'robots',
      routeAfter: 'robots',
      setting: 'credentials',
      class: 'decides',
      before: 'apiKey',
      after: 'keyPair, apiKey',
    },
    expect.objectContaining({ routeBefore: 'page', setting: 'signIn', class: 'exposes' }),
  ]);
});

test.each<[string, string, string, readonly string[], object, readonly string[]]>([
  [
    'an API key',
    'robot',
    '/robots',
    [],
    {
      kind: 'apiKey',
      from: 'authorization (bearer)',
      taken: ['apiKey'],
      source: { source: 'authApi', why: 'an API key' },
    },
    ['apiKey, from authorization (bearer)', 'the route accepts apiKey', 'source: authApi (an API key)'],
  ],
  [
    'a kind that is not accepted',
    'pair',
    '/robots',
    [],
    { kind: 'keyPair', from: 'api-key and api-secret', taken: ['apiKey'], source: null },
    ['keyPair, from api-key and api-secret', 'the route accepts apiKey', '401 credential_kind_not_accepted'],
  ],
  [
    'Basic',
    'ann',
    '/page',
    ['Authorization', `Basic ${Buffer.from('git:tok_12345678').toString('base64')}`],
    { kind: 'bearer', from: 'authorization (basic)', source: { source: 'authApi', why: 'a bearer' } },
    ['bearer, from authorization (basic)', 'source: authApi (a bearer)'],
  ],
  [
    'a navigation without a credential',
    '',
    '/page?a=1',
    ['Sec-Fetch-Mode', 'navigate'],
    { kind: null, from: null, source: null },
    ['none sent', 'refused on route page: 303 credential_missing', 'redirected to /sign-in?return_to=%2Fpage%3Fa%3D1'],
  ],
  [
    'another shape',
    '',
    '/page',
    ['Authorization', 'Bearer s3cr3t-of-somebody'],
    { kind: null, from: 'authorization (bearer)', source: null },
    [
      'unreadable, from authorization (bearer)',
      '401 credential_shape_wrong',
      'WWW-Authenticate: Bearer realm="rolegate", error="invalid_token"\n',
      'WWW-Authenticate: Basic realm="rolegate", charset="UTF-8"\n',
    ],
  ],
])('explain: %s', (_name, as, target, headers, credential, lines) => {
  const { config } = read();
  const request = { host: 'a.test', secure: false, target, headers };
  const explanation = explained(config, request, config.tests.identities.get(as) ?? null);
  expect(explanation.credential).toMatchObject(credential);
  const text = explanationText(explanation, false);
  for (const line of lines) expect(text).toContain(line);
  expect(text + JSON.stringify(explanation)).not.toMatch(/s3cr3t|tok_|key_a/);
});
