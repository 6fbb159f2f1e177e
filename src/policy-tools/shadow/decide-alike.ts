/**
 * What other rules would have decided for a request: the same view, with the result that the Auth API has already returned. No
 * source is called again. So if none was called the first time, the other decision may stay open.
 */
import type { Credential } from '../../core/credential/credential.ts';
import { decide, type Policy } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import type { Resolution } from '../../core/identity/identity.ts';
import type { RequestView } from '../../core/request/request-view.ts';

/** A request, its decision, and the Auth API's result. */
export interface Decided {
  readonly view: RequestView;
  readonly decision: Decision;
  /** The credential that was sent to the Auth API; null: none. */
  readonly credential: Credential | null;
  /** The result of the credential; null: the Auth API was not called. */
  readonly resolution: Resolution | null;
}

/** Null: the decision depends on an unknown result. */
export function decideAlike({ view, credential, resolution }: Decided, policy: Policy): Decision | null {
  let known = true;
  const decision = decide(view, policy, (candidate) => {
    if (resolution !== null && sameCredential(candidate, credential)) return resolution;
    known = false;
    return notAsked;
  }) as Decision;
  return known ? decision : null;
}

const notAsked: Resolution = { identity: null, reason: 'auth_unavailable', retryAfterS: null, source: 'none' };

function sameCredential(a: Credential, b: Credential | null): boolean {
  if (a.kind === 'apiKey') return b?.kind === 'apiKey' && a.key === b.key;
  if (a.kind === 'bearer') return b?.kind === 'bearer' && a.token === b.token;
  if (a.kind === 'session') return b?.kind === 'session' && a.id === b.id;
  if (a.kind === 'certificate') return b?.kind === 'certificate' && a.fingerprint === b.fingerprint;
  return b?.kind === 'keyPair' && a.apiKey === b.apiKey && a.apiSecret === b.apiSecret;
}
