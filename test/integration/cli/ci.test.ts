/** `rolegate ci` in a real repository: a base, ten changes, and what it says of each beside every request of a small world, decided one by one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { sampleIdentity } from '../../../src/policy-tools/sample-identity.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import { runRolegate } from '../../support/running-command.ts';

const base = `version: 1
authApi: { url: "http://127.0.0.1:8081" }
roles: { user: {}, editor: {}, admin: { inherits: [editor] } }
upstreams: { service: { targets: ["http://127.0.0.1:3000"] } }
routes:
  - { id: health, match: { path: "/health" }, upstream: service, access: public }
  - id: doc
    match: { path: "/{tenant}/docs/{id}" }
    upstream: service
    access: { GET: [user, editor], DELETE: [admin] }
    when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]
  - { id: report, match: { path: "/reports/{year}" }, upstream: service, access: [editor] }
`;
const tests = `identities:
  ann: { roles: [user], groups: [acme] }
  ed: { roles: [editor], groups: [acme] }
  root: { roles: [admin], groups: [acme] }
  far: { roles: [admin], groups: [zeta] }
  none: { groups: [acme] }
cases:
  - { request: GET /health, expect: allow }
  - { as: ann, request: GET /acme/docs/1, expect: allow }
  - { as: ed, request: GET /acme/docs/1, expect: allow }
  - { as: none, request: GET /acme/docs/1, expect: refuse, reason: role_missing }
  - { request: GET /acme/docs/1, expect: refuse, reason: credential_missing }
  - { as: far, request: GET /acme/docs/1, expect: refuse, reason: wrong_tenant }
  - { as: root, request: DELETE /acme/docs/1, expect: allow }
  - { as: ed, request: DELETE /acme/docs/1, expect: refuse, reason: role_missing }
  - { request: DELETE /acme/docs/1, expect: refuse, reason: credential_missing }
  - { as: far, request: DELETE /acme/docs/1, expect: refuse, reason: wrong_tenant }
  - { as: ed, request: GET /reports/2026, expect: allow }
  - { as: ann, request: GET /reports/2026, expect: refuse, reason: role_missing }
  - { request: GET /reports/2026, expect: refuse, reason: credential_missing }
`;

const changes: readonly (readonly [name: string, from: string, to: string])[] = [
  ['nothing but a comment', 'version: 1', 'version: 1 # the first'],
  ['a wrong role', 'access: [editor]', 'access: [user]'],
  ['one more role', 'access: [editor]', 'access: [editor, user]'],
  ['a condition on the wrong parameter', 'param: tenant', 'param: id'],
  ['a public wildcard', 'path: "/health"', 'path: "/health/**"'],
  ['every method', '{ GET: [user, editor], DELETE: [admin] }', '[user, editor, admin]'],
  ['a role that inherits too much', 'user: {}, editor', 'user: { inherits: [editor] }, editor'],
  ['a lost role', 'GET: [user, editor]', 'GET: [user]'],
  ['a closed route', 'upstream: service, access: [editor]', 'upstream: service, access: deny'],
  ['an excepted role', 'reason: wrong_tenant', 'unless: [admin], reason: wrong_tenant'],
];

let folder: string;
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=ci', '-c', 'user.email=ci@example.test', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
const file = () => join(folder, 'policy/gateway.yaml');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-ci-'));
  execFileSync('mkdir', [join(folder, 'policy')]);
  writeFileSync(file(), base);
  writeFileSync(join(folder, 'policy/gateway.test.yaml'), tests);
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '.');
  git('commit', '--quiet', '--message', 'base');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ci(...options: readonly string[]) {
  const running = runRolegate(['ci', '--base', 'main', '--config', file(), ...options]);
  const code = await running.ended;
  return { code, report: running.output() };
}

/** Every request of a world that has each name of the rules, and one that they do not have. */
function world(text: string): ReadonlyMap<string, Decision> {
  writeFileSync(join(folder, 'world.yaml'), text);
  const loaded = loadConfig(join(folder, 'world.yaml'), {});
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const decisions = new Map<string, Decision>();
  const paths = [
    '/health',
    '/health/x',
    '/acme/docs/1',
    '/zeta/docs/1',
    '/zeta/docs/acme',
    '/reports/2026',
    '/reports',
    '/other',
  ];
  for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) {
    for (const path of paths) {
      for (const roles of [null, [], ['user'], ['editor'], ['admin'], ['user', 'editor']]) {
        const rawHeaders = ['host', 'api.example.test', ...(roles === null ? [] : ['authorization', 'Bearer token'])];
        const view = { method, target: path, rawHeaders, httpVersion: '1.1', address: '192.0.2.1' } as const;
        const decision = decide(view, policyOf(loaded.config), () => ({
          identity: { ...sampleIdentity, roles: roles ?? [], groups: ['acme'] },
          reason: null,
          stale: false,
          source: 'memory',
        }));
        decisions.set(`${method} ${path} ${roles}`, decision as Decision);
      }
    }
  }
  return decisions;
}

/** Methods and routes of requests that only the second one allows. */
function newlyAllowed(before: string, after: string): ReadonlySet<string> {
  const [old, next] = [world(before), world(after)];
  const found = new Set<string>();
  for (const [request, decision] of next) {
    if (decision.outcome !== 'allow' || old.get(request)?.outcome === 'allow') continue;
    found.add(`${request.split(' ', 1)[0]} ${decision.route.id}`);
  }
  return found;
}

