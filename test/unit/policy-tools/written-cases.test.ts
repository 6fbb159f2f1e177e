/** Cases added to a test file: they are there, and everything else is unchanged. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { newIdentities, proposeCases } from '../../../src/policy-tools/propose-cases.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { addCases } from '../../../src/policy-tools/written-cases.ts';
import { policy } from './policies.ts';

const config = policy(`roles: { user: {} }
routes: [{ id: one, match: { path: /one }, upstream: orders, access: { GET: [user] } }]
`);
const proposals = proposeCases(config, runTests(config, false));
const written = { identities: newIdentities(config, proposals), proposals };
const identities = { user: { roles: ['user'] }, no_role: { roles: [] } };
const cases = [
  { as: 'user', request: 'GET /one', expect: 'allow', route: 'one' },
  { as: 'no_role', request: 'GET /one', expect: 'refuse', route: 'one', reason: 'role_missing' },
];

test.each([
  ['an empty file', ''],
  ['only a comment', '# nothing yet'],
  [
    'lists with comments',
    '# of us\nidentities:\n  ann: { roles: [user] } # Ann\n\n  # Bob\n  bob:\n    roles: []\n    groups: [a, b]\ncases:\n    # first\n    - { as: ann, request: GET /one, expect: allow } # yes\n    - request: GET /two # no such route\n      expect: refuse\n# the end\n',
  ],
  ['cases before identities', 'cases:\n- request: GET /two\n  expect: refuse\nidentities:\n  ann: {}\n'],
  ['no line end', 'cases:\n  - { request: GET /two, expect: refuse }'],
  [
    'lists in brackets',
    'identities: { ann: { roles: [user] }, bob: {} } # both\ncases: [{ request: GET /two, expect: refuse }]\n',
  ],
  [
    'brackets over several lines',
    'cases: [\n  { request: GET /two, expect: refuse }, # one\n  { request: GET /three, expect: refuse }, # two\n]\n',
  ],
  ['empty lists', 'version: 1\nidentities: {}\ncases: []\n'],
  ['keys without a value', 'identities:\ncases:\n# end\n'],
  [
    'a multi-line text at the end',
    'cases:\n  - request: GET /two\n    expect: refuse\n    name: >-\n      a long\n      name\n\n\n',
  ],
  ['line ends of Windows', 'identities:\r\n  ann: {}\r\ncases:\r\n  - { request: GET /two, expect: refuse }\r\n'],
])('%s', (_, text) => {
  const added = addCases(text, written);
  if (typeof added !== 'string') throw new Error(added.problem);
  const before = (parse(text) ?? {}) as { identities?: object; cases?: object[]; version?: number };
  expect(parse(added)).toEqual({
    ...before,
    identities: { ...before.identities, ...identities },
    cases: [...(before.cases ?? []), ...cases],
  });
  for (const [comment] of text.matchAll(/#.*/g)) expect(added).toContain(comment);
  const own = text.split(/\r?\n/).filter((line) => line.trim().startsWith('-') || line.trim().startsWith('ann:'));
  for (const line of own) expect(added).toContain(line.trimEnd());
  expect(addCases(added, { identities: new Map(), proposals: { cases: [], notFound: [], claims: new Map() } })).toBe(
    added,
  );
});

test.each([
  ['invalid YAML', 'cases: [', 'is not a file of tests'],
  ['something other than a mapping', '- 1\n', 'is formatted in a way that prevents adding cases'],
  ['a text', 'hello\n', 'is not a file of tests'],
  ['everything in brackets', '{ cases: [{ request: GET /two, expect: refuse }] }\n', 'is formatted in a way'],
  ['an identity that already exists', 'identities: { user: {} }\n', 'already has an identity "user"'],
])('refuses to add to %s', (_, text, problem) => {
  expect(addCases(text, written)).toEqual({ problem: expect.stringContaining(problem) });
});
