/** Plain connections: the same answers as through `node:http`, and the way over to it at the first thing that is not plain. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openRaw, type RawAnswer, sendRaw } from '../../support/raw-client.ts';
import {
  type RecordingUpstream,
  startRecordingUpstream,
  type UpstreamAnswer,
} from '../../support/recording-upstream.ts';
import { type ProxySetup, type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

const get = (path = '/a', ...lines: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: api.test', ...lines].join('\r\n')}\r\n\r\n`;
/** Goes nowhere, and no plain request has it. */
const odd = 'Trailer: x';

async function start(
  options: Parameters<typeof startRecordingUpstream>[0] = {},
  setup: Partial<ProxySetup> = {},
): Promise<RunningProxy & { readonly upstream: RecordingUpstream }> {
  const upstream = await startRecordingUpstream(options);
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { ...proxy, upstream };
}

/** Without what differs from one answer to the next, and in any case and order. */
function headersOf(answer: RawAnswer): string[] {
  const lines: string[] = [];
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const name = answer.rawHeaders[i]!.toLowerCase();
    lines.push(name === 'date' || name === 'x-error-id' ? name : `${name}: ${answer.rawHeaders[i + 1]}`);
  }
  return lines.sort();
}

describe('the same answer on both ways', () => {
  it.each<[string, string, UpstreamAnswer, Partial<ProxySetup>]>([
    ['a body with its length', 'GET', { body: 'hello' }, {}],
    ['an empty body', 'GET', { rawHeaders: ['content-length', '0'] }, {}],
    ['a large body', 'GET', { body: 'x'.repeat(300_000) }, {}],
    ['a body in chunks', 'GET', { rawHeaders: ['transfer-encoding', 'chunked'], body: 'hello' }, {}],
    ['a large body in chunks', 'GET', { rawHeaders: ['transfer-encoding', 'chunked'], body: 'x'.repeat(300_000) }, {}],
    ['no content', 'GET', { status: 204 }, {}],
    ['not modified', 'GET', { status: 304, rawHeaders: ['etag', '"a"'] }, {}],
    ['an error of the service', 'GET', { status: 500, body: 'no' }, {}],
    ['HEAD', 'HEAD', { rawHeaders: ['content-length', '5'] }, {}],
    ['a refusal', 'GET', {}, { access: ['user'] }],
    ['a refusal of HEAD', 'HEAD', {}, { access: ['user'] }],
    ['a target that is too long', 'GET', {}, { limits: { targetBytes: 1 } }],
    ['too many headers', 'GET', {}, { limits: { headers: 1 } }],
    ['the last request of a connection', 'GET', { body: 'hello' }, { limits: { requestsPerConnection: 1 } }],
  ])('%s', async (_name, method, answer, setup) => {
    const { port, records } = await start({ answer: () => answer }, setup);
    const text = get('/a', 'X-A: b').replace('GET', method);
    const answers = [
      await sendRaw(port, text, method),
      await sendRaw(port, text.replace('X-A: b', odd), method),
    ] as const;
    expect(answers[0].complete).toBe(true);
    expect(headersOf(answers[0])).toEqual(headersOf(answers[1]));
    const withoutId = ({ body }: RawAnswer) => body.toString('latin1').replace(/"errorId":"[^"]*"/, '');
    expect(withoutId(answers[0])).toBe(withoutId(answers[1]));
    await vi.waitFor(() => expect(records).toHaveLength(2));
    const said = records.map(({ status, reason, aborted, cut, bytesOut }) => ({
      status,
      reason,
      aborted,
      cut,
      bytesOut,
    }));
    expect(said[0]).toEqual(said[1]);
  });
});

