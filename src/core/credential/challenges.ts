/**
 * `WWW-Authenticate` of a refusal: the schemes of the credentials that the route accepts (RFC 9110 section 11.6.1). The text comes from the
 * configuration and contains nothing of the request.
 */

import { type ReasonCode, reasons } from '../outcome/reasons.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { CredentialKind, CredentialSources } from './credential.ts';
import { type ProtectedResources, resourceOf } from './resource-metadata.ts';
import { noStepUp, type StepUp } from './step-up.ts';

export interface Challenges {
  readonly bearer: boolean;
  readonly basic: boolean;
  readonly session: boolean;
  readonly certificate: boolean;
  /** Their metadata is named (RFC 9728 section 5.1), and the scopes that a client needs (RFC 6750 section 3). */
  readonly resources: ProtectedResources;
}

/** For places that accept only bearers. */
export const bearerOnly: Challenges = {
  bearer: true,
  basic: false,
  session: false,
  certificate: false,
  resources: new Map(),
};

/** `taken`: kinds that a route accepts. */
export function compileChallenges(sources: CredentialSources, taken: readonly CredentialKind[]): Challenges {
  const { apiKey, basic, resources } = sources;
  // The kind of a bearer with the prefix of API keys.
  const prefixed: CredentialKind = apiKey !== null && apiKey.separator !== null ? 'keyPair' : 'apiKey';
  const bearer = taken.includes('bearer') || (apiKey?.prefix != null && taken.includes(prefixed));
  return {
    bearer,
    session: taken.includes('session'),
    certificate: taken.includes('certificate'),
    basic: basic === 'bearer' ? bearer : basic === 'keyPair' && taken.includes('keyPair'),
    resources,
  };
}

/** Schemes of a 401. It needs a challenge, and none is registered for keys in their own headers, sessions in cookies and certificates. */
export function schemesOf({
  bearer,
  basic,
  session,
  certificate,
}: Pick<Challenges, 'bearer' | 'basic' | 'session' | 'certificate'>): readonly string[] {
  const schemes = [
    ...(bearer ? ['Bearer'] : []),
    ...(session ? ['Session'] : []),
    ...(certificate ? ['Certificate'] : []),
    ...(basic ? ['Basic'] : []),
  ];
  return schemes.length > 0 ? schemes : ['ApiKey'];
}

/**
 * One value per header; empty if the reason has no challenge. `fromScript` omits Basic, because a browser would open its dialog over the
 * page. `request`: null if it was not read. `stepUp`: what a sign-in must be. `signInUrl`: where a person signs in, so that a
 * script can lead there; null: unknown.
 */
export function challengesFor(
  code: ReasonCode,
  { bearer, basic, session, certificate, resources }: Challenges,
  request: Pick<CanonicalRequest, 'path' | 'host'> | null,
  {
    fromScript = false,
    stepUp = noStepUp,
    signInUrl = null,
  }: { readonly fromScript?: boolean; readonly stepUp?: StepUp; readonly signInUrl?: string | null } = {},
): string[] {
  const { status, challenge } = reasons[code];
  if (challenge === undefined) return [];
  const resource = request === null ? null : resourceOf(request, resources);
  const scope = resource === null || resource.scopes.length === 0 ? '' : `, scope="${resource.scopes.join(' ')}"`;
  const where = resource === null ? '' : `, resource_metadata="${resource.metadataUrl}"`;
  const error = challenge === 'none' ? '' : `, error="${challenge}"`;
  const { maxAgeS, acr } = stepUp;
  const age = maxAgeS === null ? '' : `, max_age="${maxAgeS}"`;
  const demand = acr === null ? age : `, acr_values="${acr.join(' ')}"${age}`;
  const out = bearer ? [`Bearer realm="rolegate"${error}${scope}${demand}${where}`] : [];
  // Only a bearer can lack a scope (RFC 6750 section 3.1); another password would not help.
  if (status !== 401) return out;
  const page = signInUrl === null ? '' : `, sign_in="${signInUrl}"`;
  if (session) out.push(`Session realm="rolegate"${error}${demand}${page}`);
  if (certificate) out.push('Certificate realm="rolegate"');
  if (basic && !(fromScript && bearer)) out.push('Basic realm="rolegate", charset="UTF-8"');
  return out.length > 0 ? out : ['ApiKey realm="rolegate"'];
}
