/** Requests that are kept and looked up: by id and by filter, on the replica that served them and on another one. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { runRolegate } from '../../support/running-command.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const adminToken = 'an-operator-token-of-32-characters';
const cacheSecret = 'a cache secret of at least thirty-two characters';
let authApi: FakeAuthApi;
let upstream: RecordingUpstream;

beforeEach(async () => {
  [authApi, upstream] = await Promise.all([startFakeAuthApi(), startRecordingUpstream()]);
  authApi.addSession('anns-secret-bearer', { userId: 'ann', roles: ['user'], groups: ['acme'] });
});
afterEach(async () => {
  await Promise.all([authApi.close(), upstream.close()]);
});

async function start(more = '', token = `, adminToken: "${adminToken}"`, upstreams = ''): Promise<RunningGateway> {
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0"${token} }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["${upstream.origin}"] }, gone: { targets: ["http://127.0.0.1:9"] }, ${upstreams} }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
  - { id: admin, match: { path: "/admin/{id}" }, upstream: service, access: [admin] }
  - { id: tenant, match: { path: "/of/{tenant}" }, upstream: service, access: [user], when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }] }
${more}`);
  onTestFinished(gateway.close);
  return gateway;
}

const ann = { authorization: 'Bearer anns-secret-bearer' };
/** Clients choose the ids of their requests. */
const trusting = `, adminToken: "${adminToken}", trustedProxies: [127.0.0.1]`;
const asOperator = { authorization: `Bearer ${adminToken}` };

/** The error id of a refusal. */
async function refused(gateway: RunningGateway, path: string, headers: Record<string, string> = ann): Promise<string> {
  const response = await fetch(`${gateway.origin}${path}`, { headers });
  expect(response.status).toBeGreaterThanOrEqual(400);
  await response.arrayBuffer();
  return response.headers.get('x-error-id')!;
}

interface Body {
  readonly request: { readonly requestId: string; readonly path: string };
  readonly explanation: object | null;
  readonly rulesChanged: boolean;
  readonly decisions: readonly { readonly path: string }[];
  readonly code?: string;
}

async function ask(
  gateway: RunningGateway,
  path: string,
  headers: Record<string, string> = asOperator,
): Promise<{ readonly status: number; readonly body: Body }> {
  const response = await fetch(`${gateway.admin}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Body };
}

describe('a refusal', () => {
  it('is found by both of its ids, with its log line, the roles of the caller and the output of "explain"', async () => {
    const gateway = await start();
    const id = await refused(gateway, '/admin/7?secret=query', { ...ann, 'x-request-id': 'request-of-ann' });
    const found = await vi.waitUntil(async () => {
      const response = await ask(gateway, `/decisions/${id}`);
      return response.status === 200 ? response.body : null;
    });
    const [line] = gateway.logLines().filter(({ errorId }) => errorId === id);
    expect({ ...found.request, time: '' }).toEqual({ ...line, time: '' });
    expect(found.request).toMatchObject({ reason: 'role_missing', route: 'admin', path: '/admin/7', userId: 'ann' });
    expect(found).toMatchObject({
      identity: { userId: 'ann', roles: ['user'], groups: ['acme'] },
      rulesChanged: false,
    });
    expect((await ask(gateway, `/decisions/${found.request.requestId}`)).body).toEqual(found);
    const question = {
      ...{ method: 'GET', host: new URL(gateway.origin).host, secure: false, target: '/admin/7' },
      ...{ headers: [], client: null, bearer: 'anns-secret-bearer' },
    };
    const live = await fetch(`${gateway.admin}/explain`, {
      method: 'POST',
      headers: { ...asOperator, 'content-type': 'application/json' },
      body: JSON.stringify(question),
    });
    expect(found.explanation).toEqual(await live.json());
    expect(JSON.stringify(found)).not.toMatch(/anns-secret-bearer|secret=query/);
  });

  it.each([
    ['without a credential', '/own', {}, 'credential_missing', 'extract'],
    ['with a rejected one', '/own', { authorization: 'Bearer nobody' }, 'credential_rejected', 'resolve'],
    ['by a condition', '/of/other', ann, 'condition_failed', 'authorize'],
    ['without a route', '/nowhere', {}, 'route_not_found', 'match'],
  ] as const)('%s is explained', async (_name, path, headers, reason, stage) => {
    const gateway = await start();
    const id = await refused(gateway, path, headers);
    const { body } = await ask(gateway, `/decisions/${id}`);
    expect(body.request).toMatchObject({ reason, stage });
    expect(body.explanation).toMatchObject({ outcome: 'refuse', reason });
    expect(body.rulesChanged).toBe(false);
  });

  it('sends no control character of its client to the terminal', async () => {
    const gateway = await start();
    const head = 'GET /own HTTP/1.1\r\nHost: a.test\r\nUser-Agent: a\x9b31mb\r\n\r\n';
    const answer = await sendRaw(Number(new URL(gateway.origin).port), Buffer.from(head, 'latin1'));
    const id = answer.header('x-error-id')!;
    for (const format of [[], ['--json']]) {
      const command = runRolegate(['lookup', id, '--admin', gateway.admin, '--admin-token', adminToken, ...format]);
      expect(await command.ended, command.output()).toBe(0);
      expect(command.output()).toContain('a\\u009b31mb');
    }
  });

  it('with an unreadable path is kept without an explanation', async () => {
    const gateway = await start();
    const id = await refused(gateway, '/own%2f..%5c');
    const { body } = await ask(gateway, `/decisions/${id}`);
    expect(body).toMatchObject({ request: { reason: 'path_ambiguous' }, explanation: null, rulesChanged: false });
  });

  it('is marked when the current rules decide otherwise', async () => {
    const gateway = await start();
    const id = await refused(gateway, '/admin/7');
    const text = `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: admin, match: { path: "/admin/{id}" }, upstream: service, access: [user] }]
