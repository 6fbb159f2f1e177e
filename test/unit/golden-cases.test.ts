/** The golden cases through the core: `decide` and the pure forwarding, without a socket. */
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Allow, Decision } from '../../src/core/decision.ts';
import { clientAddress } from '../../src/core/forwarding/client-address.ts';
import { clientFacts } from '../../src/core/forwarding/client-facts.ts';
import { compileForwarding } from '../../src/core/forwarding/compile-forwarding.ts';
import { appendRequestHeaders } from '../../src/core/forwarding/request-headers.ts';
import { appendResponseHeaders } from '../../src/core/forwarding/response-headers.ts';
import { refusalHeadersOf } from '../../src/core/forwarding/response-rules.ts';
import { rewritePath } from '../../src/core/forwarding/rewrite-path.ts';
import { type Reason, reasons } from '../../src/core/outcome/reasons.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { wayToSignIn } from '../../src/core/way-to-sign-in.ts';
import {
  configText,
  type GoldenFile,
  linesOf,
  readGoldenFiles,
  resolutionOf,
  userIdOf,
  viewOf,
} from '../support/golden-cases.ts';

const files = readGoldenFiles();

describe.each(files.map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  const config = configOf(golden);

  test.each(golden.cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const read = viewOf(linesOf(golden, row));
    const view = { ...read, address: addressOf(config, read), now: Date.now };
    const asked: number[] = [];
    const decision = await decide(view, config, (credential, maxVerdictAgeMs) => {
      asked.push(maxVerdictAgeMs);
      return resolutionOf(golden, credential);
    });
    if (row.expect.condition !== undefined) {
      expect(decision).toMatchObject({ condition: { word: row.expect.condition } });
    }
    const { outcome, reason = null, route, stage, identity, maxVerdictAgeMs } = row.expect;
    expect(decision).toMatchObject({ outcome, reason });
    if (route !== undefined) expect(decision.route?.id).toBe(route);
    if (stage !== undefined) expect(decision.stage).toBe(stage);
    if (identity !== undefined) expect(decision.identity?.userId ?? null).toBe(identity && userIdOf(identity));
    if (row.expect.asked !== undefined) expect(asked).toHaveLength(row.expect.asked ? 1 : 0);
    if (maxVerdictAgeMs !== undefined) expect(asked).toEqual([maxVerdictAgeMs]);
    const answered = responseHeaders(config, decision, view);
    for (const [name, value] of Object.entries(row.expect.headers ?? {})) {
      expect([name, answered[name] ?? null]).toEqual([name, value]);
    }
    if (decision.outcome === 'allow') {
      if (row.expect.upstream === undefined) return;
      const sent = forwarded(config, decision, view);
      if (row.expect.upstream.path !== undefined) expect(sent.path).toBe(row.expect.upstream.path);
      for (const [name, value] of Object.entries(row.expect.upstream.headers ?? {})) {
        expect([name, sent.headers[name] ?? null]).toEqual([name, value]);
      }
      return;
    }
    if (decision.outcome === 'metadata') {
      expect(JSON.parse(decision.document)).toEqual(row.expect.body);
      return;
    }
    const { location } = answered;
    expect(location ?? undefined).toBe(row.expect.location);
    const refused = location == null ? reasonStatus(decision) : 303;
    if (row.expect.status !== undefined) expect(refused).toBe(row.expect.status);
  });
});

test('covers every reason that a decision can have, with enough cases', () => {
  const rows = files.flatMap(({ cases }) => cases);
  expect(files.length).toBeGreaterThanOrEqual(15);
  expect(rows.length).toBeGreaterThanOrEqual(150);
  const seen = new Set(rows.map(({ expect: { reason } }) => reason));
  const decided = [
    ...(['target_invalid', 'path_ambiguous', 'host_invalid', 'header_invalid', 'transfer_coding_unsupported'] as const),
    ...([
      'method_unsupported',
      'route_not_found',
      'method_not_allowed',
      'credential_missing',
      'credential_malformed',
    ] as const),
    ...([
      'credential_incomplete',
      'credential_scheme_unsupported',
      'credential_repeated',
      'credential_conflict',
      'credential_shape_wrong',
      'credential_kind_not_accepted',
    ] as const),
    ...([
      'credential_rejected',
      'cross_site_request',
      'access_denied',
      'role_missing',
      'role_forbidden',
      'condition_failed',
    ] as const),
    ...(['auth_unavailable', 'auth_throttled', 'cors_origin_forbidden', 'loop_detected', 'too_early'] as const),
  ];
  expect(decided.filter((code) => !seen.has(code))).toEqual([]);
});

function reasonStatus(decision: Decision): number {
  return decision.outcome === 'refuse' ? reasons[decision.reason].status : 200;
}

function configOf(golden: GoldenFile): Config {
  const text = configText(golden, 'http://127.0.0.1:1', 'http://127.0.0.1:2');
  const read = parseConfig(text, { file: golden.file, env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(`${golden.file}: ${JSON.stringify(read.problems, null, 2)}`);
  return read.config;
}

/** Every case comes from localhost, through a proxy if the configuration trusts one there. */
function addressOf({ server }: Config, { rawHeaders }: RequestView): string | null {
  const address = '127.0.0.1';
  const trusted = server.trustedProxies(address);
  return clientAddress({ address, trusted }, rawHeaders, server.trustedProxies, server.forwardedHeaders);
}

function forwarded(config: Config, decision: Allow, view: RequestView) {
  const address = '127.0.0.1';
  const { trustedProxies } = config.server;
  const peer = { address, trusted: trustedProxies(address), secure: false };
  const { authority } = decision.request;
  const { forwardedHeaders } = config.server;
  const facts = clientFacts(peer, authority, view.rawHeaders, trustedProxies, () => 'fresh', forwardedHeaders);
  const out: string[] = [];
  appendRequestHeaders(out, compileForwarding(config), decision, view.rawHeaders, facts);
  const path = `${rewritePath(decision.route, decision.request.path)}${decision.request.query}`;
  return { path, headers: byName(out) };
}

/** Names in lower case, with repeated values joined. */
function byName(pairs: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i]!.toLowerCase();
    headers[name] = name in headers ? `${headers[name]} | ${pairs[i + 1]}` : pairs[i + 1]!;
  }
  return headers;
}

function signInHeaders(decision: Decision, { rawHeaders }: RequestView): Record<string, string | null> {
  if (decision.outcome !== 'refuse') return {};
  const { location, challenges } = wayToSignIn(decision.reason, decision, rawHeaders, 'http');
  return { location, 'www-authenticate': location !== null || challenges.length === 0 ? null : challenges.join(' | ') };
}

/** Response headers: those of a refusal or a preflight, or those added to a service's response. */
function responseHeaders(
  config: Config,
  decision: Decision,
  view: RequestView,
): Record<string, string | null | undefined> {
  if (decision.outcome === 'preflight') return byName(decision.headers);
  if (decision.outcome === 'allow') {
    const out: string[] = [];
    appendResponseHeaders(out, [], compileForwarding(config).responseTreatments, decision.route, view.rawHeaders);
    return byName(out);
  }
  if (decision.outcome === 'metadata') return { 'content-type': 'application/json' };
  const { reason, allow, retryAfterS } = decision;
  const wait = retryAfterS ?? (reasons[reason] as Reason).retryAfterS;
  return {
    ...byName(refusalHeadersOf(decision.route, view.rawHeaders)),
    allow,
    'retry-after': wait === undefined ? null : String(wait),
    ...signInHeaders(decision, view),
    'x-error': reasons[reason].message,
  };
}
