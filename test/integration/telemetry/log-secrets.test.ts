/**
 * Nothing that a client sends as a credential, in its query or in its body appears in the log, in the metrics, on the
 * admin port or in a refusal, whatever the request looks like, and at the most verbose log level.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { brokenMoods, type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

/** In every credential, query value and body of this file; nowhere else. */
const mark = 'S3cr3tMark';
const forms = [mark, mark.toLowerCase(), btoa(`ann:${mark}`), Buffer.from(mark).toString('hex')];
/** Traces of the mark in a text. */
const found = (text: string) => forms.filter((form) => text.includes(form));

const good = `good-${mark}`;
const pair = [`api-key: key-${mark}`, `api-secret: secret-${mark}`];
const bearer = `Authorization: Bearer ${good}`;

interface Row {
  readonly name: string;
  readonly lines: readonly string[];
  readonly body?: string;
  readonly status: number;
}
const get = (name: string, status: number, target: string, ...headers: string[]): Row => ({
  name,
  status,
  lines: [`GET ${target} HTTP/1.1`, 'Host: api.example.test', ...headers],
});
const post = (name: string, status: number, target: string, body: string, ...headers: string[]): Row => ({
  name,
  status,
  body,
  lines: [`POST ${target} HTTP/1.1`, 'Host: api.example.test', `Content-Length: ${body.length}`, ...headers],
});
const form = 'Content-Type: application/x-www-form-urlencoded';

