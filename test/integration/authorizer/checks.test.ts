/**
 * The external authorizer apart from decisions: allowed peers, required facts of a check, deadlines, headers, reload
 * and drain.
 */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { dialectNames } from '../../../src/authorizer/dialect.ts';
import { type CheckedRequest, checkBytes, checkLines, checkPaths, getCheck } from '../../support/authorizer-checks.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { openRaw, type RawAnswer, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { expectRecordedChecks } from '../../support/recorded-checks.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const secret = 'a-secret-that-the-proxies-share-with-us';
let authApi: FakeAuthApi;
let gateway: RunningGateway;

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession('good', { userId: 'ann', groups: ['acme'], roles: ['user'] });
});
beforeEach(() => authApi.behave({ kind: 'fine' }));
afterEach(() => gateway.close());
afterAll(() => authApi.close());

const dialects = `{ ${dialectNames.map((name) => `${name}: ${checkPaths[name]}`).join(', ')} }`;

function config(authorizer = '', more = ''): string {
  return `
version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", trustedProxies: [10.0.0.0/8] }
authorizer: { listen: "127.0.0.1:0", dialects: ${dialects}${authorizer} }
authApi: { url: "${new URL(authApi.url).origin}", timeout: 10s }
credentials: { bearerCookie: session }
upstreams: { service: { targets: ["http://127.0.0.1:1"] } }
routes:
  - { id: open, match: { path: "/open/**" }, access: public, upstream: service }
  - { id: closed, match: { path: "/closed/**" }, access: authenticated, upstream: service }
  - { id: socket, match: { path: /socket }, access: authenticated, upstream: service, websocket: true }
  - { id: near, match: { path: /near }, access: public, upstream: service, when: [{ client: address, cidr: [203.0.113.0/24], reason: far }] }
${more}`;
}

const bearer = ['Authorization', 'Bearer good'];
const ask = (dialect: (typeof dialectNames)[number], request: CheckedRequest, path?: string) =>
  sendRaw(gateway.authorizerPort, checkBytes(dialect, request, path));

const refusalOf = (answer: RawAnswer) => [answer.status, JSON.parse(answer.text()).code];

describe('headers for the service', () => {
  beforeEach(async () => {
    gateway = await startGateway(config());
  });

  test.each(dialectNames)('%s: identity always, credentials never from a protected route', async (dialect) => {
    const answer = await ask(dialect, getCheck('/closed/x', [...bearer, 'Cookie', 'a=1', 'user-id', 'root']));
    expect([answer.status, answer.header('user-id'), answer.header('groups')]).toEqual([200, 'ann', 'acme']);
    expect(answer.header('x-rolegate-stale')).toBe(dialect === 'envoy' ? undefined : '');
    expect(answer.header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.header('cookie')).toBe('a=1');
    const removed = { traefik: [], envoy: [] } as Partial<Record<typeof dialect, string[]>>;
    expect(answer.headers('authorization')).toEqual(removed[dialect] ?? ['']);
    const named = 'x-rolegate-identity,x-rolegate-stale,authorization,api-key,api-secret';
    expect(answer.header('x-envoy-auth-headers-to-remove')).toBe(dialect === 'envoy' ? named : undefined);
  });

  test.each(dialectNames)('%s: a public route has no identity, and keeps the credential', async (dialect) => {
    const answer = await ask(dialect, getCheck('/open/x', [...bearer, 'User-Id', 'root', 'GROUPS', 'admin']));
    // If the proxy can be made to remove a header, it is listed; otherwise it is empty.
    const none = dialect === 'envoy' ? undefined : '';
    expect([answer.status, answer.header('user-id'), answer.header('groups')]).toEqual([200, none, none]);
    if (dialect === 'envoy') expect(answer.header('x-envoy-auth-headers-to-remove')).toContain('user-id,groups,');
    expect(answer.header('authorization')).toBe('Bearer good');
    expect(answer.header('x-envoy-auth-headers-to-remove') ?? '').not.toContain('authorization');
  });

  test("a credential's cookie is removed from the others", async () => {
    const answer = await ask('caddy', getCheck('/closed/x', ['Cookie', 'a=1; session=good; b=2']));
    expect([answer.status, answer.header('user-id'), answer.header('cookie')]).toEqual([200, 'ann', 'a=1; b=2']);
    const alone = await ask('envoy', getCheck('/closed/x', ['Cookie', 'session=good']));
    expect([alone.status, alone.headers('cookie')]).toEqual([200, []]);
    expect(alone.header('x-envoy-auth-headers-to-remove')).toContain('cookie');
  });

  test.each(['user_id', 'USER.ID', 'user~id', 'groups_', 'X_Forwarded_User', 'X.Forwarded-User'])(
    '"%s" is refused if the proxy has not removed it',
    async (name) => {
      const answer = await ask('caddy', getCheck('/open/x', [name, 'root']));
      const other = name === 'groups_';
      expect([answer.status, answer.header('x-error')]).toEqual(
        other ? [200, undefined] : [400, 'A request header is not valid'],
      );
    },
  );
});

