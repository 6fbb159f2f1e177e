/**
 * The golden cases through the external authorizer, in every dialect: each check describes the client's request as a
 * proxy would, and the response must match the gateway's own decision.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DialectName, dialectNames, type ManagedHeader } from '../../../src/authorizer/dialect.ts';
import { reasons } from '../../../src/core/outcome/reasons.ts';
import type { RequestView } from '../../../src/core/request/request-view.ts';
import { checkBytes, checkPaths } from '../../support/authorizer-checks.ts';
import {
  envoyForwards,
  expectAllowed,
  expectRefused,
  listsConnection,
  reachesProxy,
} from '../../support/expect-checked.ts';
import { linesOf, readGoldenFiles, viewOf } from '../../support/golden-cases.ts';
import { type GoldenWorld, startGoldenWorld } from '../../support/golden-worlds.ts';
import { sendRaw } from '../../support/raw-client.ts';

const section = { authorizer: { listen: '127.0.0.1:0', dialects: checkPaths } };

const removes: { readonly [Name in DialectName]?: readonly ManagedHeader['kind'][] } = {
  traefik: ['credential'],
  envoy: ['identity', 'credential'],
};

describe.each(readGoldenFiles().map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  let world: GoldenWorld;
  beforeAll(async () => {
    world = await startGoldenWorld(golden, section);
  });
  afterAll(() => world.close());

  const rows = golden.cases.filter((row) => reachesProxy(row, linesOf(golden, row)));
  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const view = viewOf(linesOf(golden, row));
    for (const dialect of dialectNames.filter((name) => canState(name, golden.file, view))) {
      await world.prepare(row);
      const ask = (path?: string) => sendRaw(world.authorizerPort, checkBytes(dialect, view, path));
      const answer = await ask();
      const code = row.expect.checkReason ?? row.expect.reason;
      if (row.expect.outcome === 'allow' && code === undefined)
        expectAllowed(row, world.config, answer, removes[dialect] ?? []);
      else if (dialect !== 'nginx') expectRefused(row, answer);
      else {
        const { status } = reasons[code ?? 'route_not_found'];
        expect(answer.status).toBe(status === 401 || status >= 500 ? status : 403);
        expect([answer.header('x-error-id'), answer.header('www-authenticate')]).toEqual([
          expect.any(String),
          undefined,
        ]);
        expectRefused(row, await ask(`${checkPaths.nginx}/refusal`));
      }
      expect([dialect, answer.header('cache-control')]).toEqual([dialect, 'no-store']);
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

/** Whether a proxy that speaks this dialect can send the check that the case expects. */
function canState(dialect: DialectName, file: string, view: RequestView): boolean {
  if (dialect === 'envoy' && !envoyForwards(view)) return false;
  // These proxies do not send the client's address.
  if (dialect === 'gateway-api' && ['conditions.yaml', 'forwarded-trusted.yaml'].includes(file)) return false;
  return !listsConnection(view);
}
