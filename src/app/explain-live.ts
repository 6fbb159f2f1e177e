/**
 * Explains a request with a live bearer. The request is decided with the bearer, as the gateway would decide it; the result is the same
 * decision on the same request with a placeholder for the bearer, so an explanation can never contain it.
 */

import type { LiveQuestion } from '../admin/explain.ts';
import type { Credential } from '../core/credential/credential.ts';
import { decide } from '../core/decide.ts';
import { explain } from '../core/explain.ts';
import type { Resolution } from '../core/identity/identity.ts';
import { canonicalName } from '../core/syntax/header-fields.ts';
import { selectSource } from '../identity/sources/select-source.ts';
import { hostFor } from '../policy-model/host-for.ts';
import { sampleCredential } from '../policy-model/samples/sample-credential.ts';
import { simulate } from '../policy-model/simulate.ts';
import { policyOf } from '../policy-tools/run-cases.ts';
import type { Runtime } from './create-runtime.ts';

/** Never contains the bearer; `detail`: why there is no explanation. */
export async function explainLive(
  { config, resolver, rules }: Runtime,
  question: LiveQuestion,
): Promise<object | { readonly detail: string }> {
  const { credentials, routes, roles, sourceRule } = config;
  const { keyPair, apiKey } = credentials;
  const named = [keyPair?.apiKeyHeader, keyPair?.apiSecretHeader, apiKey?.header].filter((name) => name != null);
  const carriers = ['authorization', 'cookie', 'host', ...named.map(canonicalName)];
  if (question.headers.some((name, index) => index % 2 === 0 && carriers.includes(canonicalName(name)))) {
    return { detail: 'host and bearer have keys of their own, and no other credential is taken' };
  }
  const policy = policyOf(config);
  const host = question.host ?? hostFor(routes, question.target, null);
  const withHeaders = (...credential: readonly string[]) =>
    simulate({ ...question, time: Date.now(), host, headers: [...question.headers, ...credential] }, null, credentials);
  const live = withHeaders('Authorization', `Bearer ${question.bearer}`);
  let outcome: { readonly credential: Credential; readonly resolution: Resolution } | null = null;
  const decision = await decide(live.view, policy, async (credential, maxVerdictAgeMs, client) => {
    const resolution = await resolver.resolve(credential, maxVerdictAgeMs, client);
    outcome = { credential, resolution };
    return resolution;
  });
  const { credential, resolution } = askedOf(outcome);
  // A bearer that is refused before a call to a source does not appear in the explanation.
  const hidden = withHeaders(...sampleCredential(credential?.kind ?? 'bearer', credentials));
  const { view, facts } = decision.outcome === 'refuse' && decision.stage === 'extract' ? live : hidden;
  const sourceOf = (read: Credential) => selectSource(credential ?? read, sourceRule);
  // Without a call to a source, the client does not matter.
  return explain(view, { policy, roles, rules, resolution: resolution ?? hidden.resolution, sourceOf, facts });
}

/** Set by the call above; the compiler cannot follow it into the callback. */
function askedOf(outcome: { readonly credential: Credential; readonly resolution: Resolution } | null) {
  return outcome ?? { credential: null, resolution: null };
}
