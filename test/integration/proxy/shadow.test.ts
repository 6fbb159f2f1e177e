/** Rules tried out on live traffic: a route in shadow mode, a candidate next to the active rules, records. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { ShadowReport } from '../../../src/app/shadow-candidate.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { runRolegate } from '../../support/running-command.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const adminToken = 'operators-0123456789abcdef0123456789';
const secret = 'the-token-of-ann';
let authApi: FakeAuthApi;
let upstream: RecordingUpstream;

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession(secret, { userId: 'user-ann', roles: ['user'], groups: ['acme'] });
  upstream = await startRecordingUpstream();
});
afterAll(() => Promise.all([authApi.close(), upstream.close()]));

function config(routes: string, more = ''): string {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken} }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { s: { targets: ["${upstream.origin}"] } }
${more}
routes:
${routes}`;
}

const route = (id: string, path: string, keys: string) =>
  `  - { id: ${id}, match: { path: "${path}" }, upstream: s, ${keys} }\n`;

async function start(text: string): Promise<RunningGateway> {
  const gateway = await startGateway(text);
  onTestFinished(() => gateway.close());
  return gateway;
}

const ann = { authorization: `Bearer ${secret}` };
const operator = { authorization: `Bearer ${adminToken}` };
const status = async (gateway: RunningGateway, path: string, headers = {}, method = 'GET') => {
  const answer = await fetch(`${gateway.origin}${path}`, { method, headers });
  await answer.arrayBuffer();
  return answer.status;
};
const shown = async (gateway: RunningGateway, path: string) =>
  (await fetch(`${gateway.admin}${path}`, { headers: operator })).json() as Promise<ShadowReport>;
const metrics = async (gateway: RunningGateway) =>
  (await fetch(`${gateway.admin}/metrics`, { headers: operator })).text();

test('a route in shadow mode allows callers that its rule refuses, and reports it', async () => {
  const gateway = await start(
    config(route('try', '/try', 'access: [admin], mode: shadow') + route('other', '/other', 'access: [admin]')),
  );
  const before = upstream.requests.length;
  expect(await status(gateway, '/try', ann)).toBe(200);
  expect(await status(gateway, '/try')).toBe(200);
  expect(await status(gateway, '/try', { authorization: 'Bearer nobodys' })).toBe(200);
  expect(await status(gateway, '/try', { ...ann, 'api-key': 'k', 'api-secret': 's' })).toBe(400);
  expect(await status(gateway, '/other', ann)).toBe(403);
  // What the service receives: the identity of a known user, none for others, and never a credential.
  const [known, nobody, rejected] = upstream.requests.slice(before);
  expect(known?.header('user-id')).toEqual(['user-ann']);
  expect(nobody?.header('user-id')).toEqual([]);
  expect(rejected?.header('user-id')).toEqual([]);
  expect(rejected?.header('authorization')).toEqual([]);
  const text = await metrics(gateway);
  expect(text).toContain('rolegate_shadow_refusals_total{route="try",reason="role_missing"} 1');
  expect(text).toContain('rolegate_shadow_refusals_total{route="try",reason="credential_missing"} 1');
  expect(text).toContain('rolegate_shadow_refusals_total{route="try",reason="credential_rejected"} 1');
  await vi.waitFor(() =>
    expect(gateway.logLines().filter(({ shadowed }) => shadowed !== undefined)).toMatchObject([
      { route: 'try', status: 200, shadowed: 'role_missing' },
      { shadowed: 'credential_missing' },
      { shadowed: 'credential_rejected' },
    ]),
  );
});

test('a route in shadow mode refuses in an outage', async () => {
  const gateway = await start(config(route('try', '/try', 'access: [admin], mode: shadow')));
  await authApi.behave({ kind: 'answers', status: 500, body: '' });
  onTestFinished(() => authApi.behave({ kind: 'fine' }));
  expect(await status(gateway, '/try', { authorization: 'Bearer another' })).toBeGreaterThanOrEqual(500);
});

test('a shadow outcome is reported where it differs', async () => {
  const rules = route('orders', '/orders/{id}', 'access: [user]');
  const gateway = await start(config(rules));
  const other = config(rules)
    .replace('authApi: { ', 'authApi: { fields: { roles: permissions }, ')
    .replace('server: { ', 'server: { forwardedHeaders: forwarded, ');
  gateway.useCandidate(other);
  const differing = ['authApi.fields', 'server.forwardedHeaders'];
  expect(await shown(gateway, '/shadow')).toMatchObject({ candidate: { notCompared: differing } });
  gateway.useCandidate(config(rules).replace(/url: "[^"]*"/, 'url: "http://127.0.0.1:9"'));
  expect(await shown(gateway, '/shadow')).toMatchObject({ candidate: { notCompared: ['authApi'] } });
});

test('a candidate decides in shadow: counted, kept without secrets, and without a second look-up', async () => {
  const gateway = await start(
    config(
      route('orders', '/orders/{id}', 'access: [user]') +
        route('area', '/admin', 'access: [admin]') +
        route('open', '/open', 'access: public') +
        route('moved', '/moved', 'access: [user]'),
    ),
  );
  expect(await shown(gateway, '/shadow')).toMatchObject({ candidate: null, recent: [] });
  gateway.useCandidate(
    config(
      route('orders', '/orders/{id}', 'access: [admin]') +
        route('area', '/admin', 'access: [user]') +
        route('open', '/open', 'access: [user]') +
        route('elsewhere', '/moved', 'access: [user]'),
    ),
  );
  const callsBefore = authApi.calls.session;
  expect(await status(gateway, '/orders/7?token=hush-hush', { ...ann, 'x-secret': 'hush-hush' })).toBe(200);
  expect(await status(gateway, '/admin', ann)).toBe(403);
  // No source was called for the identity, so the candidate cannot know it either.
  expect(await status(gateway, '/open', ann)).toBe(200);
  expect(await status(gateway, '/open')).toBe(200);
  expect(await status(gateway, '/moved', ann)).toBe(200);
  expect(await status(gateway, '/nowhere', ann)).toBe(404);
  await vi.waitFor(async () => expect((await shown(gateway, '/shadow')).decisions.same).toBe(1));
  const report = await shown(gateway, '/shadow');
  expect(report).toMatchObject({
    candidate: { routes: 4, notCompared: [] },
    problems: [],
    decisions: {
      same: 1,
      newly_allowed: 1,
      newly_refused: 2,
      other_reason: 0,
      other_route: 1,
      undecided: 1,
      skipped: 0,
    },
  });
  expect(report.recent).toMatchObject([
    { difference: 'other_route', live: { route: 'moved' }, candidate: { route: 'elsewhere' } },
    { difference: 'newly_refused', path: '/open', candidate: { reason: 'credential_missing' }, roles: null },
    { difference: 'newly_allowed', method: 'GET', path: '/admin', live: { reason: 'role_missing' } },
    {
      difference: 'newly_refused',
      path: '/orders/7',
      live: { outcome: 'allow', route: 'orders', reason: null },
      candidate: { outcome: 'refuse', route: 'orders', reason: 'role_missing' },
      roles: ['user'],
    },
  ]);
  expect(JSON.stringify(report)).not.toMatch(/hush|the-token/);
  expect(authApi.calls.session - callsBefore).toBeLessThanOrEqual(1);
  const text = await metrics(gateway);
  expect(text).toContain(
    'rolegate_shadow_differences_total{route="orders",difference="newly_refused",reason="role_missing"} 1',
  );
  expect(text).toContain('rolegate_shadow_decisions_total{result="undecided"} 1');
});

test("the shadow report needs the operators' token", async () => {
  const gateway = await start(config(route('open', '/open', 'access: public')));
  expect((await fetch(`${gateway.admin}/shadow`)).status).toBe(401);
});

test('decisions are recorded without secrets, and with the values that conditions read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-records-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'decisions.ndjson');
  const gateway = await start(
    config(
      route('orders', '/orders/{id}', 'access: [user], when: [{ query: format, equals: json, reason: wrong_format }]') +
        route('open', '/open', 'access: public'),
      `records: { file: "${file}", allowedSample: 1 }`,
    ),
  );
  expect(await status(gateway, '/orders/7?format=json&token=hush-hush', { ...ann, 'x-secret': 'hush-hush' })).toBe(200);
  expect(await status(gateway, '/orders/7?format=xml', ann)).toBe(403);
  expect(await status(gateway, '/open', ann)).toBe(200);
  const lines = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await vi.waitFor(() => expect(lines()).toHaveLength(3));
  const identity = { kind: 'bearer', userId: 'user-ann', roles: ['user'], groups: ['acme'] };
  expect(lines()).toMatchObject([{ reads: { query: ['format'], headers: [], client: false } }, {}, {}]);
  expect(lines().map(({ decided }) => decided)).toMatchObject([
    { path: '/orders/7', query: '?format=json', credential: 'bearer', verdict: 'accepted', identity, outcome: 'allow' },
    { path: '/orders/7', query: '?format=xml', reason: 'wrong_format', route: 'orders', outcome: 'refuse' },
    { path: '/open', credential: 'bearer', verdict: null, identity: null, outcome: 'allow', route: 'open' },
  ]);
  expect(readFileSync(file, 'utf8')).not.toMatch(/hush|the-token/);
  expect(await metrics(gateway)).toContain('rolegate_decision_records_total{result="kept"} 3');
});

test('explains a request with a live bearer, which appears in no output and no log', async () => {
  const gateway = await start(
    config(
      route('orders', '/orders/{id}', 'access: [user], forwardCredentials: true') +
        route('area', '/admin', 'access: [admin]'),
    ),
  );
  const ask = (part: object, headers: Record<string, string> = operator) =>
    fetch(`${gateway.admin}/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        method: 'GET',
        host: null,
        secure: false,
        target: '/orders/7',
        headers: [],
        client: null,
        bearer: secret,
        ...part,
      }),
    });
  const told = await ask({});
  expect(told.status).toBe(200);
  const text = await told.text();
  expect(JSON.parse(text)).toMatchObject({
    outcome: 'allow',
    route: 'orders',
    identity: { userId: 'user-ann', roles: ['user'], groups: ['acme'] },
  });
  expect(text).not.toContain(secret);
  expect(await (await ask({ target: '/admin' })).json()).toMatchObject({
    reason: 'role_missing',
    access: { missing: ['admin'] },
  });
  expect(await (await ask({ bearer: 'nobodys' })).json()).toMatchObject({
    reason: 'credential_rejected',
    identity: null,
  });
  expect((await ask({}, {})).status).toBe(401);
  for (const [part, detail] of [
    [{ bearer: 'two words' }, /bearer/],
    [{ headers: ['Authorization', 'Bearer other'] }, /no other credential/],
    [{ headers: ['a'] }, /headers/],
    [{ more: 1 }, /only keys/],
    [{ target: 'orders' }, /target/],
  ] as const) {
    const refused = await ask(part);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: 'question_invalid', detail: expect.stringMatching(detail) });
  }
  expect(gateway.logText()).not.toContain(secret);
});

test('explain --bearer calls a running gateway', async () => {
  const gateway = await start(
    config(route('orders', '/orders/{id}', 'access: [user]') + route('area', '/admin', 'access: [admin]')),
  );
  const run = async (target: string, token: string, operatorToken = adminToken) => {
    const command = runRolegate(['explain', 'GET', target, '--admin', gateway.admin], {
      ROLEGATE_BEARER: token,
      ROLEGATE_ADMIN_TOKEN: operatorToken,
    });
    return { code: await command.ended, output: command.output() };
  };
  expect(await run('/orders/7', secret)).toMatchObject({ code: 0, output: expect.stringContaining('user user-ann') });
  expect(await run('/admin', secret)).toMatchObject({ code: 3, output: expect.stringContaining('missing: admin') });
  expect(await run('/orders/7', 'nobodys')).toMatchObject({
    code: 3,
    output: expect.stringContaining('credential_rejected'),
  });
  expect(await run('/orders/7', secret, 'another')).toMatchObject({
    code: 1,
    output: expect.stringContaining('rejected this admin token'),
  });
});

test('the route table shows which routes are in shadow mode', async () => {
  const gateway = await start(
    config(route('try', '/try', 'access: [admin], mode: shadow') + route('own', '/own', 'access: [admin]')),
  );
  const answer = await fetch(`${gateway.admin}/routes`, { headers: operator });
  const { routes } = (await answer.json()) as { routes: { id: string; mode?: string }[] };
  expect(routes.map(({ id, mode }) => [id, mode])).toEqual([
    ['try', 'shadow'],
    ['own', undefined],
  ]);
});
