/** What a client presents to be recognized. Lives in memory for the request only; never logged, never stored. */
export type Credential = BearerCredential | KeyPairCredential;

export interface BearerCredential {
  readonly kind: 'bearer';
  readonly token: string;
}

export interface KeyPairCredential {
  readonly kind: 'key_pair';
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface KeyPairHeaders {
  readonly apiKeyHeader: string;
  readonly apiSecretHeader: string;
}

/** Where credentials are read from; header names in lower case. */
export interface CredentialSources {
  /** Null: no key pairs; their headers mean nothing then, and are forwarded like any other. */
  readonly keyPair: KeyPairHeaders | null;
  /** Name of a cookie that may carry the bearer, or null. */
  readonly bearerCookie: string | null;
  /** WebSocket subprotocol behind which `Sec-WebSocket-Protocol` carries a bearer, or null. */
  readonly websocketProtocol: string | null;
  /** Longest bearer, API key or secret, in characters. */
  readonly maxLength: number;
}
