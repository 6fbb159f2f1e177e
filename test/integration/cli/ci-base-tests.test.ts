/** `rolegate ci` runs the tests of the base against the change: every form of its report names what no longer holds. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRolegate } from '../../support/running-command.ts';

const rules = `version: 1
authApi: { url: "http://127.0.0.1:8081" }
roles: { user: {}, editor: {} }
upstreams: { service: { targets: ["http://127.0.0.1:3000"] } }
routes:
  - { id: report, match: { path: "/reports/{year}" }, upstream: service, access: [editor] }
  - { id: note, match: { path: "/notes/{id}" }, upstream: service, access: [user] }
`;
const tests = `identities: { ann: { roles: [user] }, ed: { roles: [editor] } }
cases:
  - { as: ed, request: GET /reports/2026, expect: allow }
  - { as: ann, request: GET /reports/2026, expect: refuse, reason: role_missing }
  - { request: GET /reports/2026, expect: refuse, reason: credential_missing }
  - { as: ann, request: GET /notes/1, expect: allow, route: note }
  - { as: ed, request: GET /notes/1, expect: allow }
`;
/** The role of the report is lowered, and the tests say so. The fifth test of the base failed before. */
const weaker = rules.replace('access: [editor]', 'access: [user, editor]');
const regenerated = tests
  .replace('/reports/2026, expect: refuse, reason: role_missing', '/reports/2026, expect: allow')
  .replace('  - { as: ed, request: GET /notes/1, expect: allow }\n', '');

let folder: string;
const place = (name: string) => join(folder, 'policy', name);
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=ci', '-c', 'user.email=ci@example.test', ...args], { cwd: folder });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-ci-'));
  mkdirSync(join(folder, 'policy'));
  writeFileSync(place('gateway.yaml'), rules);
  writeFileSync(place('gateway.test.yaml'), tests);
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '.');
  git('commit', '--quiet', '--message', 'base');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ci(change: string, changedTests: string, ...options: readonly string[]) {
  writeFileSync(place('gateway.yaml'), change);
  writeFileSync(place('gateway.test.yaml'), changedTests);
  const gate = ['--coverage', '0', '--mutation', '0'];
  const running = runRolegate(['ci', '--base', 'main', '--config', place('gateway.yaml'), ...gate, ...options]);
  const code = await running.ended;
  return { code, report: running.output() };
}

const expected = 'expected refuse, got allow; expected reason role_missing, got none';

test('a weaker rule with its tests passes, and the report begins with what the base expected', async () => {
  const { code, report } = await ci(weaker, regenerated);
  expect(code, report).toBe(0);
  const first = report.split('\n').find((line) => line.startsWith('###'));
  expect(first).toBe('### 1 expectation of the base no longer holds');
  expect(report).toMatch(new RegExp(`^- GET /reports/2026 .*policy/gateway\\.test\\.yaml:4\\): ${expected}$`, 'm'));
  expect(report).toContain('| tests of the base | 3 still hold, 1 no longer |');
});

test('text, JSON, SARIF and JUnit name the same expectation', async () => {
  const [sarif, junit] = [join(folder, 'r.sarif'), join(folder, 'r.xml')];
  const text = await ci(weaker, regenerated, '--text', '--sarif', sarif, '--junit', junit);
  expect(text.report).toMatch(
    new RegExp(`1 expectation of the base no longer holds\n- GET /reports/2026 .*:4\\): ${expected}`),
  );
  expect(text.report).toContain('3 still hold, 1 no longer');
  const { report } = await ci(weaker, regenerated, '--json');
  const { baseTests } = JSON.parse(report);
  expect(baseTests).toMatchObject({
    run: 4,
    broken: [{ line: 4, routeBefore: 'report', faults: expected.split('; ') }],
  });
  const { results } = JSON.parse(readFileSync(sarif, 'utf8')).runs[0];
  expect(results).toMatchObject([
    {
      ruleId: 'base_expectation_unmet',
      level: 'warning',
      message: { text: expect.stringContaining(expected) },
      locations: [{ physicalLocation: { region: { startLine: 4 } } }],
    },
  ]);
  const xml = readFileSync(junit, 'utf8');
  expect(xml).toContain('<testsuites tests="5" failures="1">');
  expect(xml).toMatch(/<testsuite name="rolegate, tests of the base" tests="1" failures="1">/);
});

test('a tightening breaks what the base allowed, and a change of nothing breaks nothing', async () => {
  const closed = rules.replace('access: [user]', 'access: deny');
  const { code, report } = await ci(
    closed,
    regenerated.replace('expect: allow, route: note', 'expect: refuse').replace('role_missing', 'access_denied'),
  );
  expect(report).toMatch(/^- GET \/notes\/1 .*: expected allow, got refuse \(access_denied\)$/m);
  expect(report).toContain('1 expectation of the base no longer holds');
  expect(code).toBe(1);
  const same = await ci(rules, tests.replace('  - { as: ed, request: GET /notes/1, expect: allow }\n', ''));
  expect(same.report).not.toContain('of the base no');
  expect(same.report).toContain('| tests of the base | 4 still hold, 0 no longer |');
});

test('with --fail-on any-change an expectation alone is a difference', async () => {
  const named = rules.replace('id: note,', 'id: notes,');
  const { code, report } = await ci(
    named,
    regenerated
      .replace('/reports/2026, expect: allow }\n  - { request', '/reports/2026, expect: refuse }\n  - { request')
      .replace('route: note', 'route: notes'),
    '--fail-on',
    'any-change',
  );
  expect(report).toMatch(/expected route note, got notes/);
  expect(code, report).toBe(3);
});
