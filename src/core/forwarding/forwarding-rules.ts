/** How headers are treated, and which of ours a service receives; `compile-forwarding.ts` creates it from the configuration. */
import type { ClaimType } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import type { HeaderTable } from '../syntax/header-fields.ts';
import type { ForwardedSource } from './forwarded-header.ts';

/** Fields of an identity that a header may carry. */
export const identityFields = [
  'userId',
  'source',
  'groups',
  'roles',
  'sessionId',
  'keyId',
  'alias',
  'fullName',
  'kind',
] as const satisfies readonly (keyof Identity)[];
export type IdentityField = (typeof identityFields)[number];

export interface IdentityHeader {
  /** Lower case, with "-" and never "_". */
  readonly name: string;
  readonly field: IdentityField | HeaderClaim;
}

/** A claim that the configuration declares. */
export interface HeaderClaim {
  readonly claim: string;
  readonly type: ClaimType;
}

/** What happens to a header of the client. */
export type RequestTreatment = 'pass' | 'remove' | 'proxy' | 'credential' | 'cookie' | 'subprotocol' | 'via' | 'kept';

/** What happens to a header of a response. */
export type ResponseTreatment = 'pass' | 'remove' | 'length' | 'error' | 'error-id' | 'cors' | 'set-cookie';

/** Headers in which proxies send the certificate of their client. The name says the form. */
export const certificateHeaders = [
  'client-cert',
  'ssl-client-cert',
  'x-forwarded-client-cert',
  'x-forwarded-tls-client-cert',
] as const;
export type CertificateHeader = (typeof certificateHeaders)[number];

export interface ForwardingRules {
  readonly identityHeaders: readonly IdentityHeader[];
  /** Carries the signed identity; null: none is sent. */
  readonly assertionHeader: string | null;
  /** Other headers pass. */
  readonly requestTreatments: HeaderTable<RequestTreatment>;
  /** Names with these prefixes are treated as `proxy`. */
  readonly proxyPrefixes: readonly string[];
  readonly bearerCookie: string | null;
  /** Cookies that no service receives. */
  readonly ownCookies: readonly string[];
  readonly websocketProtocol: string | null;
  /** Of responses; others pass. */
  readonly responseTreatments: HeaderTable<ResponseTreatment>;
  /** Our element of `Via` (RFC 9110 section 7.6.3); null: none is added. */
  readonly via: string | null;
  /** The kind that trusted proxies write, and that services receive besides `X-Forwarded-*`. */
  readonly forwardedHeaders: ForwardedSource;
  /** Read from trusted proxies only; null: none is. */
  readonly clientCertificateHeader: CertificateHeader | null;
  /** Clients get the id of their request, instead of one that the service sends. */
  readonly returnsRequestId: boolean;
}
