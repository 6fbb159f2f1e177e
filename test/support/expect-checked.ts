/**
 * Which golden cases another proxy sends to the authorizer, and the expected response: headers for the service, or the
 * refusal.
 */
import { expect } from 'vitest';
import type { ManagedHeader } from '../../src/authorizer/dialect.ts';
import { managedNames } from '../../src/authorizer/managed-headers.ts';
import type { Config } from '../../src/config/config.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { connectionList } from '../../src/core/syntax/header-fields.ts';
import { type GoldenCase, userIdOf, viewOf } from './golden-cases.ts';
import { expectRefusal } from './golden-worlds.ts';
import type { RawAnswer } from './http-response.ts';

/** A response to a check, in any protocol. */
export type CheckAnswer = Pick<RawAnswer, 'status' | 'header' | 'headers' | 'text'>;

/**
 * `removes`: headers of these kinds that the service must not get are absent, not empty. A header that Rolegate does
 * not manage is the proxy's own to forward, and is not part of the response.
 */
export function expectAllowed(
  row: GoldenCase,
  config: Config,
  answer: CheckAnswer,
  removes: readonly ManagedHeader['kind'][],
): void {
  expect([answer.status, answer.header('x-error'), answer.text()]).toEqual([200, undefined, '']);
  const { identity, upstream } = row.expect;
  const none = (kind: ManagedHeader['kind']) => (removes.includes(kind) ? undefined : '');
  if (identity !== undefined)
    expect(answer.header('user-id')).toBe(identity === null ? none('identity') : userIdOf(identity));
  const managed = new Map(managedNames(config).map(({ name, kind }) => [name, kind]));
  for (const [name, value] of Object.entries(upstream?.headers ?? {})) {
    const kind = managed.get(name);
    const expected =
      value?.replaceAll(' | ', name === 'cookie' ? '; ' : ', ') ?? (kind === undefined ? undefined : none(kind));
    if (!ofConnection.has(name))
      expect([name, answer.header(name)]).toEqual([name, kind === undefined ? undefined : expected]);
  }
}

/** Of the connection between the proxy and Rolegate. */
const ofConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'content-length', 'date']);

export function expectRefused(row: GoldenCase, answer: CheckAnswer): void {
  const answered = row.expect.outcome === 'metadata' ? 'route_not_found' : 'method_not_allowed';
  expectRefusal(row, answer, row.expect.checkReason ?? row.expect.reason ?? answered);
  if (row.expect.checkReason !== undefined || row.expect.outcome !== 'refuse') return;
  for (const [name, value] of Object.entries(row.expect.headers ?? {})) {
    const values = answer.headers(name);
    expect([name, values.length === 0 ? null : values.join(' | ')]).toEqual([name, value]);
  }
  expect(answer.header('location')).toBe(row.expect.location);
}

/** What another proxy itself refuses or interprets before the check: framing, a missing host, control characters. */
export function reachesProxy(row: GoldenCase, lines: readonly string[]): boolean {
  const { httpVersion, rawHeaders, target } = viewOf(lines);
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  const framing = row.expect.reason === 'header_invalid' || row.expect.reason === 'transfer_coding_unsupported';
  return httpVersion === '1.1' && hosts.length === 1 && !framing && !/[\0-\x1f\x7f]/.test(target);
}

/** Whether Envoy sends such a request to the authorizer. */
export function envoyForwards({ method, target }: RequestView): boolean {
  return /^\/[\x21-\x7e]*$/.test(target) && method !== 'CONNECT';
}

/** Some proxies remove what `Connection` lists before the check, others never do. */
export function listsConnection({ rawHeaders }: RequestView): boolean {
  return connectionList(rawHeaders) !== null;
}
