/**
 * Checks over gRPC apart from decisions: what Envoy sets, removes and receives, what is always refused, and outages.
 */
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CheckedRequest, getCheck } from '../../support/authorizer-checks.ts';
import { attributesOf, connectExtAuthz, type ExtAuthzClient, type Verdict } from '../../support/ext-authz-client.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { hostileTargets } from '../../support/hostile-targets.ts';
import { expectRecordedChecks } from '../../support/recorded-checks.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

let authApi: FakeAuthApi;
let gateway: RunningGateway;
let proxy: ExtAuthzClient;

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession('good', { userId: 'ann', groups: ['acme'], roles: ['user', 'editor'] });
});
beforeEach(async () => {
  await authApi.behave({ kind: 'fine' });
  await start();
});
afterEach(async () => {
  proxy.close();
  await gateway.close();
});
afterAll(() => authApi.close());

async function start(authorizer = ''): Promise<void> {
  proxy?.close();
  await gateway?.close();
  gateway = await startGateway(`
version: 1
server: { listen: false, admin: "127.0.0.1:0", trustedProxies: [10.0.0.0/8] }
authorizer: { grpc: { listen: "127.0.0.1:0" }${authorizer} }
authApi: { url: "${new URL(authApi.url).origin}", timeout: 10s, breaker: { failures: 10000 } }
credentials: { bearerCookie: session, basic: keyPair }
identityHeaders: { user-id: userId, groups: groups, x-user-roles: roles }
roles: { user: {}, editor: {}, admin: {} }
routes:
  - { id: open, match: { path: "/**" }, access: public }
  - { id: kept, match: { path: "/kept/**" }, access: public, path: { encodedSlash: keep, semicolon: keep, doubleEncoding: keep } }
  - { id: closed, match: { path: "/closed/**" }, access: [user] }
  - { id: admin, match: { path: "/admin/**" }, access: [admin] }
  - { id: kept-admin, match: { path: "/kept/admin/**" }, access: [admin] }
  - { id: socket, match: { path: /socket }, access: [user], websocket: true }
  - { id: near, match: { path: /near }, access: public, when: [{ client: address, cidr: [203.0.113.0/24], reason: far }] }
`);
  proxy = connectExtAuthz(gateway.grpcPort);
}

const bearer = ['Authorization', 'Bearer good'];
const refusal = ({ message, status: code, metadata, header }: Verdict) => [
  message.http_response,
  code,
  metadata['reason'],
  header('x-error-id') === metadata['error_id'],
];
const refused = (code: number, reason: string) => ['denied_response', code, reason, true];