describe('the checked request', () => {
  beforeEach(async () => {
    gateway = await startGateway(config());
  });

  const fields = {
    nginx: ['X-Original-Method', 'X-Original-URI', 'X-Original-Host', 'X-Real-IP'],
    haproxy: ['X-Original-Method', 'X-Original-URI', 'X-Original-Host', 'X-Real-IP'],
    traefik: ['X-Forwarded-Method', 'X-Forwarded-Uri', 'X-Forwarded-Host', 'X-Forwarded-For'],
    caddy: ['X-Forwarded-Method', 'X-Forwarded-Uri', 'X-Forwarded-Host', 'X-Forwarded-For'],
    'gateway-api': ['Method', 'Path'],
  } as const;
  const rows = Object.entries(fields).flatMap(([dialect, names]) => names.map((name) => [dialect, name] as const));

  test.each(rows)('%s: without %s, or with two of them, nothing is allowed', async (name, field) => {
    const dialect = name as keyof typeof fields;
    const path = dialect === 'nginx' ? '/nginx/refusal' : checkPaths[dialect];
    const lines = checkLines(dialect, getCheck('/open/x'), path);
    const own = lines.find((line) => line.startsWith(`${field}: `))!;
    const send = (parts: readonly string[]) => sendRaw(gateway.authorizerPort, `${parts.join('\r\n')}\r\n\r\n`);
    const missing = await send(lines.filter((line) => line !== own));
    expect(refusalOf(missing)).toEqual([400, 'check_invalid']);
    // A second address is an additional proxy.
    if (field === 'X-Forwarded-For') return;
    const repeated = await send([...lines, own]);
    expect(refusalOf(repeated)).toEqual([400, 'check_invalid']);
  });

  test('a path of no dialect, and an Envoy that has lost the target, allow nothing', async () => {
    for (const target of ['/', '/nginx/', '/nginx/refusal/x', '/envoy', '/envoyx/open/x', '/elsewhere/open/x']) {
      const answer = await sendRaw(gateway.authorizerPort, `GET ${target} HTTP/1.1\r\nHost: api.example.test\r\n\r\n`);
      expect([target, answer.status >= 400]).toEqual([target, true]);
    }
  });

  test("the client address is the proxy's peer, or further left behind trusted proxies", async () => {
    const at = async (dialect: (typeof dialectNames)[number], client: string, claimed?: string) => {
      const headers = claimed === undefined ? [] : ['X-Forwarded-For', claimed];
      return (
        await ask(dialect, getCheck('/near', headers, client), dialect === 'nginx' ? '/nginx/refusal' : undefined)
      ).status;
    };
    for (const dialect of ['haproxy', 'traefik', 'caddy', 'envoy'] as const) {
      expect([dialect, await at(dialect, '203.0.113.7')]).toEqual([dialect, 200]);
      expect([dialect, await at(dialect, '198.51.100.1', '203.0.113.7')]).toEqual([dialect, 403]);
      expect([dialect, await at(dialect, '10.0.0.1', '203.0.113.7')]).toEqual([dialect, 200]);
      expect([dialect, await at(dialect, '10.0.0.1', '203.0.113.7, 198.51.100.1')]).toEqual([dialect, 403]);
    }
    expect(await at('gateway-api', '203.0.113.7', '203.0.113.7')).toBe(403);
  });

  test('a WebSocket is recognized by its key, because proxies drop Upgrade from a check', async () => {
    const handshake = ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version', '13'];
    for (const dialect of ['haproxy', 'traefik', 'caddy', 'envoy'] as const) {
      const answer = async (target: string, headers: readonly string[]) =>
        (await ask(dialect, getCheck(target, [...headers, ...handshake]))).header('x-error') ?? 'allowed';
      expect(await answer('/socket', bearer)).toBe('allowed');
      expect(await answer('/open/x', bearer)).toBe('This upgrade is not supported here');
      const post = { ...getCheck('/socket', [...bearer, ...handshake]), method: 'POST' };
      expect((await ask(dialect, post)).status).toBe(400);
      // Browsers send the cookie with a handshake from a page of another site.
      const cookie = ['Cookie', 'session=good'];
      expect(await answer('/socket', [...cookie, 'Origin', 'http://api.example.test'])).toBe('allowed');
      expect(await answer('/socket', [...cookie, 'Origin', 'http://evil.test'])).toContain('site');
    }
  });

  test('nginx fetches a refusal in a second request, and gets 503 if it is no longer stored', async () => {
    const answer = await ask('nginx', getCheck('/open/x'), '/nginx/refusal');
    expect(refusalOf(answer)).toEqual([503, 'proxied_service_unavailable']);
    expect(answer.header('retry-after')).toBe('2');
  });
});

