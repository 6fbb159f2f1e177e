/** Compiled sources: what knows whether a credential is good and whose it is, and how each is asked. */
import type { RedisTlsConfig } from './config.ts';

export interface SourceFields {
  readonly userId: FieldRule;
  readonly roles: FieldRule | null;
  readonly groups: FieldRule | null;
  readonly expireAt: FieldRule | null;
  readonly sessionId: FieldRule | null;
  readonly keyId: FieldRule | null;
  readonly tokenId: FieldRule | null;
  readonly issuedAt: FieldRule | null;
  readonly alias: FieldRule | null;
  readonly fullName: FieldRule | null;
}

/** How a field of an identity is found in the JSON of a source. A rule that is null: the source has no such field. */
export type FieldRule =
  | {
      /** The first that is present counts. */
      readonly places: readonly FieldPlace[];
      readonly optional: boolean;
    }
  | { readonly value: string | readonly string[] };

export interface FieldPlace {
  /** As written. */
  readonly path: string;
  readonly steps: readonly string[];
  /** What separates the names in one text; null: they are a list. */
  readonly split: string | null;
}

/** A service that is asked by HTTP. */
export interface RemoteConfig {
  /** At least one: the first is asked, the next ones when it fails. */
  readonly urls: readonly string[];
  readonly timeoutMs: number;
  /** Calls at once. */
  readonly concurrency: number;
  /** Statuses by which it rejects a credential. */
  readonly rejectedStatuses: readonly number[];
  readonly honorCacheControl: boolean;
  readonly breaker: { readonly failures: number; readonly openMs: number };
  /** Null: certificates are checked by the authorities that Node and the system trust. */
  readonly tls: RedisTlsConfig | null;
}

/** `authApi`, and sources of that kind; `urls` without trailing slash. */
export interface AuthApiSourceConfig extends RemoteConfig {
  readonly paths: { readonly session: string; readonly keypair: string };
  readonly headers: { readonly apiKey: string; readonly apiSecret: string };
  /** A boolean that must be true; null: the status alone accepts. */
  readonly verified: FieldRule | null;
  readonly fields: { readonly session: SourceFields; readonly keypair: SourceFields };
}

/** `short`: it is the section `authApi`, and not an entry of `sources`. */
export type SourceConfig = AuthApiSourceConfig & {
  readonly kind: 'authApi';
  readonly name: string;
  readonly short: boolean;
};

/** By the form of a credential, the name of the source that is asked; null: none, and it is rejected. */
export interface SourceRule {
  readonly bearer: string | null;
  readonly keyPair: string | null;
  readonly apiKey: string | null;
  readonly issuers: readonly { readonly issuer: string; readonly source: string }[];
}

export interface SourcesConfig {
  readonly list: readonly SourceConfig[];
  readonly rule: SourceRule;
}
