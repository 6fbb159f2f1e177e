/**
 * The golden cases over gRPC, sent by a client built from Envoy's published protos: with headers joined as Envoy does
 * by default, and separate (`encode_raw_headers`). A refusal is an ordinary response: no call fails.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestView } from '../../../src/core/request/request-view.ts';
import {
  envoyForwards,
  expectAllowed,
  expectRefused,
  listsConnection,
  reachesProxy,
} from '../../support/expect-checked.ts';
import { connectExtAuthz, type ExtAuthzClient, type Verdict } from '../../support/ext-authz-client.ts';
import { type GoldenCase, type GoldenFile, linesOf, readGoldenFiles, viewOf } from '../../support/golden-cases.ts';
import { type GoldenWorld, startGoldenWorld } from '../../support/golden-worlds.ts';

const section = { authorizer: { grpc: { listen: '127.0.0.1:0' } } };

const files = readGoldenFiles()
  .map((golden) => ({ ...golden, cases: golden.cases.filter((row) => isAsked(golden, row)) }))
  .filter(({ cases }) => cases.length > 0);

describe.each(files.map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  let world: GoldenWorld;
  let proxy: ExtAuthzClient;
  beforeAll(async () => {
    world = await startGoldenWorld(golden, section);
    proxy = connectExtAuthz(world.grpcPort);
  });
  afterAll(async () => {
    proxy?.close();
    await world?.close();
  });

  const rows = golden.cases.map((row) => [row.name, row, viewOf(linesOf(golden, row))] as const);
  test.each(rows)('%s', async (_name, row, view) => {
    const code = row.expect.checkReason ?? row.expect.reason;
    for (const raw of repeatsHeader(view) ? [true] : [false, true]) {
      await world.prepare(row);
      const verdict = await proxy.ask(view, { raw });
      const { message, metadata } = verdict;
      expect(message.http_response).toBe(verdict.allowed ? 'ok_response' : 'denied_response');
      if (row.expect.outcome === 'allow' && code === undefined)
        expectAllowed(row, world.config, verdict, ['identity', 'credential']);
      else expectRefused(row, verdict);
      if (code !== undefined)
        expect([metadata['reason'], message.status]).toEqual([
          code,
          expect.objectContaining({ code: statusOf(verdict) }),
        ]);
      if (row.expect.route !== undefined) expect(metadata['route']).toBe(row.expect.route);
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

function isAsked(golden: GoldenFile, row: GoldenCase): boolean {
  const lines = linesOf(golden, row);
  const view = viewOf(lines);
  return reachesProxy(row, lines) && envoyForwards(view) && !listsConnection(view);
}

/** Envoy joins repeated headers, which changes the request. */
function repeatsHeader({ rawHeaders }: RequestView): boolean {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return new Set(names).size < names.length;
}

/** The code in `google.rpc.Status`: unauthenticated, unavailable or permission denied. */
function statusOf({ status }: Verdict): number {
  return status === 401 ? 16 : status >= 500 ? 14 : 7;
}
