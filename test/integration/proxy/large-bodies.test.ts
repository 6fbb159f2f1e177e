/**
 * Large bodies checked word by word, with a reader that pauses: memory is reused after parts are written, and memory
 * reused too early would contain other words.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startProxy } from '../../support/running-proxy.ts';

const words = 4 * 1024 * 1024;
const partWords = 64 * 1024;
const running: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

/** Every word is its own position. */
function* body(): Generator<Buffer> {
  for (let from = 0; from < words; from += partWords) {
    yield Buffer.from(Uint32Array.from({ length: partWords }, (_, index) => from + index).buffer);
  }
}

/** The position of the first wrong word, or the number of words. Pauses after every megabyte. */
async function check(stream: IncomingMessage): Promise<number> {
  let [position, rest, since] = [0, Buffer.alloc(0), 0];
  for await (const part of stream as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, part]);
    const whole = bytes.length - (bytes.length % 4);
    for (let at = 0; at < whole; at += 4, position += 1) if (bytes.readUInt32LE(at) !== position) return position;
    rest = bytes.subarray(whole);
    since += part.length;
    if (since > 1024 * 1024) {
      since = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return position;
}

async function proxyTo(serve: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(serve!).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({ close: () => server.closeAllConnections() }, { close: () => server.close() });
  const proxy = await startProxy({ targets: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] });
  running.push(proxy);
  return proxy.port;
}

const framings = [
  ['content-length', { 'content-length': String(4 * words) }],
  ['chunked', {}],
] as const;

describe('16 MiB', () => {
  it.each(framings)('upload with %s: every word is right', async (_name, headers) => {
    const seen = Promise.withResolvers<number>();
    const port = await proxyTo((request, response) => {
      check(request).then((found) => {
        seen.resolve(found);
        response.end();
      }, seen.reject);
    });
    const upload = send({ host: '127.0.0.1', port, method: 'PUT', path: '/a', headers });
    const answered = once(upload, 'response');
    await pipeline(Readable.from(body()), upload);
    expect(await seen.promise).toBe(words);
    const [answer] = (await answered) as [IncomingMessage];
    expect(answer.resume().statusCode).toBe(200);
  });

  it.each(framings)('download with %s: every word is right', async (_name, headers) => {
    const port = await proxyTo((_request, response) => {
      response.writeHead(200, headers);
      void pipeline(Readable.from(body()), response);
    });
    const download = send({ host: '127.0.0.1', port, path: '/a' }).end();
    const [answer] = (await once(download, 'response')) as [IncomingMessage];
    expect(await check(answer)).toBe(words);
  });
});