describe('outages', () => {
  beforeEach(async () => {
    gateway = await startGateway(config(', timeout: 100ms'));
  });

  test.each(dialectNames)('%s: a failing Auth API is 503, also on the first path', async (dialect) => {
    await authApi.behave({ kind: 'answers', status: 500 });
    expect((await ask(dialect, getCheck('/closed/x', ['Authorization', 'Bearer other']))).status).toBe(503);
  });

  test.each(dialectNames)('%s: a silent Auth API is 503 after authorizer.timeout', async (dialect) => {
    await authApi.behave({ kind: 'slow' });
    const answer = await ask(dialect, getCheck('/closed/x', ['Authorization', 'Bearer silent']));
    expect([answer.status, answer.header('x-error')]).toEqual([503, 'Authentication is temporarily unavailable']);
    expect(authApi.waiting()).toBeGreaterThan(0);
  });

  test('Envoy gets the response before its own deadline', async () => {
    await gateway.close();
    gateway = await startGateway(config(', timeout: 10s'));
    await authApi.behave({ kind: 'slow' });
    const lines = checkLines('envoy', getCheck('/closed/x', ['Authorization', 'Bearer late']), '/envoy');
    const answer = await sendRaw(
      gateway.authorizerPort,
      `${[...lines, 'x-envoy-expected-rq-timeout-ms: 200'].join('\r\n')}\r\n\r\n`,
    );
    expect(answer.status).toBe(503);
    expect(authApi.waiting()).toBe(1);
  });
});