const rows: Row[] = [
  get('a good bearer', 200, '/own', bearer),
  get('a good bearer again, from memory', 200, '/own', bearer),
  get('a good bearer without the role', 403, '/admin', bearer),
  get('a bad bearer', 401, '/own', `Authorization: Bearer bad-${mark}`),
  get('a bad bearer again', 401, '/own', `Authorization: Bearer bad-${mark}`),
  get('a bearer of two words', 401, '/own', `Authorization: Bearer ${mark} ${mark}`),
  get('a bearer with an invalid character', 401, '/own', `Authorization: Bearer "${mark}"`),
  get('a bearer without its scheme', 401, '/own', `Authorization: ${mark}`),
  get('a long bearer', 401, '/own', `Authorization: Bearer ${mark.repeat(300)}`),
  get('another scheme', 401, '/own', `Authorization: Basic ${btoa(`ann:${mark}`)}`),
  get('two bearers', 400, '/own', bearer, `Authorization: Bearer other-${mark}`),
  get('a good pair', 200, '/own', ...pair),
  get('a pair with a wrong secret', 401, '/own', pair[0]!, `api-secret: wrong-${mark}`),
  get('a key alone', 401, '/own', pair[0]!),
  get('a secret alone', 401, '/own', pair[1]!),
  get('a secret with a space', 401, '/own', pair[0]!, `api-secret: ${mark} ${mark}`),
  get('two secrets', 400, '/own', ...pair, `api-secret: ${mark}`),
  get('a bearer and a pair', 400, '/own', bearer, ...pair),
  get('a good cookie', 200, '/own', `Cookie: session=${good}`),
  get('a bad cookie', 401, '/own', `Cookie: session=bad-${mark}; other=${mark}`),
  get('a malformed cookie', 401, '/own', `Cookie: session="${mark} ${mark}"`),
  post('a cookie from another site', 403, '/own', mark, `Cookie: session=${good}`, 'Origin: https://evil.example.test'),
  get('credentials on a public route', 200, '/open', bearer, ...pair, `Cookie: session=${mark}`),
  get('a bad bearer where none is required', 200, '/greeting', `Authorization: Bearer bad-${mark}`),
  get('a proxy credential', 200, '/open', `Proxy-Authorization: Basic ${btoa(`ann:${mark}`)}`),
  get('a query', 200, `/open?token=${mark}&api_key=${mark}`),
  get('a query of a refused request', 401, `/own?access_token=${mark}`),
  get('a query without a route', 404, `/nowhere?token=${mark}`),
  get('a query with two readings of its path', 400, `/a/%2e%2e/b?token=${mark}`),
  get('a fragment', 400, `/own#access_token=${mark}`),
  get('a fragment after a query', 400, `/own?token=${mark}#${mark}`),
  get('a path parameter', 400, `/own;jsessionid=${mark}`),
  get('a query with a broken escape in the path', 400, `/%zz?token=${mark}`),
  get('a password in the target', 400, `http://ann:${mark}@api.example.test/own`),
  get('a query in an absolute target', 200, `http://api.example.test/open?token=${mark}`),
  get('a query that is too long', 414, `/own?token=${mark.repeat(1000)}`),
  get('a Referer with a query', 401, '/own', `Referer: https://api.example.test/?token=${mark}`),
  get('headers that are too large', 431, '/own', `Authorization: Bearer ${mark.repeat(2500)}`),
  get('an expectation', 417, '/own', bearer, `Expect: ${mark}`),
  get('a method that is not allowed', 405, '/get?q=1', bearer),
  post('a body', 200, '/open', `{"password":"${mark}"}`, 'Content-Type: application/json'),
  post('a body of a refused request', 401, '/own', `password=${mark}`, form),
  post('a body that is too large', 413, '/small', `password=${mark}`.padEnd(200, 'x'), form),
  post('a body with a method override', 404, '/nowhere', `_method=DELETE&password=${mark}`, form),
  get('a service that is down', 502, `/away?token=${mark}`, bearer),
  get('a service that does not speak HTTP', 502, `/garbage?token=${mark}`, bearer),
  {
    name: 'a password in Host',
    status: 400,
    lines: ['GET /own HTTP/1.1', `Host: ann:${mark}@api.example.test`],
  },
  {
    name: 'a header with a control character',
    status: 400,
    lines: ['GET /own HTTP/1.1', 'Host: api.example.test', `Authorization: Bearer ${mark}\u0001`],
  },
  {
    name: 'a header without a colon',
    status: 400,
    lines: ['GET /own HTTP/1.1', 'Host: api.example.test', `Authorization Bearer ${mark}`],
  },
  {
    name: 'a folded header',
    status: 400,
    lines: ['GET /own HTTP/1.1', 'Host: api.example.test', 'Authorization: Bearer', ` ${mark}`],
  },
  { name: 'no request line', status: 400, lines: [`${mark} ${mark} ${mark}`] },
  {
    name: 'another version, with a query',
    status: 400,
    lines: [`GET /own?token=${mark} HTTP/9.9`, 'Host: api.example.test'],
  },
  {
    name: 'invalid chunks',
    status: 400,
    lines: ['POST /open HTTP/1.1', 'Host: api.example.test', 'Transfer-Encoding: chunked'],
    body: `password=${mark}\r\n`,
  },
  {
    name: 'an upgrade, with a token as protocol',
    status: 400,
    lines: [
      `GET /own?token=${mark} HTTP/1.1`,
      'Host: api.example.test',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Sec-WebSocket-Protocol: bearer, ${mark}`,
      bearer,
    ],
  },
];

let authApi: FakeAuthApi;
let upstream: RecordingUpstream;
let gateway: RunningGateway;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession(good);
  authApi.addKeyPair(`key-${mark}`, `secret-${mark}`);
  upstream = await startRecordingUpstream();
  const garbage = await startMisbehavingServer({ kind: 'writes', bytes: 'no HTTP\r\n\r\n', afterwards: 'end' });
  const away = await startMisbehavingServer({ kind: 'resets', at: 'request' });
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
log: { level: trace }
authApi: { url: "${new URL(authApi.url).origin}", timeout: 1s, breaker: { failures: 10000 } }
credentials: { bearerCookie: session }
roles: { user: {}, admin: { inherits: [user] } }
upstreams:
  service: { targets: ["${upstream.origin}"] }
  garbage: { targets: ["${garbage.origin}"] }
  away: { targets: ["${away.origin}"] }
routes:
  - { id: open, match: { path: "/open" }, upstream: service, access: public }
  - { id: small, match: { path: "/small" }, upstream: service, access: public, maxBody: 100b }
  - { id: greeting, match: { path: "/greeting" }, upstream: service, access: optional }
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
  - { id: admin, match: { path: "/admin" }, upstream: service, access: [admin] }
  - { id: get, match: { path: "/get" }, upstream: service, access: { DELETE: [user] } }
  - { id: garbage, match: { path: "/garbage" }, upstream: garbage, access: [user] }
  - { id: away, match: { path: "/away" }, upstream: away, access: [user] }
`);
  closing.push(gateway.close, authApi.close, upstream.close, garbage.close, away.close);
});
afterAll(async () => {
  for (const close of closing) await close();
});

