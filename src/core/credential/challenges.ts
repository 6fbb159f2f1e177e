/**
 * `WWW-Authenticate` of a refusal: the ways to present a credential that the route takes (RFC 9110 section 11.6.1). Fixed
 * text of the configuration: nothing of the request in it.
 */

import { type ReasonCode, reasons } from '../outcome/reasons.ts';
import type { CredentialKind, CredentialSources } from './credential.ts';

export interface Challenges {
  readonly bearer: boolean;
  readonly basic: boolean;
  /** Where the metadata of a host is (RFC 9728 section 5.1), by host. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Where bearers alone are taken. */
export const bearerOnly: Challenges = { bearer: true, basic: false, metadata: new Map() };

/** `taken`: kinds that a route takes. */
export function compileChallenges(sources: CredentialSources, taken: readonly CredentialKind[]): Challenges {
  const { apiKey, basic, resources } = sources;
  // What a bearer with the prefix of API keys is.
  const prefixed: CredentialKind = apiKey !== null && apiKey.separator !== null ? 'key_pair' : 'api_key';
  const bearer = taken.includes('bearer') || (apiKey?.prefix != null && taken.includes(prefixed));
  return {
    bearer,
    basic: basic === 'bearer' ? bearer : basic === 'keyPair' && taken.includes('key_pair'),
    metadata: new Map([...resources].map(([host, { metadataUrl }]) => [host, metadataUrl])),
  };
}

/** Schemes of a 401. A 401 has a challenge, and no scheme is registered for keys in headers of their own. */
export function schemesOf({ bearer, basic }: Pick<Challenges, 'bearer' | 'basic'>): readonly string[] {
  const schemes = [...(bearer ? ['Bearer'] : []), ...(basic ? ['Basic'] : [])];
  return schemes.length > 0 ? schemes : ['ApiKey'];
}

/**
 * One value for each header; none where the reason carries no challenge. `fromScript`: Basic is left to other clients, as a
 * browser would open a dialog of its own over the page. `maxAgeS`: how old a sign-in may be; null: no matter.
 */
export function challengesFor(
  code: ReasonCode,
  { bearer, basic, metadata }: Challenges,
  host: string,
  { fromScript = false, maxAgeS = null }: { readonly fromScript?: boolean; readonly maxAgeS?: number | null } = {},
): string[] {
  const { status, challenge } = reasons[code];
  if (challenge === undefined) return [];
  const url = metadata.get(host);
  const where = url === undefined ? '' : `, resource_metadata="${url}"`;
  const error = challenge === 'none' ? '' : `, error="${challenge}"`;
  const age = maxAgeS === null ? '' : `, max_age="${maxAgeS}"`;
  const out = bearer ? [`Bearer realm="rolegate"${error}${age}${where}`] : [];
  // Only a bearer can lack a scope (RFC 6750 section 3.1); another password would not help either.
  if (status !== 401) return out;
  if (basic && !(fromScript && bearer)) out.push('Basic realm="rolegate", charset="UTF-8"');
  return out.length > 0 ? out : ['ApiKey realm="rolegate"'];
}
