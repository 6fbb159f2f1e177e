/**
 * Random responses of a hostile service, combined from the oddities of the tables and cut anywhere. A valid one reaches the client as it
 * is; otherwise the client gets a refusal, or a connection that visibly breaks. The next client gets nothing of it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patienceMs, runs } from '../property/support.ts';
import { validResponse } from '../property/valid-response.ts';
import { type MisbehavingServer, startMisbehavingServer } from '../support/misbehaving-server.ts';
import { openRaw } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';

let service: MisbehavingServer;
let gateway: RunningGateway;
beforeAll(async () => {
  service = await startMisbehavingServer({ kind: 'never-answers' });
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:1" }
upstreams: { service: { targets: ["${service.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: public, timeout: 1s }
`);
});
afterAll(async () => {
  await gateway.close();
  await service.close();
});

const second = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nINJECTED';
const statusLines = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No',
  'HTTP/1.1 304 No',
  'HTTP/1.1 500 Oops',
  'HTTP/1.1 100 Go',
  'HTTP/1.1 103 Hints',
  'HTTP/1.1 101 Up',
  'HTTP/1.1 20',
  'HTTP/2 200',
  'HTTP/1.1  200 OK',
  'http/1.1 200 OK',
  '',
];
const fields = [
  'Content-Length: 2',
  'Content-Length: 2',
  'Content-Length: 0',
  'Content-Length: 9',
  'Content-Length: +2',
  'Content-Length: 2, 2',
  'Content-Length : 2',
  'Content_Length: 9',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, chunked',
  'transfer-encoding: Chunked',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: content-length',
  'Keep-Alive: timeout=1',
  'X-A: b',
  'X-A: b\x00',
  'X-A: b\rX-B: c',
  ' folded',
  'x-error: \xff',
  'X-Error-Id: 1',
  'no colon',
  ': none',
  'Trailer: x',
  'Upgrade: h2c',
  'Set-Cookie: a=b',
];
const ends = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n'];
const bodies = [
  'hi',
  'hi',
  '',
  `hi${second}`,
  second,
  '2\r\nhi\r\n0\r\n\r\n',
  `2\r\nhi\r\n0\r\n\r\n${second}`,
  `0\r\n\r\n${second}`,
  '2\r\nhi\r\n',
  '2\nhi\n0\n\n',
  '-2\r\nhi\r\n0\r\n\r\n',
  '2;x\r\nhi\r\n0\r\nX-Error: a\r\n\r\n',
  'ffffffffffffffffff\r\nhi',
  '2\r\nhello\r\n0\r\n\r\n',
];

const field = fc.tuple(fc.constantFrom(...fields), fc.constantFrom(...ends));
const afterwards = fc.constantFrom('end' as const, 'reset' as const);
/** Most of these are refused at once. */
const wild = fc
  .tuple(
    fc.constantFrom(...statusLines),
    fc.array(field, { maxLength: 4 }),
    fc.constantFrom(...ends),
    fc.constantFrom(...bodies),
  )
  .map(([status, headers, end, body]) => `${status}\r\n${headers.flat().join('')}${end}${body}`);
/** Valid except for one field at most, and for what follows. */
const nearlyGood = fc
  .tuple(
    fc.constantFrom(...statusLines.slice(0, 6)),
    fc.array(field, { maxLength: 1 }),
    fc.constantFrom('Content-Length: 2\r\n\r\nhi', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'),
    fc.constantFrom('', '', second, '\r\n', 'h'),
  )
  .map(([status, headers, rest, behind]) => `${status}\r\n${headers.flat().join('')}${rest}${behind}`);
/** Valid, after any number of interim responses. */
const good = fc
  .tuple(
    fc.array(fc.constantFrom('100 Go', '102 Working', '103 Hints\r\nLink: </a>'), { maxLength: 3 }),
    fc.constantFrom(...statusLines.slice(0, 2), ...statusLines.slice(3, 6)),
    fc.constantFrom('', 'X-A: b\r\n', 'Keep-Alive: timeout=1\r\n', 'Set-Cookie: a=b\r\nConnection: close\r\n'),
    fc.constantFrom(
      '\r\nhi',
      'Content-Length: 2\r\n\r\nhi',
      'Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX-T: a\r\n\r\n',
    ),
  )
  .map(([early, ...final]) => {
    const [status, ...rest] = final;
    return `${early.map((one) => `HTTP/1.1 ${one}\r\n\r\n`).join('')}${status}\r\n${rest.join('')}`;
  });
const answers = fc.record({
  bytes: fc.oneof(wild, nearlyGood, good),
  cut: fc.nat(999),
  afterwards,
});

test('a random response is forwarded completely, or visibly not', { timeout: 2 * patienceMs }, async () => {
  const counted = { valid: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(answers, fc.constantFrom('GET', 'HEAD'), async ({ bytes, cut, afterwards: how }, method) => {
      const cutAt = cut % (bytes.length + 1);
      service.behave({ kind: 'writes', bytes: Buffer.from(bytes, 'latin1'), cutAt, afterwards: how });
      const client = await openRaw(gateway.port);
      client.write(`${method} /x HTTP/1.1\r\nHost: a.test\r\n\r\n`);
      const answer = await client.answer(method).catch((error: Error) => {
        // Whatever arrived was HTTP, even if it was truncated.
        expect(error.message).toMatch(/^Closed/);
        return null;
      });
      const valid = validResponse(bytes, method);
      // A reset may overtake the bytes before it.
      if (valid !== null && how === 'end') {
        expect(answer).not.toBeNull();
        expect([answer?.status, answer?.text(), answer?.complete]).toEqual([valid.status, valid.body, true]);
        counted.valid += 1;
      } else if (valid === null && answer?.complete === true) {
        expect(answer.status).toBe(502);
        counted.refused += 1;
      }
      if (answer !== null && answer.status >= 400) {
        expect(answer.header('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
        expect(answer.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
      }
      // The whole connection contains one response: nothing is left after it.
      if (answer?.complete === true) expect(client.unread().toString('latin1')).toBe('');
      client.destroy();
      service.behave({ kind: 'writes', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine' });
      const other = await openRaw(gateway.port);
      other.write('GET /y HTTP/1.1\r\nHost: a.test\r\n\r\n');
      expect((await other.answer()).text()).toBe('mine');
      other.destroy();
    }),
    runs(400),
  );
  expect(counted.valid).toBeGreaterThan(60);
  expect(counted.refused).toBeGreaterThan(100);
});