`;
    gateway.apply(text);
    const { body } = await ask(gateway, `/decisions/${id}`);
    expect(body).toMatchObject({
      rulesChanged: true,
      explanation: { outcome: 'allow' },
      request: { reason: 'role_missing' },
    });
  });
});

it('"rolegate lookup" begins with a summary: status, reason, route and time, the cause, and what to do', async () => {
  const gateway = await start(`  - { id: gone, match: { path: "/gone" }, upstream: gone, access: public }`);
  const rows: readonly [path: string, lines: readonly (string | RegExp)[]][] = [
    [
      '/admin/7',
      [
        /^refused 403 role_missing on route admin, 20\S+Z$/,
        /^GET 127\.0\.0\.1\/admin\/7$/,
        'A required role is missing',
      ],
    ],
    ['/of/other', [/^refused 403 condition_failed \(wrong_tenant\) on route tenant, 20\S+Z$/]],
    [
      '/gone',
      [
        /^failed 502 upstream_unreachable on route gone, 20\S+Z$/,
        /^GET /,
        'The service cannot be reached',
        'Cause: unreachable: connect ECONNREFUSED 127.0.0.1:9',
        'The gateway could not connect to any target of the upstream.',
        '',
      ],
    ],
  ];
  for (const [path, lines] of rows) {
    const id = await refused(gateway, path);
    await vi.waitUntil(async () => (await ask(gateway, `/decisions/${id}`)).status === 200);
    const command = runRolegate(['lookup', id, '--admin', gateway.admin, '--admin-token', adminToken]);
    expect(await command.ended, command.output()).toBe(0);
    const shown = command.output().split('\n').slice(0, lines.length);
    expect(shown).toEqual(lines.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))));
  }
});

it("every x-error-id of a service's response is found, with a reason", async () => {
  const failing = await startRecordingUpstream({
    answer: () => ({ status: failing.requests.length % 2 === 1 ? 500 : 404, body: 'failed' }),
  });
  onTestFinished(failing.close);
  const gateway = await start(
    `  - { id: failing, match: { path: "/failing" }, upstream: failing, access: [user] }
