/**
 * CPU of one decision with ten routes and with many. A short policy has every so many routes of the long one, and the requests
 * are the same, so that what differs is what else is in the policy. All take turns: a slower machine is so for all.
 */
import { parseConfig } from '../../src/config/parse-config.ts';
import { decide, type Policy } from '../../src/core/decide.ts';
import type { Resolution } from '../../src/core/identity/identity.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { somebody } from '../../src/policy-tools/sample-identity.ts';
import { placeOf, policyText } from './write-policy.ts';

const known: Resolution = { identity: { ...somebody, roles: ['admin'] }, reason: null, stale: false, source: 'memory' };
const block = 20_000;

export interface Side {
  readonly routes: number;
  /** Routes that the requests are spread over. */
  readonly used: number;
}

/** Median microseconds of a decision on each side. */
export function decidingCost(measured: readonly Side[], rounds: number): readonly number[] {
  const most = Math.max(...measured.map(({ routes }) => routes));
  const policies = new Map(measured.map(({ routes }) => [routes, policyOf(routes, most / routes)]));
  const sides = measured.map(({ routes, used }) => ({
    policy: policies.get(routes)!,
    views: viewsOf(most, used),
    us: [] as number[],
  }));
  for (let round = -3; round < rounds; round += 1) {
    for (const { policy, views, us } of sides) {
      const from = process.cpuUsage();
      for (let i = 0; i < block; i += 1) decideOne(views[i % views.length]!, policy);
      const { user, system } = process.cpuUsage(from);
      // The first rounds warm up.
      if (round >= 0) us.push((user + system) / block);
    }
  }
  return sides.map(({ us }) => us.toSorted((a, b) => a - b)[us.length >> 1]!);
}

function decideOne(view: RequestView, policy: Policy): void {
  const decision = decide(view, policy, () => known);
  if (!('outcome' in decision) || decision.outcome !== 'allow') throw new Error('the request was not allowed');
}

function policyOf(routes: number, apart: number): Policy {
  const read = parseConfig(policyText(routes, apart), { file: 'bench.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  const { routes: table, credentials, roleMapping, via } = read.config;
  return { routes: table, credentials, roleMapping, via };
}

/** As many requests on every side; routes that are used stand apart from each other. */
function viewsOf(most: number, used: number): readonly RequestView[] {
  return Array.from({ length: 1000 }, (_, index): RequestView => {
    const { host, path } = placeOf(Math.floor(((index % used) * most) / used));
    const target = Buffer.from(`${path}/7`).toString('latin1');
    return { method: 'GET', target, rawHeaders: ['Host', host, 'Authorization', 'Bearer abc'], httpVersion: '1.1' };
  });
}
