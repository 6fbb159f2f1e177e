/** The golden cases over HTTP/2: each that it can carry is decided, refused and forwarded as over HTTP/1.1. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';
import { expectGolden } from '../../support/expect-golden.ts';
import { type GoldenCase, type GoldenFile, linesOf, readGoldenFiles, viewOf } from '../../support/golden-cases.ts';
import { type GoldenWorld, startGoldenWorld } from '../../support/golden-worlds.ts';
import { type Http2Client, openHttp2 } from '../../support/http2-client.ts';

const authority = createAuthority();
const pair = authority.issue({ hosts: ['localhost'], addresses: ['127.0.0.1'] });
const files = { 'a.pem': pair.cert, 'a-key.pem': pair.key };
const listen = [{ address: '127.0.0.1:0', tls: { certificates: [{ cert: 'a.pem', key: 'a-key.pem' }] }, http2: true }];

/** Fields that HTTP/2 does not have (RFC 9113 section 8.2.2). */
const ofConnection = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|http2-settings)$/i;

/** The fields of the case, or why HTTP/2 cannot carry it. */
function fieldsOf(golden: GoldenFile, row: GoldenCase): string[] | string {
  const { method, target, rawHeaders, httpVersion } = viewOf(linesOf(golden, row));
  if (httpVersion === '1.0') return 'HTTP/1.0';
  if (!/^[/*]/.test(target)) return 'not the form of a path';
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.some((name) => ofConnection.test(name))) return 'a field of one connection';
  const at = names.findIndex((name) => /^host$/i.test(name));
  if (at < 0) return 'no host, in place of which the client sends its own';
  if (names.filter((name) => /^host$/i.test(name)).length > 1) return 'a repeated host';
  const fields = rawHeaders.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
  const [, authority = ''] = fields.splice(at * 2, 2);
  return [':method', method, ':scheme', 'https', ':authority', authority, ':path', target, ...fields];
}

const refusedAsFrames = /^(?:host_invalid|header_invalid|target_invalid|request_malformed)$/;

/** Cases in which what the gateway says of itself depends on TLS. */
const ofScheme: ReadonlySet<string> = new Set([
  'drops an element that the client sent',
  'uses the peer address without forwarding headers',
  'replaces an invalid protocol and host',
  'replaces the X-Forwarded headers and X-Real-IP',
  'ignores X-Forwarded-Host in the return address',
  'keeps the port in the return address',
]);

function overTls(row: GoldenCase): GoldenCase {
  if (!ofScheme.has(row.name)) return row;
  const expected = JSON.stringify(row.expect)
    .replace('"x-forwarded-proto":"http"', '"x-forwarded-proto":"https"')
    .replace('proto=http;', 'proto=https;')
    .replace('return_to=http%3A', 'return_to=https%3A');
  return { ...row, expect: JSON.parse(expected) };
}

const goldenFiles = readGoldenFiles();
const carryable = goldenFiles.filter((golden) => golden.cases.some((row) => Array.isArray(fieldsOf(golden, row))));

test('cases that HTTP/2 cannot carry', () => {
  const others = goldenFiles.flatMap((golden) =>
    golden.cases.map((row) => fieldsOf(golden, row)).filter((why) => typeof why === 'string'),
  );
  const counts: Record<string, number> = {};
  for (const why of others) counts[why] = (counts[why] ?? 0) + 1;
  expect(counts).toEqual({
    'HTTP/1.0': 3,
    'a field of one connection': 17,
    'a repeated host': 2,
    'no host, in place of which the client sends its own': 1,
    'not the form of a path': 18,
  });
});

describe.each(carryable.map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  let world: GoldenWorld;
  let client: Http2Client;
  beforeAll(async () => {
    const { server } = golden.config as { server?: object };
    world = await startGoldenWorld(golden, { server: { ...server, listen } }, files);
    client = await openHttp2(world.port, authority.cert);
  });
  afterAll(async () => {
    client?.close();
    await world?.close();
  });

  const carried = golden.cases.filter((row) => Array.isArray(fieldsOf(golden, row)));
  test.each(carried.map((row) => [row.name, overTls(row)] as const))('%s', async (_name, row) => {
    const { authApi, upstream } = world;
    await world.prepare(row);
    const before = authApi.calls.session + authApi.calls.keypair;
    const answer = await client.ask(fieldsOf(golden, row) as string[]).catch((error: Error) => error);
    if (answer instanceof Error) {
      // Invalid before it is a request: the frames are refused.
      expect(answer.message).toContain('NGHTTP2_PROTOCOL_ERROR');
      expect([row.expect.reason, row.expect.proxyReason]).toContainEqual(expect.stringMatching(refusedAsFrames));
      expect(upstream.requests).toHaveLength(0);
      return;
    }
    expectGolden(row, answer, upstream);
    if (row.expect.asked !== undefined)
      expect(authApi.calls.session + authApi.calls.keypair - before).toBe(row.expect.asked ? 1 : 0);
  });
});