records: { allowedSample: 0 }`,
    undefined,
    `failing: { targets: ["${failing.origin}"] }`,
  );
  const error = { level: 'warn', status: 500, reason: 'service_error', fault: 'upstream' };
  const refusal = { level: 'info', status: 404, reason: 'service_refusal', fault: 'client' };
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) ids.push(await refused(gateway, '/failing'));
  await vi.waitUntil(async () => (await ask(gateway, `/decisions/${ids.at(-1)}`)).status === 200);
  for (const [n, id] of ids.entries()) {
    const { body } = await ask(gateway, `/decisions/${id}`);
    expect(body.request).toMatchObject({ outcome: 'allow', ...(n % 2 === 0 ? error : refusal) });
    expect(body).toMatchObject({ explanation: { outcome: 'allow' }, rulesChanged: false });
  }
  for (const [n, { status, reason }] of [error, refusal].entries()) {
    const { body } = await ask(gateway, `/decisions?reason=${reason}`);
    expect(body.decisions).toHaveLength(10);
    const command = runRolegate(['lookup', ids[n]!, '--admin', gateway.admin, '--admin-token', adminToken]);
    expect(await command.ended, command.output()).toBe(0);
    expect(command.output()).toMatch(new RegExp(`^forwarded ${status} ${reason} on route failing, `, 'm'));
  }
});

it('requests for missing pages do not displace errors of the service', async () => {
  const service = await startRecordingUpstream({
    answer: ({ target }) => ({ status: target === '/service/error' ? 500 : 404, body: 'failed' }),
  });
  onTestFinished(service.close);
  const gateway = await start(
    `  - { id: service, match: { path: "/service/{page}" }, upstream: service-with-errors, access: public }
