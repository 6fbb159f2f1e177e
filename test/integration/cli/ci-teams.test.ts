/** `rolegate ci` with teams: the part of one team, and whose delegation grew. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { delegationChanges } from '../../../src/cli/ci/delegation-changes.ts';
import type { Delegation } from '../../../src/config/delegation.ts';
import { runRolegate } from '../../support/running-command.ts';

const main = (teams: string, include = '') => `version: 1
authApi: { url: "http://127.0.0.1:8081" }
roles: { user: {}, editor: {} }
upstreams: { blog: { targets: ["http://127.0.0.1:3000"] }, shop: { targets: ["http://127.0.0.1:3001"] } }
teams:
${teams}
${include}
routes: []
`;
const blog = '  blog: { include: routes/blog.yaml, paths: [/blog], upstreams: [blog], roles: [user, editor] }';
const shop = '  shop: { include: routes/shop.yaml, paths: [/shop], upstreams: [shop], roles: [user, editor] }';
const routes = (name: string, role: string) =>
  `routes:\n  - { id: ${name}, match: { path: "/${name}/{id}" }, upstream: ${name}, access: [${role}] }
tests:
  identities: { ${name}-ann: { roles: [user] } }
  cases:
    - { as: ${name}-ann, request: GET /${name}/1, expect: ${role === 'editor' ? 'refuse' : 'allow'} }
`;

let folder: string;
const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=ci', '-c', 'user.email=ci@example.test', ...args], { cwd: folder });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-ci-'));
  mkdirSync(join(folder, 'routes'));
  git('init', '--quiet', '--initial-branch', 'main');
});
beforeEach(() => {
  put('gateway.yaml', main(`${blog}\n${shop}`));
  put('routes/blog.yaml', routes('blog', 'editor'));
  put('routes/shop.yaml', routes('shop', 'editor'));
  git('add', '.');
  git('commit', '--quiet', '--allow-empty', '--message', 'base');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ci(...options: readonly string[]) {
  const gate = ['--coverage', '0', '--mutation', '0', '--fail-on', 'newly-allowed', '--ignore', 'role_unused'];
  const running = runRolegate(['ci', '--base', 'HEAD', '--config', join(folder, 'gateway.yaml'), ...gate, ...options]);
  const code = await running.ended;
  return { code, report: running.output() };
}

test('a team sees its own part, and what else there is', async () => {
  put('routes/blog.yaml', routes('blog', 'user'));
  put('routes/shop.yaml', routes('shop', 'user').replace('expect: allow', 'expect: refuse'));
  const whole = await ci();
  expect(whole.report).toContain('/blog/');
  expect(whole.report).toContain('/shop/');
  const { code, report } = await ci('--team', 'blog');
  expect(report).toContain(
    'The part of the team blog. The verdict is that of everything. Elsewhere: newly allowed: 1, newly refused: 1, expectations of the base: 1, failed tests: 1',
  );
  expect(report).toContain('/blog/');
  expect(report).not.toContain('/shop/');
  expect(report).toContain('1 expectation of the base no longer holds');
  // A failed test of the other team fails this run too.
  expect([whole.code, code]).toEqual([1, 1]);
  const { part, difference } = JSON.parse((await ci('--team', 'shop', '--json')).report);
  expect(part.team).toBe('shop');
  expect(difference.newlyAllowed.map(({ routeAfter }: { routeAfter: string }) => routeAfter)).toEqual(['shop']);
});

test('the verdict stays that of everything, and an unknown team is an error', async () => {
  put('routes/shop.yaml', routes('shop', 'user'));
  const { code, report } = await ci('--team', 'blog');
  expect(report).toContain('| newly allowed | 0 |');
  expect(code).toBe(3);
  const unknown = await ci('--team', 'blgo');
  expect(unknown.report).toContain('there is no team "blgo"');
  expect(unknown.code).toBe(1);
});

test.each([
  ['a path', blog.replace('[/blog]', '[/blog, /news]'), 'team blog: path /news'],
  ['a service', blog.replace('upstreams: [blog]', 'upstreams: [blog, shop]'), 'team blog: upstream shop'],
  ['a permission', blog.replace(' }', ', may: [rewrite, public] }'), 'team blog: may rewrite, may public'],
] as const)('the report says whose delegation grew: %s', async (_, changed, words) => {
  put('gateway.yaml', main(`${changed}\n${shop}`));
  const { code, report } = await ci();
  expect(report).toContain(`### Delegation that grew\n\n- ${words}\n`);
  expect(code, report).toBe(3);
});

test('a narrower path is less, and a file without a team is more', async () => {
  put('gateway.yaml', main(`${blog.replace('[/blog]', '["/blog/1"]')}\n${shop}`));
  put(
    'routes/blog.yaml',
    routes('blog', 'editor').replace('/blog/{id}', '/blog/1/{id}').replace('GET /blog/1', 'GET /blog/1/2'),
  );
  const narrower = await ci();
  expect(narrower.report).not.toContain('Delegation that grew');
  expect(narrower.report).toContain('### Delegation that shrank\n\n- team blog: path /blog\n');
  put('routes/blog.yaml', routes('blog', 'editor'));
  put('gateway.yaml', main(shop, 'include: [routes/blog.yaml]'));
  const free = await ci();
  expect(free.report).toContain('### Delegation that grew\n\n- files without a team: file routes/blog.yaml\n');
  expect(free.report).toContain('### Delegation that shrank\n\n- team blog: file routes/blog.yaml, path /blog');
});

test('a team without "paths" has every path, and one without "hosts" every host', () => {
  const nothing = { include: 'a.yaml', upstreams: [], roles: [], may: [] };
  const of = (places: object): Delegation => ({ teams: new Map([['a', { ...nothing, ...places }]]), files: [] });
  const changes = delegationChanges(of({ hosts: ['*.a.test'], paths: ['/a'] }), of({ hosts: ['x.a.test', 'b.test'] }));
  expect(changes.grew).toEqual([{ team: 'a', what: ['host b.test', 'every path'] }]);
  expect(changes.shrank).toEqual([{ team: 'a', what: ['host *.a.test'] }]);
});
