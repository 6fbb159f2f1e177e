/**
 * The golden cases through real proxies that call the authorizer, each with its printed configuration unchanged:
 * status, identity headers, `x-error` and body equal the gateway's own, except for what the proxy itself refuses, drops
 * or parses differently.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasons } from '../../src/core/outcome/reasons.ts';
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
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { type AskingProxy, productNames, requireProduct, startAskingProxy } from './support/asking-proxy.ts';
import { type DifferenceKind, differenceOf, namedCases } from './support/product-differences.ts';

const section = {
  authorizer: { listen: '127.0.0.1:0', grpc: { listen: '127.0.0.1:0' }, dialects: checkPaths },
};

describe.each(productNames)('%s', (product) => {
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
      const served = seen.map(({ method, target }) => [method, target]);
      const difference = differenceOf(product, `${golden.file}: ${row.name}`);
      if (difference !== null) return expectDifference[difference](row, answer, sent, seen);
      if (readsItself(sent)) {
        for (const { target } of seen) expectCanonical(target);
        return;
      }
      if (answer.status === 200) expect(served).toEqual([[sent.method, sent.target]]);
      if (answer.status === 200) expectAllowed(row, (name) => seen[0]!.header(name));
      else expectRefused(row, answer);
    });
  });
});

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

function expectCanonical(target: string): void {
  const path = target.split('?', 1)[0]!;
  expect(canonicalPath(path)).toMatchObject({ path });
}

/** What must be so where a product differs. */
const expectDifference: Readonly<
  Record<
    DifferenceKind,
    (row: GoldenCase, answer: RawAnswer, sent: RequestView, seen: readonly RecordedRequest[]) => void
  >
> = {
  refuses(_row, answer) {
    expect([answer.status, answer.header('x-error')]).toEqual([expect.toBeOneOf([400, 403, 405, 501]), undefined]);
  },
  hides(row, answer) {
    expect([answer.status, answer.header('x-error')]).toEqual([503, undefined]);
    expect(row.expect.outcome).toBe('refuse');
  },
  cleans(_row, answer, sent, seen) {
    if (answer.status !== 200) expect(answer.header('x-error')).toEqual(expect.any(String));
    for (const { target } of seen) {
      expect(target).not.toBe(sent.target);
      expectCanonical(target);
    }
  },
  drops(row, answer, sent, seen) {
    expect([row.expect.outcome, answer.status]).toEqual(['refuse', 200]);
    const odd = namesOf(sent.rawHeaders).filter((name) => /[^a-z0-9-]/.test(name));
    expect(odd).not.toEqual([]);
    for (const name of odd) expect(seen[0]!.header(name)).toEqual([]);
  },
  alters(row, answer) {
    expect([answer.status, row.expect.outcome]).toEqual([expect.toBeOneOf([401, 403]), 'refuse']);
    expect(answer.header('x-error')).not.toBe(reasons[row.expect.reason!].message);
  },
};

test('every difference is of a golden case', () => {
  const all = readGoldenFiles().flatMap(({ file, cases }) => cases.map(({ name }) => `${file}: ${name}`));
  expect(namedCases.filter((name) => !all.includes(name))).toEqual([]);
});
