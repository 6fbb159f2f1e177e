/** The port of a source: what knows whether a credential is good, and whose it is. */
import type { SourceKind } from '../../config/source-config.ts';
import type { Credential } from '../../core/credential/credential.ts';
import type { Identity, SourceFailure, Unresolved } from '../../core/identity/identity.ts';

export interface Source {
  readonly name: string;
  readonly kind: SourceKind;
  /**
   * Whether it says what its issuer has said once, and nothing of what was revoked since: then it needs the connection to
   * revocations.
   */
  readonly unaware: boolean;
  /** `client`: on whose behalf; if unset, the check counts for none. Never rejects. */
  check(credential: Credential, client?: string): Promise<SourceResult>;
  /** At most one round of requests a second. */
  status(): Promise<SourceStatus>;
  close(): Promise<void>;
}

/** The result of a check, and from when on and for how long it holds. */
export type SourceResult = (
  | { readonly identity: Identity }
  | Pick<Unresolved, 'identity' | 'reason' | 'retryAfterS' | 'rejection'>
) & {
  /** Why there is neither an identity nor a rejection; null: there is one of them, or too many checks are waiting. */
  readonly failure: SourceFailure | null;
  /** When it was sent, in milliseconds since the epoch. */
  readonly askedAtMs: number;
  /** How long the result may be kept from then on; `Infinity`: as long as the configuration says. */
  readonly keepableMs: number;
  /** Whether the source is out of reach, so that an earlier result may stand in for it; null: nothing was learned. */
  readonly outage: boolean | null;
};

/** Whether a source can be used, and what is wrong with it. */
export interface SourceStatus {
  readonly reachable: boolean;
  readonly failures: readonly SourceFailure[];
}

/** What is presented as a token. The configuration sends no key pair to a source that takes tokens alone. */
export function tokenOf(credential: Credential): string {
  if (credential.kind === 'key_pair') throw new TypeError('a key pair is not a token');
  return credential.kind === 'api_key' ? credential.key : credential.token;
}
