/** The port of a source, which validates credentials and returns their identities. */
import type { SourceKind } from '../../config/source-config.ts';
import type { Credential } from '../../core/credential/credential.ts';
import type { Identity, SourceFailure, Unresolved } from '../../core/identity/identity.ts';

export interface Source {
  readonly name: string;
  readonly kind: SourceKind;
  /** Whether its result reflects only the time of issue, without later revocations: then it needs the connection to revocations. */
  readonly unaware: boolean;
  /** Whether it accepts a right secret even beyond its own limit of failures, so that 429 means a wrong one. */
  readonly passesRightSecrets?: boolean;
  /**
   * `client`: the client key; if unset, the check counts for no client. `known`: the credential was accepted before, so that its client is not
   * guessing. Never rejects.
   */
  check(credential: Credential, client?: string, known?: boolean): Promise<SourceResult>;
  /** The credential was revoked: what the source itself keeps of it must end, or it returns with the end of the tombstone. Never throws. */
  revoked?(credential: Credential): void;
  /** At most one round of requests a second. */
  status(): Promise<SourceStatus>;
  close(): Promise<void>;
}

/** The result of a check, and for which time and how long it is valid. */
export type SourceResult = (
  | { readonly identity: Identity }
  | Pick<Unresolved, 'identity' | 'reason' | 'retryAfterS' | 'rejection'>
) & {
  /** Why there is neither an identity nor a rejection; null: there is one, or too many checks are waiting. */
  readonly failure: SourceFailure | null;
  /** When it was sent, in milliseconds since the epoch. */
  readonly askedAtMs: number;
  /** How long the result may be kept from then on; `Infinity`: as configured. */
  readonly keepableMs: number;
  /** Whether the source is unreachable, so that an earlier result may be used; null: unknown. */
  readonly outage: boolean | null;
};

/** Whether a source can be used, and what is wrong with it. */
export interface SourceStatus {
  readonly reachable: boolean;
  readonly failures: readonly SourceFailure[];
}

/** The text of a token. The configuration never sends another credential to a source that accepts only tokens. */
export function tokenOf(credential: Credential): string {
  if (credential.kind !== 'bearer' && credential.kind !== 'apiKey') throw new TypeError('no token');
  return credential.kind === 'apiKey' ? credential.key : credential.token;
}
