/**
 * `rolegate ci` in a real repository: a base, ten changes, and its report on each, compared with every request of a
 * small world, decided one by one.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load-config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
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
  ['a comment only', 'version: 1', 'version: 1 # the first'],
  ['a wrong role', 'access: [editor]', 'access: [user]'],
  ['one more role', 'access: [editor]', 'access: [editor, user]'],
  ['a condition on the wrong parameter', 'param: tenant', 'param: id'],
  ['a public wildcard', 'path: "/health"', 'path: "/health/**"'],
  ['every method', '{ GET: [user, editor], DELETE: [admin] }', '[user, editor, admin]'],
  ['a role that inherits too much', 'user: {}, editor', 'user: { inherits: [editor] }, editor'],
  ['a lost role', 'GET: [user, editor]', 'GET: [user]'],
  ['a closed route', 'upstream: service, access: [editor]', 'upstream: service, access: deny'],
  ['an exempt role', 'reason: wrong_tenant', 'unless: [admin], reason: wrong_tenant'],
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

type Caller = readonly string[] | null;
interface Asked {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Null: no credential. */
  readonly roles: Caller;
  readonly groups: readonly string[];
}

const callers: readonly Caller[] = [null, [], ['user'], ['editor'], ['admin'], ['user', 'editor']];
const paths = [
  '/health',
  '/health/x',
  '/health/docs/1',
  '/acme/docs/1',
  '/zeta/docs/1',
  '/zeta/docs/acme',
  '/reports/2026',
  '/reports',
  '/other',
];
/** Every request of a world that contains each name in the rules, and one that is not in them. */
const world: readonly Asked[] = ['GET', 'POST', 'DELETE', 'PATCH'].flatMap((method) =>
  paths.flatMap((path) =>
    callers.map((roles) => ({ method, host: 'api.example.test', path, roles, groups: ['acme'] })),
  ),
);

/** Decides requests by the rules in this text. */
function deciderOf(text: string): (asked: Asked) => Decision {
  const place = join(folder, 'world.yaml');
  writeFileSync(place, text);
  const loaded = loadConfig(place, {});
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const policy = policyOf(loaded.config);
  return ({ method, host, path, roles, groups }) => {
    const rawHeaders = ['host', host, ...(roles === null ? [] : ['authorization', 'Bearer token'])];
    const view = { method, target: path, rawHeaders, httpVersion: '1.1', address: '192.0.2.1' } as const;
    const identity = { ...sampleIdentity, roles: roles ?? [], groups };
    return decide(view, policy, () => ({ identity, reason: null, stale: false, source: 'memory' })) as Decision;
  };
}

interface Row {
  readonly methods: string;
  readonly example: string;
  readonly route: string;
  readonly who: readonly string[];
}

/** What the report lists as newly allowed. */
function rowsOf(report: string): readonly Row[] {
  const [, section = ''] = /### Newly allowed\n\n([\s\S]*?)(?:\n\n|$)/.exec(report) ?? [];
  return section
    .split('\n')
    .slice(2)
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .map(([, methods = '', example = '', route = '', who = '']) => ({
      methods,
      example,
      route,
      who: who.replace(/ \(depends on .*\)$/, '').split('; '),
    }));
}

/** Whether a row covers this request: its method, the routes before and after, and its sender. */
function speaksOf({ methods, route, who }: Row, asked: Asked, routes: string, roles: ReadonlySet<string>): boolean {
  const named = ['GET', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PUT'].filter((one) =>
    methods.split(', ').includes(one),
  );
  const ofMethod =
    methods === 'every method' ||
    named.includes(asked.method) ||
    (methods.split(', ').includes('any other') && ['POST', 'PATCH'].includes(asked.method));
  const sender = (one: string) =>
    one === 'anyone' ||
    (asked.roles === null
      ? one === 'without a credential'
      : one === 'any identity' ||
        one.split(' or ').some((mark) => mark.startsWith('role ') && roles.has(mark.slice(5))));
  return ofMethod && route === routes && who.some(sender);
}