describe('a connection', () => {
  it('goes over to node:http with what is not plain, and every request is answered', async () => {
    const { port, upstream } = await start({ answer: (request) => ({ body: request.body }) });
    const client = await openRaw(port);
    for (let i = 0; i < 3; i += 1) {
      client.write(get());
      expect((await client.answer()).status).toBe(200);
    }
    client.write('POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    client.write('0\r\n\r\n');
    expect((await client.answer()).text()).toBe('abc');
    client.write(get('/c') + get('/d'));
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).status).toBe(200);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/a', '/a', '/a', '/b', '/c', '/d']);
    client.destroy();
  });

  it('answers in order what came before its turn', async () => {
    const waiting: (() => void)[] = [];
    const { port } = await start({
      answer: (request) => new Promise((resolve) => waiting.push(() => resolve({ body: request.target }))),
    });
    const client = await openRaw(port);
    client.write(get('/first'));
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.write(get('/second', odd));
    client.write(get('/third'));
    waiting[0]!();
    expect((await client.answer()).text()).toBe('/first');
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(1));
    waiting[1]!();
    expect((await client.answer()).text()).toBe('/second');
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(2));
    waiting[2]!();
    expect((await client.answer()).text()).toBe('/third');
    client.destroy();
  });

  it('answers what came before its turn of a client that has ended its side', async () => {
    const released = Promise.withResolvers<void>();
    const { port, upstream } = await start({
      answer: async ({ target }) => {
        if (target === '/1') await released.promise;
        return { body: target };
      },
    });
    const client = await openRaw(port);
    client.write(get('/1'));
    await vi.waitFor(() => expect(upstream.requests.length).toBe(1), { interval: 1 });
    // Both at once, so that neither is alone in its bytes.
    client.socket.end(get('/2') + get('/3'), 'latin1', () => released.resolve());
    const texts = [await client.answer(), await client.answer(), await client.answer()].map((answer) => answer.text());
    expect(texts).toEqual(['/1', '/2', '/3']);
    expect(await client.closed()).toBe('end');
  });

  it('refuses what is no HTTP behind an answer that is under way, and only then', async () => {
    const waiting: (() => void)[] = [];
    const { port, upstream } = await start({
      answer: () => new Promise((resolve) => waiting.push(() => resolve({ body: 'fine' }))),
    });
    const client = await openRaw(port);
    client.write(get());
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.write('no HTTP\r\n\r\n');
    waiting[0]!();
    expect((await client.answer()).text()).toBe('fine');
    expect(await client.answer()).toMatchObject({ status: 400 });
    await client.closed();
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['a plain request', get('/second'), 2],
    ['anything else', get('/second', odd), 2],
  ])('whose client has ended its side still answers %s that was there before', async (_name, behind, served) => {
    const waiting: (() => void)[] = [];
    const { port, upstream } = await start({
      answer: (request) => new Promise((resolve) => waiting.push(() => resolve({ body: request.target }))),
    });
    const client = await openRaw(port);
    client.write(get('/first'));
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.socket.end(behind);
    waiting[0]!();
    expect((await client.answer()).text()).toBe('/first');
    if (served === 2) {
      await vi.waitFor(() => expect(waiting).toHaveLength(2));
      waiting[1]!();
      expect((await client.answer()).text()).toBe('/second');
    }
    expect(await client.closed()).toBe('end');
    expect(upstream.requests).toHaveLength(served);
  });

  it('takes in little of what comes before its turn', async () => {
    const { port, proxy } = await start({ answer: () => new Promise(() => {}) });
    const client = await openRaw(port);
    client.write(get());
    await vi.waitFor(() => expect(proxy.inFlight).toBe(1));
    const flood = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 64; i += 1) client.socket.write(flood);
    await vi.waitFor(() => expect(client.socket.writableLength).toBeGreaterThan(32_000_000));
    client.destroy();
  });

  it('ends when it is idle for too long', async () => {
    const { port } = await start({}, { limits: { keepAliveTimeoutMs: 50 } });
    const client = await openRaw(port);
    client.write(get());
    expect((await client.answer()).header('keep-alive')).toBeUndefined();
    expect(await client.closed()).toBe('end');
  });

  it('leaves nothing behind', async () => {
    const { port, proxy, wheel } = await start();
    const client = await openRaw(port);
    client.write(get());
    await client.answer();
    expect([proxy.connections(), proxy.inFlight]).toEqual([1, 0]);
    client.destroy();
    await vi.waitFor(() => expect([proxy.connections(), wheel.size]).toEqual([0, 0]));
  });
});
