/**
 * Framing as advisories of 2025 and 2026 found it broken, in proxies and in the services behind them. Each row hides a
 * request where the reading of the advisory would find it.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, request } from './support/attack-suite.ts';

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const size = hidden.length;
const refused = [400, 501, 'closed'] as const;
const post = (headers: readonly string[], body: string) => request('POST /public/x', headers, body);
const oldPost = (headers: readonly string[], body: string) => post(headers, body).replace('HTTP/1.1', 'HTTP/1.0');
const chunked = (body: string) => post(['Transfer-Encoding: chunked'], body);
/** Whoever reads chunks finds the hidden request behind them, whoever reads the length in the body. */
const behindChunks = `0\r\n\r\n${hidden}`;
const both = (...headers: string[]) => [...headers, `Content-Length: ${behindChunks.length}`];

/** Data that are a whole chunked body with a request behind, and as many other bytes. */
const inner = `0\r\n\r\n${hidden}`;
const hex = inner.length.toString(16);
const pad = 'a'.repeat(inner.length);

/**
 * HTTP/1.0 knows no codings. Pingora took the length where the service took the chunks, and a body up to the end of
 * the connection where there was neither. Sources: Cloudflare on CVE-2026-2833, -2835 and -2836 (March 2026), and
 * zentinelproxy.io/blog/pingora-cve-response. Netty kept both framings of HTTP/1.0: CVE-2026-42581.
 */
const oldVersion: readonly (readonly [name: string, bytes: string])[] = [
  ['both framings: CVE-2026-2835, CVE-2026-42581', oldPost(both('Transfer-Encoding: chunked'), behindChunks)],
  ['both framings, kept alive', oldPost(both('Connection: keep-alive', 'Transfer-Encoding: chunked'), behindChunks)],
  ['a list of codings', oldPost(both('Transfer-Encoding: identity, chunked'), behindChunks)],
  ['two codings', oldPost(both('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), behindChunks)],
];

/**
 * The last coding is not `chunked`, which Netty looked for anywhere. Source: CVE-2026-89044 as told in
 * open-metadata/OpenMetadata pull request 33305.
 */
const notLast: readonly (readonly [name: string, bytes: string])[] = [
  ['chunked before another word: CVE-2026-89044', post(both('Transfer-Encoding: chunked, xchunked'), behindChunks)],
  ['chunked before a folded word', post(both('Transfer-Encoding: chunked,\r\n xchunked'), behindChunks)],
  ['chunked behind a word like it', post(both('Transfer-Encoding: xchunked, chunked'), behindChunks)],
  ['chunked, and then another header', post(both('Transfer-Encoding: chunked', 'Transfer-Encoding: x'), behindChunks)],
];

/**
 * The end of a line of a chunk. Kestrel and Netty took a lone LF within an extension for one, and Netty a CR LF within
 * quotation marks. Sources: CVE-2025-55315 and CVE-2025-58056 (w4ke.info, "Funky chunks"; github.com/netty/netty/issues/15522),
 * CVE-2026-33870 (GHSA-pwqr-wmgm-9rr8).
 */
const lines: readonly (readonly [name: string, body: string])[] = [
  ['a lone LF in an extension: CVE-2025-55315', `${hex};\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['a lone LF behind a name: CVE-2025-58056', `${hex};a\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['a lone LF behind a value', `${hex};a=b\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['a lone LF in quotation marks', `${hex};a="\n${pad.slice(1)}"\r\n${inner}\r\n0\r\n\r\n`],
  ['CR LF in quotation marks: CVE-2026-33870', `${hex};a="\r\n${pad.slice(1)}"\r\n${inner}\r\n0\r\n\r\n`],
  ['CR LF behind a backslash', `${hex};a="\\\r\n${pad.slice(1)}"\r\n${inner}\r\n0\r\n\r\n`],
  ['a lone LF behind the size', `${hex}\n${pad}\r\n${inner}\r\n0\r\n\r\n`],
  ['two other bytes behind the data', `5\r\nhelloXX0\r\n\r\n${hidden}`],
  ['a lone LF behind the data', `5\r\nhello\n0\r\n\r\n${hidden}`],
  ['a lone CR behind the data', `5\r\nhello\r0\r\n\r\n${hidden}`],
];

const rows: Attack[] = [
  ...oldVersion.map(([name, bytes]) => ({ name: `HTTP/1.0, ${name}`, bytes })),
  ...notLast.map(([name, bytes]) => ({ name, bytes })),
  // undici wrote both when they came spelled differently. Source: CVE-2026-1525 (GHSA-2mjp-6q6p-2qxm).
  {
    name: 'lengths in two cases: CVE-2026-1525',
    bytes: post(['Content-Length: 0', `content-length: ${size}`], hidden),
  },
  { name: 'lengths in two cases, turned', bytes: post([`CONTENT-LENGTH: ${size}`, 'Content-Length: 0'], hidden) },
].map((row) => ({ ...row, status: refused, harm: 'hidden request' as const }));

attackSuite('advisories of framing', [
  ...rows,
  ...lines.map(([name, body]) => ({
    name,
    bytes: chunked(body),
    ...{ status: [400, 'closed'] as const, harm: 'hidden request' as const },
    check: ({ upstream }: Parameters<NonNullable<Attack['check']>>[0]) =>
      expect(upstream.received().join('')).not.toContain('/smuggled'),
  })),
  // Kong left the length out where the client listed it. Source: CVE-2026-6338 (GHSA-mj44-8qq5-6386).
  ...['Content-Length', 'content-length, keep-alive', 'keep-alive, Content_Length'].map((list) => ({
    name: `Connection: ${list} does not take the length away: CVE-2026-6338`,
    bytes: post([`Connection: ${list}`, `Content-Length: ${size}`], hidden),
    status: [200, 400] as const,
    // Another spelling takes nothing away from a gateway that compares names as they are.
    ...(list.includes('_') ? {} : { harm: 'hidden request' as const }),
  })),
  // nghttpx sent a request with both on connections that it used again. Source: CVE-2026-58055.
  ...['websocket', 'h2c', 'anything'].map((protocol) => ({
    name: `an upgrade to ${protocol} with a body keeps its frame: CVE-2026-58055`,
    bytes: post(['Connection: Upgrade', `Upgrade: ${protocol}`, `Content-Length: ${size}`], hidden),
    ...{ status: [200, 400] as const },
    check: ({ upstream }: Parameters<NonNullable<Attack['check']>>[0]) =>
      expect(upstream.received().join('')).not.toMatch(/^upgrade:/im),
  })),
  // Without a length HTTP/1.0 has no body: what follows is decided on by itself. Source: CVE-2026-2836.
  {
    name: 'HTTP/1.0 without a length has no body up to the end: CVE-2026-2836',
    bytes: `POST /public/x HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n${request('GET /admin/x')}`,
    ...{ status: 200, afterwards: [401], reaches: '/public/x' },
  },
]);