/** A request in the report, such as `GET https://any.example/acme/docs/any` by anyone with role user and group acme. */
function exampleOf(example: string): Asked {
  const [, method, host, path, sender = ''] = /^`(\S+) https:\/\/([^/]+)(\S*)` (.+)$/.exec(example)!;
  const listed = (word: string) => new RegExp(`${word}s? ([\\w, ]+?)(?: and |$)`).exec(sender)?.[1]?.split(', ') ?? [];
  const roles = sender.startsWith('by ') ? listed('role') : null;
  return { method: method!, host: host!, path: path!, roles, groups: listed('group') };
}

/** Roles that the rules in this text give to a holder of these. */
function heldBy(roles: Caller, text: string): ReadonlySet<string> {
  const declared = parse(text).roles as Readonly<Record<string, { readonly inherits?: readonly string[] }>>;
  const held = new Set(roles);
  for (const role of held) for (const inherited of declared[role]?.inherits ?? []) held.add(inherited);
  return held;
}

const allows = ({ outcome }: Decision) => outcome === 'allow';
const routesOf = (before: Decision, after: Decision) => {
  const [old, next] = [before, after].map((one) => ('route' in one && one.route !== null ? one.route.id : 'no route'));
  return old === next ? old! : `${old} -> ${next}`;
};

describe.each(changes)('%s', (_, from, to) => {
  test('reports exactly what is newly allowed', async () => {
    expect(base).toContain(from);
    const changed = base.replace(from, to);
    writeFileSync(file(), changed);
    const { code, report } = await ci('--coverage', '0', '--mutation', '0', '--fail-on', 'newly-allowed', '--all');
    const [byBase, byChange] = [deciderOf(base), deciderOf(changed)];
    const rows = rowsOf(report);
    const newly = world.filter((asked) => allows(byChange(asked)) && !allows(byBase(asked)));
    const spokenOf = (asked: Asked) =>
      rows.filter((row) =>
        speaksOf(row, asked, routesOf(byBase(asked), byChange(asked)), heldBy(asked.roles, changed)),
      );
    // Every newly allowed request is in a row, and every row has one.
    expect(newly.filter((asked) => spokenOf(asked).length === 0)).toEqual([]);
    const used = new Set(newly.flatMap(spokenOf));
    expect(rows.filter((row) => !used.has(row) && !/^(?:HEAD|OPTIONS|PUT)$/.test(row.methods))).toEqual([]);
    // The base refuses the example of a row and the change allows it. No row is merely possible.
    for (const { example, who } of rows) {
      expect(who).not.toContain('possibly');
      const asked = exampleOf(example);
      expect([example, allows(byBase(asked)), allows(byChange(asked))]).toEqual([example, false, true]);
    }
    expect(report).toMatch(new RegExp(`\\| newly allowed \\| ${newly.length === 0 ? 0 : '[1-9]'}`));
    // Tests that a change breaks come first.
    expect(code).toBe(report.startsWith('## Access rules: failed') ? 1 : newly.length === 0 ? 0 : 3);
  }, 60_000);
});

/** Each lets more in without a difference in decisions: the Auth API and the trusted addresses are given there. */
const unjudged: readonly (readonly [name: string, from: string, to: string, setting: string])[] = [
  ['another Auth API', 'url: "http://127.0.0.1:8081"', 'url: "http://127.0.0.2:8081"', 'authApi.url'],
  ['no verification', ':8081" }', ':8081", fields: { verified: false } }', 'authApi.fields.verified'],
  ['more rejected statuses', ':8081" }', ':8081", rejectedStatuses: [401, 404] }', 'authApi.rejectedStatuses'],
  [
    'no bound of guesses',
    'roles:',
    'server: { limits: { failedAuthentications: false } }\nroles:',
    'server.limits.failedAuthentications',
  ],
  ['more trusted proxies', 'roles:', 'server: { trustedProxies: ["203.0.113.0/24"] }\nroles:', 'server.trustedProxies'],
  ['a longer cache', 'roles:', 'cache: { accepted: 24h }\nroles:', 'cache.accepted'],
  [
    'a claim that users write',
    'roles:',
    'identity: { claims: { tenants: { field: profile.tenants, type: list } } }\nroles:',
    'identity.claims.tenants',
  ],
  [
    "another team's service",
    'upstreams: { service: { targets: ["http://127.0.0.1:3000"] } }',
    'upstreams: { service: { targets: ["http://127.0.0.1:3001"] } }',
    'upstreams.service.targets',
  ],
  [
    'upgrades on a route',
    'upstream: service, access: [editor]',
    'upstream: service, access: [editor], websocket: true',
    'routes.report.websocket',
  ],
];