describe('allowed peers', () => {
  test('other peers get no response, and one line reports it', async () => {
    gateway = await startGateway(config(', peers: [192.0.2.1]'));
    const { answers } = await sendRawUntilClose(gateway.authorizerPort, checkBytes('caddy', getCheck('/open/x')));
    await sendRawUntilClose(gateway.authorizerPort, checkBytes('caddy', getCheck('/open/x')));
    expect(answers).toEqual([]);
    const closed = gateway
      .logLines()
      .filter(({ msg }) => String(msg).startsWith('a connection to the authorizer was closed'));
    expect(closed).toMatchObject([{ level: 'warn', client: '127.0.0.1' }]);
  });

  test('a peer that a reload has removed gets no response on its kept connection', async () => {
    gateway = await startGateway(config());
    const connection = await openRaw(gateway.authorizerPort);
    connection.write(checkBytes('caddy', getCheck('/open/x')));
    expect((await connection.answer()).status).toBe(200);
    gateway.apply(config(', peers: [192.0.2.1]'));
    connection.write(checkBytes('caddy', getCheck('/open/x')));
    await connection.closed();
    expect(connection.unread()).toHaveLength(0);
    expect(gateway.logText()).toContain('authorizer.peers');
  });

  test.each([
    ['no secret', [], false],
    ['another one', [`x-rolegate-authorizer: ${secret}x`], false],
    ['a repeated secret', [`x-rolegate-authorizer: ${secret}`, `X-Rolegate-Authorizer: ${secret}`], false],
    ['it', [`X-Rolegate-Authorizer: ${secret}`], true],
  ])('with a secret: %s', async (_, headers, answered) => {
    gateway = await startGateway(config(`, secret: ${secret}`));
    const lines = [...checkLines('caddy', getCheck('/open/x'), '/caddy'), ...headers, 'Connection: close'];
    const { answers } = await sendRawUntilClose(gateway.authorizerPort, `${lines.join('\r\n')}\r\n\r\n`);
    expect(answers.map(({ status }) => status)).toEqual(answered ? [200] : []);
    expect(gateway.logText()).not.toContain(secret);
  });

  test('through a Unix socket, even if a process has left its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
    const path = join(folder, 'authorizer.sock');
    const killed = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    spawnSync(process.execPath, ['-e', killed, path]);
    expect(existsSync(path)).toBe(true);
    gateway = await startGateway(
      config().replace('{ listen: "127.0.0.1:0", dialects', `{ listen: "unix:${path}", dialects`),
    );
    const [line, ...headers] = checkLines('caddy', getCheck('/closed/x', bearer), '/caddy');
    const asked = httpRequest({
      socketPath: path,
      path: line!.split(' ')[1],
      headers: Object.fromEntries(headers.map((header) => header.split(/: (.*)/).slice(0, 2))),
    });
    asked.end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    expect([answer.statusCode, answer.headers['user-id']]).toEqual([200, 'ann']);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await gateway.close();
    expect(existsSync(path)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

test('one metric and one log line record a check, with its dialect', async () => {
  gateway = await startGateway(config());
  const by = (dialect: (typeof dialectNames)[number]) => ({
    dialect,
    ask: (request: CheckedRequest) => ask(dialect, request),
  });
  await expectRecordedChecks(gateway, by('nginx'), by('envoy'));
});

test('a check that cannot be read has no client: the address of the proxy is not one', async () => {
  gateway = await startGateway(config());
  const rows = [
    ['check_invalid', 'GET /envoy HTTP/1.1\r\n\r\n'],
    ['route_not_found', 'GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['request_malformed', 'GET /caddy HTTP/1.1\r\nHost : a\r\n\r\n'],
  ] as const;
  for (const [reason, check] of rows) {
    await sendRaw(gateway.authorizerPort, check);
    const line = await vi.waitFor(
      () => gateway.logLines().find((one) => one['reason'] === reason) ?? expect.fail(reason),
    );
    expect([reason, line['client']]).toEqual([reason, undefined]);
  }
});

test('a reload changes paths, rules and the secret; a drain ends kept connections after their check', async () => {
  gateway = await startGateway(config());
  gateway.apply(
    config(`, secret: ${secret}`).replace('caddy: /caddy', 'caddy: /other').replace('/closed/**', '/moved/**'),
  );
  const lines = checkLines('caddy', getCheck('/moved/x', bearer), '/other');
  const bytes = `${[...lines, `x-rolegate-authorizer: ${secret}`].join('\r\n')}\r\n\r\n`;
  const connection = await openRaw(gateway.authorizerPort);
  connection.write(bytes);
  expect((await connection.answer()).status).toBe(200);
  await authApi.behave({ kind: 'slow' });
  connection.write(bytes.replace('Bearer good', 'Bearer unknown'));
  await vi.waitFor(() => expect(authApi.waiting()).toBe(1));
  const closing = gateway.close();
  await authApi.behave({ kind: 'fine' });
  expect((await connection.answer()).status).toBe(401);
  expect(await connection.closed()).toBe('end');
  await closing;
});

test('a gateway that only decides needs no upstream, and listens only for checks', async () => {
  gateway = await startGateway(`
version: 1
server: { listen: false, admin: "127.0.0.1:0" }
authorizer: { listen: "127.0.0.1:0", dialects: { caddy: /caddy } }
authApi: { url: "${new URL(authApi.url).origin}" }
routes:
  - { id: closed, match: { path: "/closed/**" }, access: authenticated }
`);
  expect(gateway.port).toBe(0);
  const answer = await ask('caddy', getCheck('/closed/x', bearer));
  expect([answer.status, answer.header('user-id')]).toEqual([200, 'ann']);
  expect((await ask('caddy', getCheck('/closed/x'))).status).toBe(401);
  expect((await fetch(`${gateway.admin}/health/ready`)).status).toBe(200);
  const line = await vi.waitFor(
    () => gateway.logLines().find(({ msg }) => msg === 'request') ?? expect.fail('no line yet'),
  );
  expect(line).not.toHaveProperty('upstream');
});
