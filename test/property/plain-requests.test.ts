/** Whatever is read as a plain request, the strict parser of Node reads as the same request, and as no more than it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPlainRequest } from '../../src/entrypoints/shared/plain-request.ts';
import { patienceMs, runs } from './support.ts';

const unused = new Socket();
const seen: IncomingMessage[] = [];
const server = createServer(
  { httpValidation: 'strict', requireHostHeader: false, maxHeaderSize: 16_384 },
  (request, response) => {
    seen.push(request);
    // The end of the connection shows that nothing is left over.
    response.writeHead(204, { connection: 'close' }).end();
  },
);
server.maxHeadersCount = 0;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

/** What Node makes of the bytes: the requests, and whether it found fault with any. */
async function readByNode(bytes: Buffer): Promise<{ requests: readonly IncomingMessage[]; faulty: boolean }> {
  seen.length = 0;
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (part: Buffer) => {
    answer += part.toString('latin1');
  });
  socket.end(bytes);
  await once(socket, 'close');
  return { requests: [...seen], faulty: !answer.startsWith('HTTP/1.1 204') };
}

const odd = fc.constantFrom(
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '\x7f',
  '\x0b',
  '\xe9',
  '\x85',
  '#',
  '"',
  ',',
);
const name = fc.oneof(
  fc.constantFrom('Host', 'Accept', 'Connection', 'connection', 'Content-Length', 'Transfer-Encoding', 'Upgrade'),
  fc.constantFrom('Expect', 'Trailer', 'TE', 'Keep-Alive', 'Proxy-Connection', 'HTTP2-Settings', 'Content-Length '),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const value = fc.oneof(
  fc.constantFrom('a', 'keep-alive', 'close', 'chunked', '0', '5', 'websocket', '100-continue', ''),
  fc.array(fc.oneof(odd, fc.string({ maxLength: 6 })), { maxLength: 5 }).map((parts) => parts.join('')),
);
const oddLine = fc.tuple(name, fc.constantFrom(':', ': ', ' :', ':\t', ''), value).map((parts) => parts.join(''));
const printable = fc.string({ unit: fc.constantFrom(...' \t!"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\x80\xa0\xff') });
const goodLine = fc
  .tuple(fc.constantFrom('Host', 'X-A', "a!#$%&'*+.^_`|~9", 'TE', 'via'), printable)
  .map((parts) => parts.join(':'));
const line = fc.oneof({ weight: 5, arbitrary: goodLine }, { weight: 1, arbitrary: oddLine });
const start = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('GET / HTTP/1.1', 'HEAD /a?b=c HTTP/1.1', 'DELETE /%41/;x HTTP/1.1') },
  { weight: 1, arbitrary: fc.constantFrom('OPTIONS /{a}|^ HTTP/1.1', 'POST / HTTP/1.1', 'GET / HTTP/1.0', 'GET /') },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.oneof(odd, fc.string({ maxLength: 6 })), { maxLength: 5 })
      .map((parts) => `GET /${parts.join('')} HTTP/1.1`),
  },
);
const head = fc
  .tuple(start, fc.array(line, { maxLength: 5 }), fc.constantFrom('\r\n\r\n', '\r\n\r\n', '\r\n\r\n', '\r\n', '\n\n'))
  .map(([first, lines, end]) => [first, ...lines].join('\r\n') + end);

test('both readers agree on every plain request', { timeout: patienceMs }, async () => {
  let plain = 0;
  const property = async (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    const read = readPlainRequest(bytes, 16_384, unused);
    if (read === null) return;
    plain += 1;
    const { requests, faulty } = await readByNode(bytes);
    expect(faulty).toBe(false);
    expect(requests.map(({ method, url, rawHeaders }) => ({ method, url, rawHeaders }))).toEqual([
      { method: read.method, url: read.url, rawHeaders: read.rawHeaders },
    ]);
    const [{ httpVersion, complete }] = requests as [IncomingMessage];
    expect([httpVersion, complete]).toEqual(['1.1', true]);
  };
  await fc.assert(fc.asyncProperty(head, property), runs(4_000));
  // Of those that were made enough are plain for this to say something.
  expect(plain).toBeGreaterThan(100);
});

test('behind another request it is what it is alone, whatever that one was', () => {
  let shared = 0;
  // Small parts, so that heads are often the same.
  const block = fc.constantFrom('Host: a\r\n', 'Host: b\r\n', 'A:  b\r\nHost: a\r\n', 'Host: a\r\nVia: c\r\n', '', odd);
  const end = fc.oneof({ weight: 8, arbitrary: fc.constant('\r\n') }, fc.constantFrom('', '\n'));
  const text = fc.tuple(start, block, end).map((parts) => {
    const [line, lines, end] = parts;
    return `${line}\r\n${lines}${end}`;
  });
  const property = (first: string, second: string) => {
    const before = readPlainRequest(Buffer.from(first, 'latin1'), 16_384, unused)?.head ?? null;
    const alone = readPlainRequest(Buffer.from(second, 'latin1'), 16_384, unused);
    const behind = readPlainRequest(Buffer.from(second, 'latin1'), 16_384, unused, before);
    const plainly = (read: typeof alone) => read && [read.method, read.url, read.rawHeaders, read.head.block];
    expect(plainly(behind)).toEqual(plainly(alone));
    if (behind !== null && behind.head === before) shared += 1;
  };
  fc.assert(fc.property(text, text, property), runs(20_000));
  expect(shared).toBeGreaterThan(500);
});
