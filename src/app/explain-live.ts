/**
 * Explains a request with a live bearer. The request is decided as at the door, with the bearer in it; what is told is
 * the same decision of the same request with a placeholder for the bearer, so that no explanation can hold it.
 */

import type { LiveQuestion } from '../admin/explain-endpoint.ts';
import { decide } from '../core/decide.ts';
import { explain } from '../core/explain.ts';
import type { Resolution } from '../core/identity/identity.ts';
import { canonicalName } from '../core/syntax/header-fields.ts';
import { hostFor } from '../policy-tools/host-for.ts';
import { policyOf } from '../policy-tools/run-cases.ts';
import { simulate } from '../policy-tools/simulate.ts';
import type { Runtime } from './create-runtime.ts';

/** Never holds the bearer; `detail`: why the question has no answer. */
export async function explainLive(
  { config, resolver, rules }: Runtime,
  question: LiveQuestion,
): Promise<object | { readonly detail: string }> {
  const { credentials, routes, roles } = config;
  const carriers = ['authorization', 'cookie', 'host', ...Object.values(credentials.keyPair ?? {}).map(canonicalName)];
  if (question.headers.some((name, index) => index % 2 === 0 && carriers.includes(canonicalName(name)))) {
    return { detail: 'host and bearer have keys of their own, and no other credential is taken' };
  }
  const policy = policyOf(config);
  const host = question.host ?? hostFor(routes, question.target, null);
  const asked = { ...question, host };
  let resolution: Resolution | null = null;
  const live = simulate(
    { ...asked, headers: [...question.headers, 'Authorization', `Bearer ${question.bearer}`] },
    null,
    credentials,
  );
  await decide(live.view, policy, async (credential, maxAgeMs, client) => {
    const answer = await resolver.resolve(credential, maxAgeMs, client);
    resolution = answer;
    return answer;
  });
  const told = simulate(
    { ...asked, headers: [...question.headers, 'Authorization', 'Bearer simulated'] },
    null,
    credentials,
  );
  // Where nobody is asked, it does not matter who asks.
  return explain(told.view, { policy, roles, rules, resolution: resolution ?? told.resolution, facts: told.facts });
}
