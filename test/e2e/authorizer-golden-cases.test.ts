/**
 * The golden cases through real proxies that call the authorizer, each with its printed configuration unchanged:
 * status, identity headers, `x-error` and body equal the gateway's own, except for what the proxy itself refuses, drops
 * or parses differently.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { hopByHop } from '../../src/core/syntax/header-names.ts';
import { canonicalPath } from '../../src/core/url/canonical-path.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import {
  type GoldenCase,
  type GoldenFile,
  linesOf,
  readGoldenFiles,
  userIdOf,
  viewOf,
} from '../support/golden-cases.ts';
import { expectRefusal, type GoldenWorld, startGoldenWorld } from '../support/golden-worlds.ts';
import { type RawAnswer, sendRaw } from '../support/raw-client.ts';
import { type AskingProxy, packagedNames, requireProduct, startAskingProxy } from './support/asking-proxy.ts';

const section = { authorizer: { listen: '127.0.0.1:0', dialects: checkPaths } };

describe.each(packagedNames)('%s', (product) => {
  beforeAll(() => requireProduct(product));

  describe.each(
    readGoldenFiles()
      .filter((golden) => golden.cases.some((row) => isForGateway(golden, row)))
      .map((golden) => [golden.file, golden] as const),
  )('%s', (_file, golden) => {
    let world: GoldenWorld;
    let proxy: AskingProxy;
    beforeAll(async () => {
      world = await startGoldenWorld(golden, section);
      const places = { service: world.upstream.origin, ports: world };
      proxy = await startAskingProxy(product, world.config, places);
    });
    afterAll(async () => {
      await proxy?.stop();
      await world?.close();
    });

    const rows = golden.cases.filter((row) => isForGateway(golden, row));
    test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
      await world.prepare(row);
      const lines = linesOf(golden, row);
      const answer = await sendRaw(proxy.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
      const seen = world.upstream.requests;
      if (answer.status !== 200) expect(seen).toEqual([]);
      const sent = viewOf(lines);
      if (readsItself(sent)) {
        for (const { target } of seen)
          expect(canonicalPath(target.split('?', 1)[0]!)).toMatchObject({ path: target.split('?', 1)[0] });
        return;
      }
      if (answer.status === 200)
        expect(seen.map(({ method, target }) => [method, target])).toEqual([[sent.method, sent.target]]);
      if (answer.status >= 400 && answer.header('x-error') === undefined)
        expectOwnRefusal(product, golden, row, answer);
      else if (answer.status === 200 && product === 'nginx' && `${golden.file}: ${row.name}` === withoutOddHeader)
        expect(seen[0]!.rawHeaders.filter((name) => /^x.region$/i.test(name))).toEqual(['X-Region']);
      else if (answer.status === 200) expectAllowed(row, (name) => seen[0]!.header(name));
      else expectRefused(row, answer);
    });
  });
});

type PackagedName = (typeof packagedNames)[number];

/** False where the proxy itself decides: framing, forwarding headers, and what `Connection` lists. */
function isForGateway(golden: GoldenFile, row: GoldenCase): boolean {
  if (golden.file === 'framing.yaml') return false;
  const { rawHeaders } = viewOf(linesOf(golden, row));
  return !namesOf(rawHeaders).some((name) => /^(?:connection|forwarded|x-forwarded-(?:for|proto))$/.test(name));
}