/** The same, of the report. */
function named(report: string): ReadonlySet<string> {
  const [, section = ''] = /### Newly allowed\n\n([\s\S]*?)(?:\n\n|$)/.exec(report) ?? [];
  const rows = section.split('\n').slice(2);
  const cells = rows.map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  const methodsOf = (text: string) =>
    text === 'every method'
      ? ['GET', 'POST', 'DELETE', 'PATCH']
      : text.split(', ').map((one) => (one === 'any other' ? 'PATCH' : one));
  return new Set(
    cells.flatMap(([, methods = '', , route = '']) =>
      methodsOf(methods).map((method) => `${method} ${route.split(' -> ').at(-1)}`),
    ),
  );
}

describe.each(changes)('%s', (_, from, to) => {
  test('names exactly what is newly let in', async () => {
    expect(base).toContain(from);
    const changed = base.replace(from, to);
    writeFileSync(file(), changed);
    const { code, report } = await ci('--coverage', '0', '--mutation', '0', '--fail-on', 'newly-allowed', '--all');
    const expected = newlyAllowed(base, changed);
    // HEAD follows GET, POST and PATCH are methods that no rule names: the report calls them so.
    const told = [...named(report)].filter((one) => !/^(?:HEAD|OPTIONS|PUT) /.test(one));
    const alike = (names: Iterable<string>) =>
      [...new Set([...names].map((one) => one.replace(/^POST /, 'PATCH ')))].sort();
    expect(alike(told)).toEqual(alike(expected));
    expect(report).toMatch(new RegExp(`\\| newly allowed \\| ${expected.size === 0 ? 0 : '[1-9]'}`));
    // Tests that a change breaks count first.
    expect(code).toBe(report.startsWith('## Access rules: failed') ? 1 : expected.size === 0 ? 0 : 3);
  }, 60_000);
});

test('the repository is as it was: no staged change, no further worktree', async () => {
  writeFileSync(file(), base);
  const before = readFileSync(join(folder, '.git/index'));
  const { code, report } = await ci();
  expect(report).toContain('The access rules mean the same.');
  expect(report).toContain('13 passed, 0 failed');
  expect(code, report).toBe(report.includes('mutation score is below') || report.includes('coverage is below') ? 1 : 0);
  expect(readFileSync(join(folder, '.git/index'))).toEqual(before);
  expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
});

test('a report and findings go to files', async () => {
  writeFileSync(file(), base.replace('roles: {', 'roles: { idle: {},'));
  const [out, sarif] = [join(folder, 'report.md'), join(folder, 'findings.sarif')];
  const { code } = await ci('--out', out, '--sarif', sarif);
  expect(code).toBe(1);
  expect(readFileSync(out, 'utf8')).toContain('`role_unused`');
  expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({
    runs: [{ results: [{ ruleId: 'role_unused', level: 'error' }] }],
  });
  expect((await ci('--ignore', 'role_unused', '--coverage', '0', '--mutation', '0')).code).toBe(0);
});

test.each([
  ['no such revision', ['ci', '--base', 'nowhere'], /there is no revision "nowhere" here/],
  ['an option in place of a revision', ['ci', '--base=--output=x'], /there is no revision "--output=x" here/],
] as const)('%s', async (_, [command, ...args], said) => {
  writeFileSync(file(), base);
  const running = runRolegate([command, ...args, '--config', file()]);
  expect(await running.ended).toBe(1);
  expect(running.output()).toMatch(said);
});

test('a file that the base does not have is compared with nothing, and may let in anything', async () => {
  const other = join(folder, 'policy/other.yaml');
  writeFileSync(other, base);
  const running = runRolegate([
    'ci',
    '--base',
    'main',
    '--config',
    other,
    '--coverage',
    '0',
    '--mutation',
    '0',
    '--fail-on',
    'newly-allowed',
  ]);
  expect(await running.ended).toBe(3);
  expect(running.output()).toContain('every request that it allows is newly allowed');
});

describe('the page', () => {
  const blocks = blocksOf(readFileSync('docs/guides/policy-ci.md', 'utf8'));
  const pipelines = blocks
    .filter(({ language, info }) => `${language} ${info}` === 'yaml pipeline')
    .map(({ text }) => text);

  test('gives the reusable workflow only inputs that it has', () => {
    const github = pipelines.map((text) => parse(text)).find((one) => one.jobs !== undefined);
    const workflow = parse(readFileSync('.github/workflows/policy.yml', 'utf8'));
    const known = Object.keys(workflow.on.workflow_call.inputs);
    const given = Object.keys(github.jobs.policy.with);
    expect(given.length).toBeGreaterThan(2);
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('names only options that the command has', async () => {
    const help = runRolegate(['ci', '--help']);
    await help.ended;
    const workflow = readFileSync('.github/workflows/policy.yml', 'utf8');
    const lines = [...blocks.map(({ text }) => text), workflow].join('\n').match(/rolegate(?:@\S+)? ci .*/g) ?? [];
    expect(lines.length).toBeGreaterThan(2);
    const named = lines.flatMap((line) => line.match(/ --[a-z-]+/g) ?? []).map((option) => option.trim());
    expect(named.filter((option) => !help.output().includes(`${option} `))).toEqual([]);
  });
});
