/**
 * The requests with which tests of these rules would touch each effect of each rule, conditions met one by one, and notice what a change of
 * a rule opens, as far as the given credentials can.
 */
import { coverageOf } from '../../policy-tools/coverage.ts';
import { proposeCases } from '../../policy-tools/propose-cases.ts';
import type { Owner, Plan } from './plan-probes.ts';
import { changing, safe } from './probed-places.ts';

interface EffectRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: readonly string[];
  /** Null: no credential. */
  readonly owner: Owner | null;
}

/** `unchecked`: effects and changes that no request shows, in words. */
export function effectsOf({ config, owners, client, unsafe, host: anyHost }: Plan): {
  readonly requests: readonly EffectRequest[];
  readonly unchecked: readonly string[];
} {
  const all = coverageOf(config, []);
  // A request that is allowed to change something is never sent.
  const cells = all.cells.filter(({ method, effect }) => effect.kind === 'refuses' || safe.includes(method));
  const { cases, notFound } = proposeCases(config, { coverage: { ...all, cells }, results: [] }, true, {
    identities: new Map([...owners].map(([name, { identity }]) => [name, identity])),
    accepts: ({ as, method, trusted, time, client: from }, { outcome }) =>
      (as === null || owners.has(as)) &&
      (safe.includes(method) || (unsafe && changing.includes(method) && outcome === 'refuse')) &&
      !trusted &&
      time === null &&
      (from === null || from === client),
  });
  const requests = cases.map(({ test: { method, target, host, headers, as } }) => {
    const owner = as === null ? null : owners.get(as)!;
    return { method, target, host: host ?? anyHost, headers, owner };
  });
  return { requests, unchecked: notFound };
}