/** Requests that have a line in the log. */
const logged = () => gateway.logLines().filter(({ msg }) => msg === 'request').length;

/** Sends it, and returns the response and the resulting log lines. */
async function send({ lines, body = '' }: Row) {
  const [from, before] = [gateway.logText().length, logged()];
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  const answer = await sendRaw(gateway.port, bytes);
  await vi.waitFor(() => expect(logged()).toBeGreaterThan(before), 10_000);
  return { answer, log: gateway.logText().slice(from) };
}

const shownIn = ({ rawHeaders, body }: { rawHeaders: readonly string[]; body: Buffer }) =>
  `${rawHeaders.join('\n')}\n${body.toString('latin1')}`;

describe('a request', () => {
  test.each(rows.map((row) => [row.name, row] as const))('with %s', async (_name, row) => {
    const { answer, log } = await send(row);
    const refused = answer.header('x-error') !== undefined;
    expect([answer.status, refused], answer.text()).toEqual([row.status, row.status !== 200]);
    expect(log).toContain('"msg":"request"');
    expect(found(log)).toEqual([]);
    expect(found(shownIn(answer))).toEqual([]);
  });

  test.each(
    Object.entries({
      ...brokenMoods,
      echo: { kind: 'answers' as const, status: 500, body: `${mark} is wrong`, headers: { 'x-error': mark } },
      down: { kind: 'down' as const },
      slow: { kind: 'slow' as const },
    }),
  )('while the Auth API is in the mood %s', async (name, mood) => {
    await authApi.behave(mood);
    const asked = [`Authorization: Bearer ${name}-${mark}`];
    for (const headers of [asked, [`api-key: ${name}-${mark}`, pair[1]!]]) {
      const { answer, log } = await send(get('', 503, `/own?token=${mark}`, ...headers));
      expect(answer.status).toBe(503);
      expect(found(log)).toEqual([]);
      expect(found(shownIn(answer))).toEqual([]);
    }
    await authApi.behave({ kind: 'fine' });
  });

  test('that its client aborts', async () => {
    const [from, before] = [gateway.logText().length, logged()];
    const client = await openRaw(gateway.port);
    client.write(
      `POST /own?token=${mark} HTTP/1.1\r\nHost: a\r\n${bearer}\r\nContent-Length: 1000\r\n\r\npassword=${mark}`,
    );
    await vi.waitFor(() => expect(upstream.last().body.toString()).toContain(mark));
    client.destroy();
    await vi.waitFor(() => expect(logged()).toBeGreaterThan(before), 10_000);
    expect(found(gateway.logText().slice(from))).toEqual([]);
  });
});

describe('the admin port', () => {
  test.each(['/metrics', '/routes', '/health/ready', `/nowhere?token=${mark}`, `/metrics?token=${mark}`])(
    '%s',
    async (path) => {
      const answer = await fetch(`${gateway.admin}${path}`, { headers: { authorization: `Bearer ${mark}` } });
      expect(found(`${[...answer.headers].join('\n')}\n${await answer.text()}`)).toEqual([]);
    },
  );

  test('control: the metrics include the requests', async () => {
    expect(await gateway.metrics()).toMatch(
      /^rolegate_refusals_total\{route="own",reason="credential_rejected"\} [1-9]/m,
    );
  });
});

test('the whole log, to its last line', async () => {
  await gateway.close();
  expect(gateway.logText()).toContain('"msg":"stopped"');
  expect(gateway.logText()).toContain('"path":"/own"');
  expect(logged()).toBeGreaterThan(rows.length);
  expect(found(gateway.logText())).toEqual([]);
});

test('control: finds the mark in every form', () => {
  for (const form of forms) expect([form, found(`{"a":"${form}"}`).includes(form)]).toEqual([form, true]);
  expect(upstream.requests.some(({ body }) => found(body.toString()).length > 0)).toBe(true);
});