/** A proxy changes some requests before the check: HTTP/1.0, hosts, targets that are not paths, raw bytes beyond ASCII. */
function readsItself({ httpVersion, method, target, rawHeaders }: RequestView): boolean {
  const hosts = namesOf(rawHeaders).filter((name) => name === 'host');
  const isPath = /^\/[^#\x80-\xff]*$/.test(target) && method !== 'CONNECT';
  return httpVersion === '1.0' || hosts.length !== 1 || !isPath;
}

function namesOf(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
}

function expectAllowed(row: GoldenCase, received: (name: string) => string[]): void {
  const { outcome, checkReason, identity, upstream } = row.expect;
  // The proxy removed the header whose spelling other entrypoints refuse.
  if (checkReason !== undefined) expect(checkReason).toBe('header_invalid');
  expect(outcome).toBe('allow');
  const one = (name: string) => received(name).join(', ');
  if (identity !== undefined) expect(one('user-id')).toBe(identity === null ? '' : userIdOf(identity));
  for (const [name, value] of Object.entries(upstream?.headers ?? {})) {
    if (hopByHop.has(name)) continue;
    if (value === null || /^(?:user-id|groups|roles|authorization|api-)/.test(name))
      expect([name, one(name)]).toEqual([name, value?.replaceAll(' | ', ', ') ?? '']);
  }
}

function expectRefused(row: GoldenCase, answer: RawAnswer): void {
  const { outcome, reason, checkReason } = row.expect;
  const answered = outcome === 'metadata' ? 'route_not_found' : 'method_not_allowed';
  expectRefusal(row, answer, checkReason ?? reason ?? answered);
  if (checkReason !== undefined || outcome !== 'refuse') return;
  for (const [name, value] of Object.entries(row.expect.headers ?? {})) {
    if (name === 'vary') continue;
    expect([name, answer.headers(name).length === 0 ? null : answer.headers(name).join(' | ')]).toEqual([name, value]);
  }
  expect(answer.header('location')).toBe(row.expect.location);
}

/** nginx drops a header with a dot in its name, so neither the check nor the service receives it. */
const withoutOddHeader = 'conditions.yaml: refuses a header repeated with a dot in its name';

/** What a proxy refuses as malformed before the check. */
const ownRefusals: Readonly<Record<PackagedName, readonly string[]>> = {
  nginx: [
    'bearer.yaml: refuses two headers with different tokens',
    'bearer.yaml: refuses two headers with the same token',
    'credential-kinds.yaml: refuses repeated Basic headers',
    'credential-kinds.yaml: refuses a Basic and a Bearer header',
    'hosts.yaml: refuses an empty Host',
    'hosts.yaml: refuses a path',
    'hosts.yaml: refuses a list of hosts',
    'methods.yaml: refuses a listed method in lower case',
    'methods.yaml: refuses a lower-case method despite a rule for all others',
    'methods.yaml: refuses a method with one lower-case letter',
    'methods.yaml: refuses an unknown method in lower case',
    'methods.yaml: refuses TRACE',
    'optional.yaml: refuses a repeated credential',
    'paths-canonical.yaml: dot segments above the root are dropped',
    'paths-refused.yaml: escaped NUL',
    'paths-refused.yaml: raw control character',
    'paths-refused.yaml: lone percent sign',
    'paths-refused.yaml: escape with invalid hex digits',
    'paths-refused.yaml: percent-u escape',
    'paths-refused.yaml: ambiguous path is reported before a repeated credential',
    'paths-tolerated.yaml: refuses an escaped NUL',
    'public.yaml: forwards a repeated credential',
  ],
  haproxy: [
    'hosts.yaml: refuses a path',
    'hosts.yaml: refuses a list of hosts',
    'paths-refused.yaml: raw control character',
    'hosts.yaml: refuses user information',
    'sign-in.yaml: refuses a Host with user information',
    'sign-in.yaml: non-ASCII byte in the query',
  ],
  caddy: [
    'hosts.yaml: refuses a path',
    'hosts.yaml: refuses a list of hosts',
    'paths-refused.yaml: raw control character',
    'paths-refused.yaml: lone percent sign',
    'paths-refused.yaml: escape with invalid hex digits',
    'paths-refused.yaml: percent-u escape',
    'hosts.yaml: refuses user information',
    'sign-in.yaml: refuses a Host with user information',
  ],
};

function expectOwnRefusal(product: PackagedName, golden: GoldenFile, row: GoldenCase, answer: RawAnswer): void {
  expect(ownRefusals[product]).toContain(`${golden.file}: ${row.name}`);
  expect([400, 405, 501]).toContain(answer.status);
}