records: { allowedSample: 0, max: 1000, perSecond: 5 }`,
    undefined,
    `service-with-errors: { targets: ["${service.origin}"] }`,
  );
  const ids: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    await Promise.all(Array.from({ length: 20 }, () => refused(gateway, '/service/missing', {})));
    ids.push(await refused(gateway, '/service/error', {}));
  }
  for (const id of ids) await vi.waitUntil(async () => (await ask(gateway, `/decisions/${id}`)).status === 200);
});

describe('allowed requests', () => {
  it('keeps the first, and on average one in so many after it', async () => {
    const gateway = await start('records: { allowedSample: 0.3 }\n');
    for (let n = 0; n < 61; n += 1) expect((await fetch(`${gateway.origin}/own`, { headers: ann })).status).toBe(200);
    await vi.waitFor(async () => {
      const { body } = await ask(gateway, '/decisions?route=own&user=ann&limit=100');
      // The distance is at most twice three, minus one.
      expect(body.decisions.length).toBeGreaterThanOrEqual(13);
      expect(body.decisions.length).toBeLessThan(61);
    });
  });

  it('keeps none with 0, and nothing with records: false', async () => {
    const [none, off] = [await start('records: { allowedSample: 0 }\n'), await start('records: false\n')];
    for (const gateway of [none, off]) {
      await fetch(`${gateway.origin}/own`, { headers: ann });
      await refused(gateway, '/admin/7');
    }
    await vi.waitFor(async () => expect((await ask(none, '/decisions')).body.decisions).toHaveLength(1));
    expect((await ask(off, '/decisions')).body.decisions).toEqual([]);
  });
});

describe('the list', () => {
  it('is filtered by reason, route and user, the newest first', async () => {
    const gateway = await start();
    const paths = async (query: string) =>
      (await ask(gateway, `/decisions${query}`)).body.decisions.map(({ path }) => path);
    // A record is written after the response, so that the next request could overtake it.
    for (const path of ['/admin/1', '/admin/2', '/of/other']) {
      await refused(gateway, path);
      await vi.waitFor(async () => expect(await paths('')).toContain(path));
    }
    await refused(gateway, '/admin/3', {});
    await vi.waitFor(async () => expect(await paths('')).toEqual(['/admin/3', '/of/other', '/admin/2', '/admin/1']));
    expect(await paths('?reason=role_missing')).toEqual(['/admin/2', '/admin/1']);
    expect(await paths('?route=admin&limit=1')).toEqual(['/admin/3']);
    expect(await paths('?user=ann&route=tenant')).toEqual(['/of/other']);
    expect(await paths('?user=bob')).toEqual([]);
  });

  it.each([
    '?limit=0',
    '?limit=1001',
    '?limit=x',
    '?limit=1.5',
    '?since=today',
    '?since=2026-13-01T00:00:00Z',
    '?path=/own',
    '?user=a&user=b',
  ])('%s is refused', async (query) => {
    const { status, body } = await ask(await start(), `/decisions${query}`);
    expect([status, body.code]).toEqual([400, 'question_invalid']);
  });
});

describe('"rolegate lookup" of several replicas', () => {
  const look = async (gateways: readonly RunningGateway[], args: readonly string[]) => {
    const admins = gateways.flatMap(({ admin }) => ['--admin', admin]);
    const command = runRolegate(['lookup', ...args, ...admins, '--admin-token', adminToken]);
    return { code: await command.ended, output: command.output() };
  };

  it('finds a record that only one of them has, and names those that do not respond', async () => {
    const [one, other] = [await start(), await start()];
    const id = await refused(other, '/admin/7');
    await vi.waitUntil(async () => (await ask(other, `/decisions/${id}`)).status === 200);
    expect((await look([one, other], [id])).output).toContain('refused 403 role_missing on route admin');
    const alone = await look([one], [id]);
    expect(alone).toMatchObject({ code: 1, output: expect.stringContaining('repeat --admin for the others') });
    await other.close();
    const gone = await look([one, other], [id]);
    expect(gone).toMatchObject({ code: 1, output: expect.stringContaining('no gateway responds at') });
  });

  it('names the replica: in each line of the log, in records and, if there are several, in the list', async () => {
    const [one, other] = [await start('log: { instance: gateway-1 }'), await start('log: { instance: gateway-2 }')];
    const ids = [await refused(one, '/admin/7'), await refused(other, '/admin/7')];
    for (const [n, gateway] of [one, other].entries()) {
      await vi.waitUntil(async () => (await ask(gateway, `/decisions/${ids[n]}`)).status === 200);
      for (const line of gateway.logLines()) expect(line).toMatchObject({ instance: `gateway-${n + 1}` });
    }
    expect((await look([one, other], [ids[1]!])).output).toMatch(/^instance +gateway-2$/m);
    const listed = (await look([one, other], ['--reason', 'role_missing'])).output;
    expect(listed).toMatch(/^20\S+Z {2}gateway-2 {2}403 .*\n20\S+Z {2}gateway-1 {2}403 .*\n$/);
    expect((await look([one], ['--reason', 'role_missing'])).output).toMatch(/^20\S+Z {2}403 .*\n$/);
    const unnamed = await start();
    expect(unnamed.logLines()[0]).toMatchObject({ instance: hostname() });
  });

  it('lists by client, key, user, route, reason and time, the newest first', async () => {
    authApi.addKeyPair('key-of-bob', 'secret', { userId: 'bob', keyId: 'k-7', roles: [] });
    const [one, other] = [await start(), await start()];
    const ids = [
      await refused(one, '/admin/1'),
      await refused(other, '/own', { 'api-key': 'key-of-bob', 'api-secret': 'secret' }),
      await refused(one, '/of/other'),
    ];
    // Each replica keeps its record after the response.
    const places = [one, other, one];
    await vi.waitUntil(async () => {
      const records = await Promise.all(ids.map((id, at) => ask(places[at]!, `/decisions/${id}`)));
      return records.every(({ status }) => status === 200);
    });
    const listed = async (...args: string[]) => {
      const { code, output } = await look([one, other], [...args, '--json']);
      expect(code, output).toBe(0);
      return (JSON.parse(output).decisions as { errorId: string }[]).map(({ errorId }) => errorId);
    };
    expect(await listed('--client', '127.0.0.1', '--since', '10m')).toEqual([ids[2], ids[1], ids[0]]);
    expect(await listed('--key', 'k-7')).toEqual([ids[1]]);
    expect(await listed('--user', 'ann', '--route', 'admin', '--reason', 'role_missing')).toEqual([ids[0]]);
    expect(await listed('--until', '2020-01-01T00:00:00Z')).toEqual([]);
    expect(await listed('--limit', '1')).toEqual([ids[2]]);
    const { output } = await look([one, other], ['--key', 'k-7']);
    expect(output).toMatch(
      /^20\S+Z {2}403 {2}role_missing {2}own {2}GET {2}\/own {2}bob k-7 127\.0\.0\.1 {2}\S{36}\n$/,
    );
    expect(await look([one], ['--since', 'yesterday'])).toMatchObject({ code: 2 });
    expect(await look([one], [ids[0]!, '--user', 'ann'])).toMatchObject({ code: 2 });
    const misspelled = await look([one], ['--reason', 'rol_missing']);
    expect(misspelled).toMatchObject({ code: 2, output: expect.stringContaining('did you mean "role_missing"?') });
    const ofCondition = await look([one], ['--reason', 'wrong_tenant']);
    expect(ofCondition).toMatchObject({ code: 2, output: expect.stringContaining('"condition_failed"') });
  });
});

it('behind a trusted proxy, a refusal has the address of its client, or none, never that of the proxy', async () => {
  const gateway = await start('', trusting);
  const named = `X-Forwarded-For: 203.0.113.7\r\n`;
  const read = await sendRaw(gateway.port, `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n${named}\r\n`);
  const unread = await sendRaw(gateway.port, `GET /own HTTP/1.1\r\nHost : a\r\n${named}\r\n`);
  const listed = async (query: string) =>
    (await ask(gateway, `/decisions${query}`)).body.decisions.map((one) => Object(one).errorId);
  const ids = [read, unread].map((answer) => answer.header('x-error-id'));
  await vi.waitFor(async () => expect((await listed('')).toSorted()).toEqual(ids.toSorted()));
  expect(await listed('?client=203.0.113.7')).toEqual([ids[0]]);
  expect(await listed('?client=127.0.0.1')).toEqual([]);
});

it.each([
  ['is unknown', 'unknown'],
  ['is not valid', 'not an address'],
])('behind a trusted proxy, if the client %s, neither the log nor the record has one', async (_, name) => {
  const gateway = await start('', trusting);
  const id = await refused(gateway, '/own', { 'x-forwarded-for': name });
  const { body } = await ask(gateway, `/decisions/${id}`);
  const [line] = gateway.logLines().filter(({ errorId }) => errorId === id);
  expect(line).toMatchObject({ reason: 'credential_missing' });
  expect([line!['client'], Object(body.request).client]).toEqual([undefined, undefined]);
});

describe('only the admin token grants access', () => {
  it.each(['/decisions', '/decisions/x'])('%s', async (path) => {
    const gateway = await start();
    expect((await ask(gateway, path, {})).status).toBe(401);
    const open = await start('', '');
    expect((await ask(open, path, {})).body).toMatchObject({ status: 403, code: 'changes_disabled' });
  });

  it('an unknown id is 404', async () => {
    const gateway = await start();
    for (const id of [randomUUID(), '%zz', 'a%20b']) {
      expect((await ask(gateway, `/decisions/${id}`)).body).toMatchObject({ status: 404, code: 'decision_unknown' });
    }
  });
});

describe('with Redis', () => {
  async function pair(records = '', token?: string) {
    const { url, keyPrefix } = await useRedis();
    const cache = `cache: { secret: "${cacheSecret}", redis: { url: "${url}", keyPrefix: "${keyPrefix}", timeout: 500ms } }\n${records}`;
    const [one, other] = [await start(cache, token), await start(cache, token)];
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    return { one, other, redis, name: `${keyPrefix}decisions:role_missing` };
  }

  it('a refusal by one replica is found on the other within a second, also by the command', async () => {
    const { one, other } = await pair();
    // Nothing is shared until it is connected.
    await vi.waitUntil(async () => {
      await refused(one, '/admin/0');
      return (await ask(other, '/decisions')).body.decisions.length > 0;
    });
    const id = await refused(one, '/admin/7');
    const found = await vi.waitUntil(
      async () => {
        const response = await ask(other, `/decisions/${id}`);
        return response.status === 200 ? response.body : null;
      },
      { timeout: 1000, interval: 20 },
    );
    expect(found).toEqual((await ask(one, `/decisions/${id}`)).body);
    expect(found).toMatchObject({ request: { errorId: id, reason: 'role_missing' }, identity: { roles: ['user'] } });
    const command = runRolegate(['lookup', id, '--admin', other.admin, '--admin-token', adminToken]);
    expect(await command.ended, command.output()).toBe(0);
    expect(command.output()).toMatch(/reason +role_missing/);
    expect(command.output()).toMatch(/roles +user/);
    const unknown = runRolegate(['lookup', randomUUID(), '--admin', other.admin, '--admin-token', adminToken]);
    expect([await unknown.ended, unknown.output()]).toEqual([
      1,
      expect.stringContaining('there is no record of a decision'),
    ]);
  });

  it('a record too long for Redis is shared in a shortened form, and marked', async () => {
    const { one, other } = await pair();
    const roles = ['user', ...Array.from({ length: 400 }, (_, n) => `a-role-with-a-long-name-${n}`)];
    authApi.addSession('the-bearer-of-many', { userId: 'max', roles, groups: roles });
    const id = await vi.waitUntil(async () => {
      const refusal = await refused(one, '/admin/7', {
        authorization: 'Bearer the-bearer-of-many',
        'user-agent': '\u00e9'.repeat(256),
      });
      return (await ask(other, `/decisions/${refusal}`)).status === 200 ? refusal : null;
    });
    const [whole, short] = [await ask(one, `/decisions/${id}`), await ask(other, `/decisions/${id}`)];
    expect(whole.body).toMatchObject({ identity: { roles }, explanation: { outcome: 'refuse' }, shortened: false });
    expect(short.body).toMatchObject({
      request: { errorId: id, reason: 'role_missing', route: 'admin', path: '/admin/7', userId: 'max' },
      identity: { userId: 'max', roles: roles.slice(0, 10), groups: roles.slice(0, 10) },
      ...{ explanation: null, rulesChanged: false, shortened: true },
    });
    const command = runRolegate(['lookup', id, '--admin', other.admin, '--admin-token', adminToken]);
    expect(await command.ended, command.output()).toBe(0);
    expect(command.output()).toMatch(/The record is shortened: .*10 roles and groups/);
  });

  it('a flood of one reason removes only its own records, on all replicas, and is counted', async () => {
    const { one, other } = await pair('records: { max: 100, perSecond: 10000 }\n');
    const id = await vi.waitUntil(async () => {
      const refusal = await refused(one, '/admin/7');
      return (await ask(other, `/decisions/${refusal}`)).status === 200 ? refusal : null;
    });
    for (let n = 0; n < 20; n += 1) await Promise.all(Array.from({ length: 20 }, () => refused(one, '/own', {})));
    const evicted = async () =>
      Object.fromEntries(
        (await (await fetch(`${one.admin}/metrics`, { headers: asOperator })).text())
          .split('\n')
          .flatMap((line) => [/^rolegate_decision_records_(evicted\S+) (\S+)$/.exec(line)?.slice(1) ?? []])
          .filter(({ length }) => length > 0),
      ) as Record<string, string>;
    await vi.waitFor(async () =>
      expect(Number((await evicted())['evicted_total{store="redis"}'])).toBeGreaterThan(200),
    );
    expect(Number((await evicted())['evicted_age_seconds{store="memory"}'])).toBeGreaterThan(0);
    for (const gateway of [one, other]) expect((await ask(gateway, `/decisions/${id}`)).status).toBe(200);
    const { body } = await ask(other, '/decisions?reason=credential_missing&limit=1000');
    expect(body.decisions.length).toBeLessThan(120);
  });

  it('an error id leads to its request, although another client sends it as the id of its own', async () => {
    const { one, other } = await pair('', trusting);
    await vi.waitUntil(async () => {
      await refused(one, '/admin/0');
      return (await ask(other, '/decisions')).body.decisions.length > 0;
    });
    const id = await refused(one, '/admin/7');
    const path = async (gateway: RunningGateway) => (await ask(gateway, `/decisions/${id}`)).body.request?.path;
    await vi.waitUntil(async () => (await path(other)) === '/admin/7');
    // To the same stream, to another one, and to the memory of the other replica.
    for (const [gateway, target] of [
      [one, '/admin/8'],
      [one, '/of/other'],
      [other, '/admin/9'],
    ] as const)
      await refused(gateway, target, { ...ann, 'x-request-id': id });
    await vi.waitUntil(async () => (await ask(other, '/decisions?route=tenant')).body.decisions.length === 1);
    expect([await path(one), await path(other)]).toEqual(['/admin/7', '/admin/7']);
    const [taken] = (await ask(other, '/decisions?route=tenant')).body.decisions;
    expect(taken).toMatchObject({ requestId: id });
  });

  it('nothing of it is readable in Redis, and entries written by others are ignored', async () => {
    const { one, other, redis, name } = await pair();
    const id = await vi.waitUntil(async () => {
      const refusal = await refused(one, '/admin/7');
      return (await redis.exists(name)) === 1 ? refusal : null;
    });
    const text = (await redis.xrangeBuffer(name, '-', '+')).map(([, fields]) => fields.join()).join();
    expect(text).not.toMatch(/ann|role_missing|acme|127\.0\.0\.1/);
    expect(await redis.pttl(name)).toBeGreaterThan(0);
    const forged = randomUUID();
    await redis.xadd(name, '*', 'e', forged, 'q', '', 'r', JSON.stringify({ errorId: forged, text: '{}' }));
    expect((await ask(other, `/decisions/${forged}`)).status).toBe(404);
    expect((await ask(other, `/decisions/${id}`)).status).toBe(200);
  });
});
