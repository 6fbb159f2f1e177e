/**
 * A file of others leads a public route to a guarded service, with and without a rewrite: the running gateway refuses, `explain` shows
 * why, and `ci` fails when the guard goes away. Control: a policy for the path lets the same requests in.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRolegate } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';

const guardOfService = '{ id: guard, match: { upstream: payments }, access: [payer] }';
const guardOfPath = '{ id: guard, match: { path: "/payments/**" }, access: [payer] }';
const own = '  - { id: pay, match: { path: "/payments/**" }, upstream: payments, access: [payer] }';

const ways = [
  [
    'with upstream',
    '  - { id: x, match: { path: "/blog/x/**" }, upstream: payments, access: public, forwardCredentials: false }',
  ],
  [
    'with rewrite',
    '  - { id: x, match: { path: "/blog/x/**" }, upstream: payments, access: public, forwardCredentials: false, rewrite: { stripPrefix: /blog/x, addPrefix: /payments } }',
  ],
] as const;

const paymentService = createServer((_, response) => response.end('paid'));
let target: string;
let folder: string;
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=ci', '-c', 'user.email=ci@example.test', ...args], { cwd: folder });

beforeAll(async () => {
  await new Promise<void>((resolve) => paymentService.listen(0, '127.0.0.1', resolve));
  target = `http://127.0.0.1:${(paymentService.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), 'rolegate-services-'));
  git('init', '--quiet', '--initial-branch', 'main');
});
afterAll(() => {
  paymentService.close();
  rmSync(folder, { recursive: true, force: true });
});

const main = (policy: string) => `version: 1
server: { listen: 127.0.0.1:0, admin: false }
authApi: { url: "http://127.0.0.1:9" }
roles: { payer: {} }
upstreams: { payments: { targets: ["${target}"] }, blog: { targets: ["${target}"] } }
policies: [${policy}]
`;
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
async function run(...args: readonly string[]) {
  const running = runRolegate(args);
  return { code: await running.ended, report: running.output() };
}

test.each(ways)('%s, the service is protected', async (_, route) => {
  const statusUnder = async (policy: string) => {
    const gateway = await startGateway(`${main(policy)}routes:\n${own}\n${route}\n`);
    const { status } = await fetch(`${gateway.origin}/blog/x/refund/7`, { method: 'POST' });
    await gateway.close();
    return status;
  };
  expect(await statusUnder(guardOfService)).toBe(401);
  expect(await statusUnder(guardOfPath)).toBe(200);
});

test.each(ways)('%s, "explain" shows the policy, and "ci" what it refuses and its removal', async (_, route) => {
  const file = write('gateway.yaml', `${main(guardOfService)}include: [blog.yaml]\nroutes:\n${own}\n`);
  write('blog.yaml', `routes:\n${route}\n`);
  git('add', '.');
  git('commit', '--quiet', '--allow-empty', '--message', 'base');
  const explained = await run('explain', 'POST', '/blog/x/refund/7', '--config', file);
  expect(explained.report).toContain('credential_missing');
  expect(explained.report).toMatch(/policy guard \(\/(?:blog\/x\/)?\*\* to payments\): any of payer/);
  const gate = [
    'ci',
    '--base',
    'HEAD',
    '--config',
    file,
    '--coverage',
    '0',
    '--mutation',
    '0',
    '--fail-on',
    'newly-allowed',
  ];
  const ignored = ['--ignore', 'role_unused', '--ignore', 'upstream_unused'];
  write('gateway.yaml', `${main('')}include: [blog.yaml]\nroutes:\n${own}\n`);
  const removed = await run(...gate, ...ignored);
  expect(removed.report).toMatch(/\| newly allowed \| [1-9]/);
  expect(removed.report).toContain('/blog/x');
  expect(removed.code, removed.report).toBe(3);
  git('commit', '--quiet', '--all', '--message', 'without the guard');
  write('gateway.yaml', `${main(guardOfService)}include: [blog.yaml]\nroutes:\n${own}\n`);
  const added = await run(...gate, ...ignored);
  expect(added.report).toContain('| newly allowed | 0 |');
  expect(added.code, added.report).toBe(0);
});