describe('headers for the service', () => {
  test("each replaces the client's own, and a credential is removed", async () => {
    const { message, removed, header } = await proxy.ask(
      getCheck('/closed/x', [...bearer, 'User-Id', 'root', 'Cookie', 'a=1']),
    );
    const never = ['x-rolegate-identity', 'x-rolegate-stale'];
    expect(removed).toEqual([...never, 'authorization', 'api-key', 'api-secret']);
    const options = message.ok_response!.headers;
    expect(options.map(({ header: { key } }) => key).sort()).toEqual([
      'cookie',
      'groups',
      'user-id',
      'x-request-id',
      'x-user-roles',
    ]);
    for (const { append, append_action, keep_empty_value } of options)
      expect([append, append_action, keep_empty_value]).toEqual([{ value: false }, 'OVERWRITE_IF_EXISTS_OR_ADD', true]);
    expect(options.filter(({ header: { key } }) => removed.includes(key))).toEqual([]);
    expect([header('user-id'), header('x-user-roles'), header('cookie')]).toEqual(['ann', 'user,editor', 'a=1']);
  });

  test('a public route has no identity, and keeps the credential', async () => {
    const { header, removed } = await proxy.ask(getCheck('/open', [...bearer, 'User-Id', 'root', 'GROUPS', 'admin']));
    expect([header('user-id'), header('groups'), header('authorization')]).toEqual([
      undefined,
      undefined,
      'Bearer good',
    ]);
    for (const name of ['user-id', 'groups', 'x-user-roles', 'x-rolegate-identity', 'x-rolegate-stale'])
      expect(removed).toContain(name);
    expect(removed).not.toContain('authorization');
  });

  test('bytes beyond ASCII pass unchanged', async () => {
    const name = Buffer.from('jürgen').toString('latin1');
    for (const raw of [false, true]) {
      const { header } = await proxy.ask(getCheck('/closed/x', [...bearer, 'Cookie', `name=${name}`]), { raw });
      expect(header('cookie')).toBe(`name=${name}`);
    }
    const { message, header } = await proxy.ask(getCheck('/closed/x', [...bearer, 'Cookie', 'name=j\xfcrgen']), {
      raw: true,
    });
    expect(header('cookie')).toBe('name=j\xfcrgen');
    expect(message.ok_response!.headers.find(({ header: { key } }) => key === 'cookie')?.header.value).toBe('');
  });

  test('challenges of a refusal are separate headers', async () => {
    const { message } = await proxy.ask(getCheck('/closed/x'));
    const challenges = message.denied_response!.headers.filter(({ header: { key } }) => key === 'www-authenticate');
    expect(challenges.length).toBeGreaterThanOrEqual(2);
    expect(challenges.map(({ append, append_action }) => [append?.value, append_action])).toEqual([
      [false, 'OVERWRITE_IF_EXISTS_OR_ADD'],
      ...challenges.slice(1).map(() => [undefined, 'APPEND_IF_EXISTS_OR_ADD']),
    ]);
    const names = message.denied_response!.headers.map(({ header: { key } }) => key);
    expect(names).not.toContain('content-length');
    expect(names).not.toContain('connection');
  });

  test.each([
    'User-Id',
    'USER-ID',
    'user_id',
    'User.Id',
    'user~id',
    'User_ID',
    'Groups',
    'X_User_Roles',
    'x-rolegate-stale',
    // Services behind CGI-like interfaces read these as headers of proxies that only the gateway writes.
    'X_Forwarded_User',
    'X.Forwarded-User',
    'x~forwarded~for',
    'X_Forwarded_Access_Token',
    'X_HTTP_Method_Override',
  ])('a client\'s "%s" is replaced, removed or refused', async (name) => {
    for (const headers of [[], bearer]) {
      const verdict = await proxy.ask(
        getCheck(headers.length === 0 ? '/open' : '/closed/x', [...headers, name, 'forged']),
      );
      if (/^[a-z-]+$/i.test(name)) {
        expect(verdict.allowed).toBe(true);
        const lower = name.toLowerCase();
        expect(verdict.headers(name).length + verdict.removed.filter((one) => one === lower).length).toBe(1);
        expect(verdict.headers(name)).not.toContain('forged');
      } else expect(refusal(verdict)).toEqual(refused(400, 'header_invalid'));
    }
  });
});

test('metadata contains the decision, also for refusals', async () => {
  const { metadata } = await proxy.ask(getCheck('/closed/x', bearer), { contextExtensions: { tenant: 'one' } });
  expect(metadata).toEqual({ route: 'closed', user_id: 'ann', identity_source: 'authApi', roles: ['user', 'editor'] });
  const denied = await proxy.ask(getCheck('/admin/x', bearer));
  expect(denied.metadata).toEqual({
    route: 'admin',
    user_id: 'ann',
    identity_source: 'authApi',
    roles: ['user', 'editor'],
    reason: 'role_missing',
    error_id: denied.header('x-error-id'),
  });
  expect((await proxy.ask(getCheck('/open'))).metadata).toEqual({ route: 'open' });
});