const gate = ['--coverage', '0', '--mutation', '0', '--fail-on', 'newly-allowed'] as const;

test.each(unjudged)('%s fails the gate by name', async (_, from, to, setting) => {
  expect(base).toContain(from);
  writeFileSync(file(), base.replace(from, to));
  const refused = await ci(...gate);
  expect(refused.code, refused.report).toBe(3);
  expect(refused.report).toContain('| newly allowed | 0 |');
  expect(refused.report).toMatch(
    new RegExp(`### Settings that may allow more .*\\n\\n(?:- .*\\n)*- \`${setting}[.\\w]*\``),
  );
});

test.each([
  ['its own name', 'authApi.url', 0],
  ['the name of its section', 'authApi', 0],
  ['a part of its name', 'authApi.ur', 3],
  ['another setting', 'cache.accepted', 3],
] as const)('a changed setting is accepted by %s only', async (_, key, exit) => {
  writeFileSync(file(), base.replace(':8081', ':8082'));
  const { code, report } = await ci(...gate, '--accept', key);
  expect(code).toBe(exit);
  expect(report.includes('### Accepted settings\n\n- `authApi.url`\n')).toBe(exit === 0);
});

test('the repository is unchanged: no staged change, no additional worktree', async () => {
  writeFileSync(file(), base);
  const before = readFileSync(join(folder, '.git/index'));
  const { code, report } = await ci();
  expect(report).toContain('The access rules are equivalent.');
  expect(report).toContain('13 passed, 0 failed');
  expect(code, report).toBe(report.includes('mutation score is below') || report.includes('coverage is below') ? 1 : 0);
  expect(readFileSync(join(folder, '.git/index'))).toEqual(before);
  expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1);
});

test('report and findings are written to files', async () => {
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
  ['an unknown revision', ['ci', '--base', 'nowhere'], /there is no revision "nowhere" here/],
  ['an option instead of a revision', ['ci', '--base=--output=x'], /there is no revision "--output=x" here/],
] as const)('%s', async (_, [command, ...args], said) => {
  writeFileSync(file(), base);
  const running = runRolegate([command, ...args, '--config', file()]);
  expect(await running.ended).toBe(1);
  expect(running.output()).toMatch(said);
});

test('a file missing in the base has nothing to compare with, and may allow anything', async () => {
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

  test('sets only existing inputs of the reusable workflow', () => {
    const github = pipelines.map((text) => parse(text)).find((one) => one.jobs !== undefined);
    const workflow = parse(readFileSync('.github/workflows/policy.yml', 'utf8'));
    const known = Object.keys(workflow.on.workflow_call.inputs);
    const given = Object.keys(github.jobs.policy.with);
    expect(given.length).toBeGreaterThan(2);
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('mentions only existing options of the command', async () => {
    const help = runRolegate(['ci', '--help']);
    await help.ended;
    const workflow = readFileSync('.github/workflows/policy.yml', 'utf8');
    const lines = [...blocks.map(({ text }) => text), workflow].join('\n').match(/rolegate(?:@\S+)? ci .*/g) ?? [];
    expect(lines.length).toBeGreaterThan(2);
    const named = lines.flatMap((line) => line.match(/ --[a-z-]+/g) ?? []).map((option) => option.trim());
    expect(named.filter((option) => !help.output().includes(`${option} `))).toEqual([]);
  });
});
