/**
 * Framing faults from advisories of 2025 and 2026, in proxies and in services. Each row hides a request where the
 * parser of the advisory would find it.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, request } from './support/attack-suite.ts';

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const size = hidden.length;
const refused = [400, 501, 'closed'] as const;
const post = (headers: readonly string[], body: string) => request('POST /public/x', headers, body);
const oldPost = (headers: readonly string[], body: string) => post(headers, body).replace('HTTP/1.1', 'HTTP/1.0');
const chunked = (body: string) => post(['Transfer-Encoding: chunked'], body);
/** A parser of chunks finds the hidden request after them; a parser of the length, in the body. */
const behindChunks = `0\r\n\r\n${hidden}`;
const both = (...headers: string[]) => [...headers, `Content-Length: ${behindChunks.length}`];

/** Data that form a complete chunked body followed by a request, and as many other bytes. */
const inner = `0\r\n\r\n${hidden}`;
const hex = inner.length.toString(16);
const pad = 'a'.repeat(inner.length);

/**
 * HTTP/1.0 has no codings. Pingora used the length where the service used the chunks, and read a body up to the end of
 * the connection where neither was present. Sources: Cloudflare on CVE-2026-2833, -2835 and -2836 (March 2026), and
 * zentinelproxy.io/blog/pingora-cve-response. Netty kept both framings of HTTP/1.0: CVE-2026-42581.
 */
const oldVersion: readonly (readonly [name: string, bytes: string])[] = [
  ['both framings: CVE-2026-2835, CVE-2026-42581', oldPost(both('Transfer-Encoding: chunked'), behindChunks)],
  ['both framings, kept alive', oldPost(both('Connection: keep-alive', 'Transfer-Encoding: chunked'), behindChunks)],
  ['a list of codings', oldPost(both('Transfer-Encoding: identity, chunked'), behindChunks)],
  ['two codings', oldPost(both('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), behindChunks)],
];

/**
 * The last coding is not `chunked`, for which Netty searched anywhere. Source: CVE-2026-89044 as described in
 * open-metadata/OpenMetadata pull request 33305.
 */
const notLast: readonly (readonly [name: string, bytes: string])[] = [
  ['chunked before another word: CVE-2026-89044', post(both('Transfer-Encoding: chunked, xchunked'), behindChunks)],
  ['chunked before a folded word', post(both('Transfer-Encoding: chunked,\r\n xchunked'), behindChunks)],
  ['chunked after a similar word', post(both('Transfer-Encoding: xchunked, chunked'), behindChunks)],
  ['chunked, and then another header', post(both('Transfer-Encoding: chunked', 'Transfer-Encoding: x'), behindChunks)],
];

/**
 * The end of a chunk line. Kestrel and Netty accepted a bare LF within an extension, and Netty a CR LF within quotation
 * marks. Sources: CVE-2025-55315 and CVE-2025-58056 (w4ke.info, "Funky chunks"; github.com/netty/netty/issues/15522),
 * CVE-2026-33870 (GHSA-pwqr-wmgm-9rr8).
 */
const lines: readonly (readonly [name: string, body: string])[] = [
  ['a bare LF in an extension: CVE-2025-55315', `${hex};\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['a bare LF after a name: CVE-2025-58056', `${hex};a\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['a bare LF after a value', `${hex};a=b\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['a bare LF in quotation marks', `${hex};a="\n${pad.slice(1)}"\r\n${inner}\r\n0\r\n\r\n`],
  ['CR LF in quotation marks: CVE-2026-33870', `${hex};a="\r\n${pad.slice(1)}"\r\n${inner}\r\n0\r\n\r\n`],
  ['CR LF after a backslash', `${hex};a="\\\r\n${pad.slice(1)}"\r\n${inner}\r\n0\r\n\r\n`],
  ['a bare LF after the size', `${hex}\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['two other bytes after the data', `5\r\nhelloXX0\r\n\r\n${hidden}`],
  ['a bare LF after the data', `5\r\nhello\n0\r\n\r\n${hidden}`],
  ['a bare CR after the data', `5\r\nhello\r0\r\n\r\n${hidden}`],
];

const rows: Attack[] = [
  ...oldVersion.map(([name, bytes]) => ({ name: `HTTP/1.0, ${name}`, bytes })),
  ...notLast.map(([name, bytes]) => ({ name, bytes })),
  // undici sent both when their names differed in case. Source: CVE-2026-1525 (GHSA-2mjp-6q6p-2qxm).
  {
    name: 'lengths in two cases: CVE-2026-1525',
    bytes: post(['Content-Length: 0', `content-length: ${size}`], hidden),
  },
  {
    name: 'lengths in two cases, in the other order',
    bytes: post([`CONTENT-LENGTH: ${size}`, 'Content-Length: 0'], hidden),
  },
].map((row) => ({ ...row, status: refused, harm: 'hidden request' as const }));

attackSuite('framing advisories', [
  ...rows,
  ...lines.map(([name, body]) => ({
    name,
    bytes: chunked(body),
    ...{ status: [400, 'closed'] as const, harm: 'hidden request' as const },
    check: ({ upstream }: Parameters<NonNullable<Attack['check']>>[0]) =>
      expect(upstream.received().join('')).not.toContain('/smuggled'),
  })),
  // Kong dropped the length if the client listed it. Source: CVE-2026-6338 (GHSA-mj44-8qq5-6386).
  ...['Content-Length', 'content-length, keep-alive', 'keep-alive, Content_Length'].map((list) => ({
    name: `Connection: ${list} does not take the length away: CVE-2026-6338`,
    bytes: post([`Connection: ${list}`, `Content-Length: ${size}`], hidden),
    status: [200, 400] as const,
    // Another spelling removes nothing at a gateway that compares names literally.
    ...(list.includes('_') ? {} : { harm: 'hidden request' as const }),
  })),
  // nghttpx sent a request with both on reused connections. Source: CVE-2026-58055.
  ...['websocket', 'h2c', 'anything'].map((protocol) => ({
    name: `an upgrade to ${protocol} with a body keeps its framing: CVE-2026-58055`,
    bytes: post(['Connection: Upgrade', `Upgrade: ${protocol}`, `Content-Length: ${size}`], hidden),
    ...{ status: [200, 400] as const },
    check: ({ upstream }: Parameters<NonNullable<Attack['check']>>[0]) =>
      expect(upstream.received().join('')).not.toMatch(/^upgrade:/im),
  })),
  // Without a length, HTTP/1.0 has no body: the following bytes are decided separately. Source: CVE-2026-2836.
  {
    name: 'HTTP/1.0 without a length has no body up to the end: CVE-2026-2836',
    bytes: `POST /public/x HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n${request('GET /admin/x')}`,
    ...{ status: 200, afterwards: [401], reaches: '/public/x' },
  },
]);
