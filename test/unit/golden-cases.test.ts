/** The golden cases through the first door: `decide` and the pure forwarding, without a socket. */
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { decide } from '../../src/core/decide.ts';
import { clientFacts } from '../../src/core/forwarding/client-facts.ts';
import { appendRequestHeaders, compileForwarding } from '../../src/core/forwarding/request-headers.ts';
import { rewritePath } from '../../src/core/forwarding/rewrite-path.ts';
import { challengeFor } from '../../src/core/outcome/challenge.ts';
import type { Allow, Refuse } from '../../src/core/outcome/decision.ts';
import { type Reason, reasons } from '../../src/core/outcome/reasons.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
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
    const view = viewOf(linesOf(golden, row));
    const asked: number[] = [];
    const decision = await decide(view, config, (credential, maxAgeMs) => {
      asked.push(maxAgeMs);
      return resolutionOf(golden, credential);
    });
    const { outcome, reason = null, route, stage, identity, maxAgeMs } = row.expect;
    expect(decision).toMatchObject({ outcome, reason });
    if (route !== undefined) expect(decision.route?.id).toBe(route);
    if (stage !== undefined) expect(decision.stage).toBe(stage);
    if (identity !== undefined) expect(decision.identity?.userId ?? null).toBe(identity && userIdOf(identity));
    if (row.expect.asked !== undefined) expect(asked).toHaveLength(row.expect.asked ? 1 : 0);
    if (maxAgeMs !== undefined) expect(asked).toEqual([maxAgeMs]);
    if (decision.outcome === 'allow') {
      if (row.expect.upstream === undefined) return;
      const sent = forwarded(config, decision, view);
      if (row.expect.upstream.path !== undefined) expect(sent.path).toBe(row.expect.upstream.path);
      for (const [name, value] of Object.entries(row.expect.upstream.headers ?? {})) {
        expect([name, sent.headers[name] ?? null]).toEqual([name, value]);
      }
      return;
    }
    if (row.expect.status !== undefined) expect(reasons[decision.reason].status).toBe(row.expect.status);
    const answered = answerHeaders(decision);
    for (const [name, value] of Object.entries(row.expect.headers ?? {})) {
      expect([name, answered[name] ?? null]).toEqual([name, value]);
    }
  });
});

test('there are enough of them, and every reason that a decision can have is among them', () => {
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
    ] as const),
    ...(['credential_rejected', 'cross_site_request', 'access_denied', 'role_missing', 'role_forbidden'] as const),
    ...(['auth_unavailable', 'auth_throttled'] as const),
  ];
  expect(decided.filter((code) => !seen.has(code))).toEqual([]);
});

function configOf(golden: GoldenFile): Config {
  const text = configText(golden, 'http://127.0.0.1:1', 'http://127.0.0.1:2');
  const read = parseConfig(text, { file: golden.file, env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(`${golden.file}: ${JSON.stringify(read.problems, null, 2)}`);
  return read.config;
}

function forwarded(config: Config, decision: Allow, view: RequestView) {
  const address = '127.0.0.1';
  const { trustedProxies } = config.server;
  const peer = { address, trusted: trustedProxies(address), secure: false };
  const facts = clientFacts(peer, decision.request.authority, view.rawHeaders, trustedProxies, () => 'fresh');
  const out: string[] = [];
  appendRequestHeaders(
    out,
    compileForwarding(config.identityHeaders, config.credentials),
    decision,
    view.rawHeaders,
    facts,
  );
  const headers: Record<string, string> = {};
  for (let i = 0; i < out.length; i += 2) {
    const name = out[i]!.toLowerCase();
    headers[name] = name in headers ? `${headers[name]} | ${out[i + 1]}` : out[i + 1]!;
  }
  return { path: `${rewritePath(decision.route, decision.request.path)}${decision.request.query}`, headers };
}

function answerHeaders({ reason, allow, retryAfterS }: Refuse): Record<string, string | null | undefined> {
  const wait = retryAfterS ?? (reasons[reason] as Reason).retryAfterS;
  return {
    allow,
    'retry-after': wait === undefined ? null : String(wait),
    'www-authenticate': challengeFor(reason),
    'x-error': reasons[reason].message,
  };
}