describe('the checked request', () => {
  test('the checked path is the served path, for every hostile target', async () => {
    expect(hostileTargets.length).toBeGreaterThanOrEqual(40);
    const served: string[] = [];
    for (const target of hostileTargets) {
      const { allowed } = await proxy.ask(getCheck(target));
      if (allowed) served.push(target.split('?', 1)[0]!);
    }
    const decided = await vi.waitFor(() => {
      const lines = gateway.logLines().filter(({ msg, outcome }) => msg === 'request' && outcome === 'allow');
      expect(lines).toHaveLength(served.length);
      return lines.map(({ path }) => path);
    });
    expect(served).toEqual(decided);
    expect(served.filter((path) => /^\/(?:kept\/)?admin/.test(path))).toEqual([]);
    // Some of them are harmless unchanged.
    expect(served.length).toBeGreaterThan(0);
    expect((await proxy.ask(getCheck('/kept/a%2Fb;c'))).allowed).toBe(true);
  });

  test('two credentials are one too many, joined by Envoy or separate', async () => {
    const twice = getCheck('/closed/x', [...bearer, 'Authorization', 'Bearer other']);
    for (const raw of [false, true])
      expect(refusal(await proxy.ask(twice, { raw }))).toEqual(refused(400, 'credential_repeated'));
    // A comma inside of one is none between two.
    const one = getCheck('/closed/x', ['Authorization', 'Digest a="b",c=d, e = f']);
    expect((await proxy.ask(one)).status).toBe(401);
    const hidden = getCheck('/open', ['user_id', 'a', 'user_id', 'b']);
    expect((await proxy.ask(hidden)).status).toBe(400);
  });

  test('without a method, target or host, nothing is allowed', async () => {
    const good = attributesOf(getCheck('/open')) as { request: { http: Record<string, unknown> } };
    const { http } = good.request;
    const rows: [string, object][] = [
      ['nothing', {}],
      ['no request', { ...good, request: undefined }],
      ...['method', 'path'].map((name): [string, object] => [
        `no ${name}`,
        { ...good, request: { http: { ...http, [name]: '' } } },
      ]),
    ];
    for (const [name, attributes] of rows)
      expect([name, ...refusal(await proxy.askWith(attributes))]).toEqual([name, ...refused(400, 'check_invalid')]);
    const nowhere = { ...good, request: { http: { ...http, host: '' } } };
    expect(refusal(await proxy.askWith(nowhere))).toEqual(refused(400, 'host_invalid'));
    expect((await proxy.askWith(good)).allowed).toBe(true);
  });

  test('bytes that are not a check are refused without failing the call', async () => {
    const send = (bytes: Buffer) =>
      new Promise<Buffer>((resolve, reject) => {
        const same = (buffer: Buffer) => buffer;
        proxy.channel.makeUnaryRequest(
          '/envoy.service.auth.v3.Authorization/Check',
          same,
          same,
          bytes,
          (error, value) => (error === null ? resolve(value!) : reject(error)),
        );
      });
    // A field that declares more bytes than the message has.
    const answer = await send(Buffer.from([0x0a, 0x7f, 0x01]));
    expect(answer.toString('latin1')).toContain('check_invalid');
    // Both lists of headers at once, which would be ambiguous.
    const header = (key: string, value: string) =>
      field(3, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))]));
    const map = field(13, field(1, Buffer.concat([field(1, Buffer.from('a')), field(2, Buffer.from('b'))])));
    const http = (path: string, ...more: Buffer[]) =>
      field(
        1,
        field(
          4,
          field(
            2,
            Buffer.concat([
              field(2, Buffer.from('GET')),
              field(4, Buffer.from(path)),
              field(5, Buffer.from('h.test')),
              ...more,
            ]),
          ),
        ),
      );
    expect((await send(http('/open', header('a', 'b'), map))).toString('latin1')).toContain('check_invalid');
    expect((await send(http('/open', header('a', 'b')))).toString('latin1')).not.toContain('x-error');
    // A map with a repeated key, of which most parsers keep one.
    const twice = http('/closed/x', header('authorization', 'Bearer good'), header('authorization', 'Bearer other'));
    expect((await send(twice)).toString('latin1')).toContain('credential_repeated');
  });

  test('the client address is the source, or further left behind trusted proxies', async () => {
    const at = async (client: string, claimed?: string) =>
      (await proxy.ask(getCheck('/near', claimed === undefined ? [] : ['X-Forwarded-For', claimed], client))).status;
    expect(await at('203.0.113.7')).toBe(200);
    expect(await at('198.51.100.1', '203.0.113.7')).toBe(403);
    expect(await at('10.0.0.1', '203.0.113.7')).toBe(200);
    expect(await at('10.0.0.1', '203.0.113.7, 198.51.100.1')).toBe(403);
    // The address of a listener on a pipe is unknown.
    const { source: _, ...unknown } = attributesOf(getCheck('/near')) as { source: object };
    expect((await proxy.askWith(unknown)).status).toBe(403);
  });

  test('a WebSocket is recognized by its key', async () => {
    const handshake = [
      'Upgrade',
      'websocket',
      'Sec-WebSocket-Key',
      'AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version',
      '13',
    ];
    expect((await proxy.ask(getCheck('/socket', [...bearer, ...handshake]))).allowed).toBe(true);
    expect(refusal(await proxy.ask(getCheck('/open', handshake)))).toEqual(refused(400, 'upgrade_unsupported'));
    const cookie = ['Cookie', 'session=good', 'Origin', 'http://evil.test', ...handshake];
    expect((await proxy.ask(getCheck('/socket', cookie))).status).toBe(403);
  });

  test.each([
    ['an empty name', ['', 'ak_12345']],
    ['a space in a name', ['x a', 'b']],
    ['a vertical tab in a value', ['x-a', 'b\x0bc']],
    ['CR LF in a value', ['x-a', 'b\r\nx-c: d']],
    ['NUL in a value', ['x-a', 'b\0']],
  ])('headers that are not HTTP, with %s, are refused', async (_name, headers) => {
    for (const raw of [false, true])
      expect(refusal(await proxy.ask(getCheck('/open', headers), { raw }))).toEqual(refused(400, 'check_invalid'));
  });

  test('a WebSocket over HTTP/2, which has no key, is not an ordinary request', async () => {
    // As Envoy translates an extended CONNECT (RFC 8441).
    const asked = ['Upgrade', 'websocket', 'Connection', 'upgrade', 'Sec-WebSocket-Version', '13'];
    for (const raw of [false, true]) {
      expect(refusal(await proxy.ask(getCheck('/open', asked), { raw }))).toEqual(refused(400, 'upgrade_unsupported'));
      const padded = getCheck('/open', asked.with(1, ' WebSocket\t'));
      expect(refusal(await proxy.ask(padded, { raw }))).toEqual(refused(400, 'upgrade_unsupported'));
      const foreign = getCheck('/socket', ['Cookie', 'session=good', 'Origin', 'http://evil.test', ...asked]);
      expect((await proxy.ask(foreign, { raw })).status).toBe(403);
      const own = await proxy.ask(getCheck('/socket', [...bearer, ...asked]), { raw });
      expect(refusal(own)).toEqual(refused(400, 'websocket_handshake_invalid'));
    }
  });

  test('too many headers are 431, a target that is too long is 414', async () => {
    const many = Array.from({ length: 200 }, (_, index) => [`x-${index}`, 'a']).flat();
    expect(refusal(await proxy.ask(getCheck('/open', many)))).toEqual(refused(431, 'headers_too_large'));
    expect(refusal(await proxy.ask(getCheck(`/open?${'a'.repeat(9_000)}`)))).toEqual(refused(414, 'target_too_long'));
    const large = getCheck('/open', ['x-large', 'a'.repeat(2 * 1024 * 1024)]);
    await expect(proxy.ask(large)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect((await proxy.ask(getCheck('/open'))).allowed).toBe(true);
  });
});

