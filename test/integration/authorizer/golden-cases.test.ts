/**
 * The golden cases through the external authorizer, in every dialect: each is what the proxy would make of the client's request, and
 * the response has to tell it what the gateway itself would have done.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DialectName, dialectNames } from '../../../src/authorizer/dialect.ts';
import { reasons } from '../../../src/core/outcome/reasons.ts';
import type { RequestView } from '../../../src/core/request/request-view.ts';
import { connectionList } from '../../../src/core/syntax/header-fields.ts';
import { checkBytes, checkPaths } from '../../support/authorizer-checks.ts';
import { type GoldenCase, linesOf, readGoldenFiles, userIdOf, viewOf } from '../../support/golden-cases.ts';
import { expectRefusal, type GoldenWorld, startGoldenWorld } from '../../support/golden-worlds.ts';
import { type RawAnswer, sendRaw } from '../../support/raw-client.ts';

const section = { authorizer: { listen: '127.0.0.1:0', dialects: checkPaths } };

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
      if (row.expect.outcome === 'allow' && code === undefined) expectAllowed(row, dialect, answer);
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

/** What another proxy refuses itself, or reads for itself, before it asks: framing, a missing host, control characters. */
function reachesProxy(row: GoldenCase, lines: readonly string[]): boolean {
  const { httpVersion, rawHeaders, target } = viewOf(lines);
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  const framing = row.expect.reason === 'header_invalid' || row.expect.reason === 'transfer_coding_unsupported';
  return httpVersion === '1.1' && hosts.length === 1 && !framing && !/[\0-\x1f\x7f]/.test(target);
}

/** Whether a proxy of this kind asks about such a request in the way that the case is written for. */
function canState(dialect: DialectName, file: string, { method, target, rawHeaders }: RequestView): boolean {
  if (dialect === 'envoy' && (!/^\/[\x21-\x7e]*$/.test(target) || method === 'CONNECT')) return false;
  // It does not say who the client is.
  if (dialect === 'gateway-api' && ['conditions.yaml', 'forwarded-trusted.yaml'].includes(file)) return false;
  // Some remove what `Connection` lists before they ask, others never do.
  return connectionList(rawHeaders) === null;
}

/** Of the connection between the proxy and Rolegate. */
const ofConnection = ['connection', 'keep-alive', 'content-length', 'date'];

function expectAllowed(row: GoldenCase, dialect: DialectName, answer: RawAnswer): void {
  expect([dialect, answer.status, answer.header('x-error'), answer.text()]).toEqual([dialect, 200, undefined, '']);
  const { identity, upstream } = row.expect;
  if (identity !== undefined) expect(answer.header('user-id')).toBe(identity === null ? '' : userIdOf(identity));
  for (const [name, value] of Object.entries(upstream?.headers ?? {})) {
    if (answer.header(name) === undefined || ofConnection.includes(name)) continue;
    expect([dialect, name, answer.header(name)]).toEqual([dialect, name, value?.replaceAll(' | ', ', ') ?? '']);
  }
}

function expectRefused(row: GoldenCase, answer: RawAnswer): void {
  const answered = row.expect.outcome === 'metadata' ? 'route_not_found' : 'method_not_allowed';
  expectRefusal(row, answer, row.expect.checkReason ?? row.expect.reason ?? answered);
  if (row.expect.checkReason !== undefined || row.expect.outcome !== 'refuse') return;
  for (const [name, value] of Object.entries(row.expect.headers ?? {})) {
    const values = answer.headers(name);
    expect([name, values.length === 0 ? null : values.join(' | ')]).toEqual([name, value]);
  }
  expect(answer.header('location')).toBe(row.expect.location);
}
