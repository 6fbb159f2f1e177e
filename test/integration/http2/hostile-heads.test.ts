/** Heads that an HTTP library would not send: what they mean is never repaired, and none reaches a service in two readings. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { block, flags, frame, frameTypes, get, openFrames } from '../../support/http2-frames.ts';
import type { RunningGateway } from '../../support/running-gateway.ts';
import { startTlsWorld, type TlsWorld } from '../tls/serving-tls.ts';

let world: TlsWorld;
let gateway: RunningGateway;
beforeAll(async () => {
  world = await startTlsWorld();
  gateway = await world.start({ listener: ', http2: true' });
});
afterAll(() => world.close());

const ends = flags.endStream | flags.endHeaders;
const usual = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a.test'],
  [':path', '/x'],
] as const;
const without = (name: string) => usual.filter(([one]) => one !== name);

async function send(head: Buffer, flag = ends, more: readonly Buffer[] = []): Promise<string> {
  const client = await openFrames(gateway.port, world.authority.cert);
  try {
    client.write(frame(frameTypes.headers, flag, 1, head), ...more);
    return await client.outcome(1);
  } finally {
    await client.end();
  }
}

/** What becomes of each; `reset 1` is PROTOCOL_ERROR. */
const rows: readonly (readonly [name: string, outcome: string, head: Buffer])[] = [
  ['control', 'status 200', get('/x')],
  ['upper', 'reset 1', get('/x', [['X-A', 'c']])],
  ['LF in path', 'reset 1', block([...without(':path'), [':path', '/x\nHost: evil']])],
  ['blank in path', 'reset 1', block([...without(':path'), [':path', '/x HTTP/1.1']])],
  ['CRLF in path', 'reset 1', block([...without(':path'), [':path', '/x HTTP/1.1\r\nuser-id: root']])],
  ['empty path', 'reset 1', block([...without(':path'), [':path', '']])],
  ['abs path', 'reset 1', block([...without(':path'), [':path', 'https://a.test/x']])],
  ['star path GET', 'reset 1', block([...without(':path'), [':path', '*']])],
  ['no slash', 'reset 1', block([...without(':path'), [':path', 'x']])],
  ['LF in authority', 'reset 1', block([...without(':authority'), [':authority', 'a.test\nx: y']])],
  ['userinfo', 'reset 1', block([...without(':authority'), [':authority', 'u@a.test']])],
  ['LF in method', 'reset 1', block([...without(':method'), [':method', 'GET\n']])],
  ['blank in method', 'reset 1', block([...without(':method'), [':method', 'GET /a HTTP/1.1']])],
  ['LF in scheme', 'reset 1', block([...without(':scheme'), [':scheme', 'ht\ntp']])],
  ['other scheme', 'status 400', block([...without(':scheme'), [':scheme', 'ftp']])],
  ['no method', 'reset 1', block(without(':method'))],
  ['no scheme', 'reset 1', block(without(':scheme'))],
  ['no path', 'reset 1', block(without(':path'))],
  ['no authority', 'reset 1', block(without(':authority'))],
  ['host only', 'status 200', block([...without(':authority'), ['host', 'a.test']])],
  ['host equal', 'status 200', get('/x', [['host', 'A.test']])],
  ['host differs', 'status 400', get('/x', [['host', 'b.test']])],
  [
    'host twice',
    'reset 1',
    get('/x', [
      ['host', 'a.test'],
      ['host', 'a.test'],
    ]),
  ],
  ['two paths', 'reset 1', block([...usual, [':path', '/y']])],
  ['two methods', 'reset 1', block([...usual, [':method', 'POST']])],
  ['two authorities', 'reset 1', block([...usual, [':authority', 'b.test']])],
  ['pseudo late', 'reset 1', block([...without(':path'), ['x-a', 'b'], [':path', '/x']])],
  ['unknown pseudo', 'reset 1', block([...usual, [':status', '200']])],
  ['unknown pseudo 2', 'reset 1', block([...usual, [':protocol', 'websocket']])],
  ['connection', 'reset 1', get('/x', [['connection', 'x-a']])],
  ['keep-alive', 'reset 1', get('/x', [['keep-alive', 'timeout=5']])],
  ['proxy-connection', 'reset 1', get('/x', [['proxy-connection', 'close']])],
  ['transfer-encoding', 'reset 1', get('/x', [['transfer-encoding', 'chunked']])],
  ['transfer_encoding', 'status 200', get('/x', [['transfer_encoding', 'chunked']])],
  ['upgrade', 'reset 1', get('/x', [['upgrade', 'websocket']])],
  ['te gzip', 'reset 1', get('/x', [['te', 'gzip']])],
  ['te trailers', 'status 200', get('/x', [['te', 'trailers']])],
  ['cl 5 end', 'reset 1', get('/x', [['content-length', '5']])],
  ['cl +5', 'reset 1', get('/x', [['content-length', '+0']])],
  ['cl 0', 'status 200', get('/x', [['content-length', '0']])],
  ['CONNECT full', 'reset 1', block([...without(':method'), [':method', 'CONNECT']])],
  ['long method', 'status 400', block([...without(':method'), [':method', 'A'.repeat(33)]])],
  ['high byte path', 'status 400', block([...without(':path'), [':path', '/\xe9']])],
  ['fragment', 'status 400', block([...without(':path'), [':path', '/x#y']])],
];

/** Fields that `node:http2` drops by themselves: the request is served as if it did not have them. */
const dropped: readonly (readonly [name: string, head: Buffer])[] = [
  ['NUL in value', get('/x', [['x-a', 'b\0c']])],
  ['CR LF in value', get('/x', [['x-a', 'b\r\nuser-id: root']])],
  ['LF in value', get('/x', [['x-a', 'b\nuser-id: root']])],
  ['CR in value', get('/x', [['x-a', 'b\ruser-id: root']])],
  ['VT in value', get('/x', [['x-a', 'b\x0bc']])],
  ['LF in name', get('/x', [['x-a\nuser-id', 'b']])],
  ['colon in name', get('/x', [['x-a:b', 'c']])],
  ['blank in name', get('/x', [['x-a ', 'c']])],
  ['empty name', get('/x', [['', 'c']])],
  ['leading blank in value', get('/x', [['x-a', ' c']])],
  ['auth w NUL', get('/x', [['authorization', 'Bearer a\0']])],
];

describe('heads', () => {
  test.each(rows)('%s: %s', async (_name, outcome, head) => {
    const before = world.upstream.requests.length;
    expect(await send(head)).toBe(outcome);
    const reached = world.upstream.requests.slice(before);
    expect(reached).toHaveLength(outcome === 'status 200' ? 1 : 0);
    for (const { rawHeaders } of reached) {
      const names = rawHeaders
        .filter((_, index) => index % 2 === 0)
        .map((name) => name.toLowerCase().replaceAll('_', '-'));
      expect(names.filter((name) => name === 'host')).toHaveLength(1);
      expect(names).not.toContain('te');
      expect(names).not.toContain('transfer-encoding');
    }
  });

  test.each(dropped)('a field with %s never reaches a service, whole or in part', async (_name, head) => {
    expect(await send(head)).toBe('status 200');
    const text = world.upstream.requests.at(-1)!.rawHeaders.join('|');
    expect(text).not.toMatch(/x-a|user-id|root|authorization|\|\|/i);
  });

  test('a request without any host is refused', async () => {
    expect(await send(block(without(':authority')))).toBe('reset 1');
  });
});