describe('outages are refusals, and no call fails', () => {
  test.each([
    ['down', { kind: 'down' }],
    ['broken', { kind: 'answers', status: 500, body: '{}' }],
  ] as const)('an Auth API that is %s', async (_, mood) => {
    await authApi.behave(mood);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const verdict = await proxy.ask({ ...getCheck('/closed/x', ['Authorization', 'Bearer unknown']), method });
      expect([verdict.message.status?.code, verdict.status, verdict.header('retry-after')]).toEqual([14, 503, '2']);
      expect(verdict.header('x-error')).toBe('Authentication is temporarily unavailable');
      expect(JSON.parse(verdict.text())).toMatchObject({ status: 503, errorId: verdict.header('x-error-id') });
    }
  });

  test('a silent one is 503 after authorizer.timeout', async () => {
    await start(', timeout: 100ms');
    await authApi.behave({ kind: 'slow' });
    const verdict = await proxy.ask(getCheck('/closed/x', ['Authorization', 'Bearer silent']));
    expect(refusal(verdict)).toEqual(refused(503, 'auth_timeout'));
  });

  test('or before the deadline of the call, if that is earlier', async () => {
    await start(', timeout: 10s');
    await authApi.behave({ kind: 'slow' });
    const verdict = await proxy.ask(getCheck('/closed/x', ['Authorization', 'Bearer late']), {
      deadline: Date.now() + 400,
    });
    expect(refusal(verdict)).toEqual(refused(503, 'auth_timeout'));
    expect(authApi.waiting()).toBe(1);
  });

  test('a cancelled call is one record, and the next one is served', async () => {
    await authApi.behave({ kind: 'slow' });
    const caller = new AbortController();
    const asked = proxy.ask(getCheck('/closed/x', ['Authorization', 'Bearer gone']), { signal: caller.signal });
    await vi.waitFor(() => expect(authApi.waiting()).toBe(1));
    caller.abort();
    await expect(asked).rejects.toMatchObject({ code: status.CANCELLED });
    const lines = await vi.waitFor(() => {
      const found = gateway.logLines().filter(({ msg }) => msg === 'request');
      expect(found).toHaveLength(1);
      return found;
    });
    expect(lines).toMatchObject([{ dialect: 'grpc', outcome: 'abandon' }]);
    await authApi.behave({ kind: 'fine' });
    expect((await proxy.ask(getCheck('/closed/x', bearer))).allowed).toBe(true);
    expect(gateway.logLines().filter(({ msg }) => msg === 'request')).toHaveLength(2);
  });
});

test('one metric and one log line record a check', async () => {
  const grpc = { dialect: 'grpc', ask: (request: CheckedRequest) => proxy.ask(request) };
  await expectRecordedChecks(gateway, grpc, grpc);
});

/** A length-delimited field of a message. */
function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
