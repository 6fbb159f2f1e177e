/** What a client presents to authenticate. It is kept in memory only for the request, never logged or stored. */
import type { CertificateCredential } from '../request/peer-certificate.ts';
import type { ProtectedResources } from './resource-metadata.ts';
import type { Shape } from './shape.ts';

export type Credential =
  | BearerCredential
  | KeyPairCredential
  | ApiKeyCredential
  | SessionCredential
  | CertificateCredential;

export interface BearerCredential {
  readonly kind: 'bearer';
  readonly token: string;
}

export interface KeyPairCredential {
  readonly kind: 'keyPair';
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface ApiKeyCredential {
  readonly kind: 'apiKey';
  readonly key: string;
}

/** The session of a browser that signed in. */
export interface SessionCredential {
  readonly kind: 'session';
  /** The value of the cookie. */
  readonly id: string;
}

/** Every kind, by the name that it has in configuration, conditions, logs, metrics and records. */
export const credentialKinds = [
  'bearer',
  'keyPair',
  'apiKey',
  'session',
  'certificate',
] as const satisfies readonly Credential['kind'][];
export type CredentialKind = Credential['kind'];

export function isCredentialKind(name: unknown): name is CredentialKind {
  return (credentialKinds as readonly unknown[]).includes(name);
}

/** Every kind, for people. */
export const kindInWords: Readonly<Record<CredentialKind, string>> = {
  bearer: 'a bearer',
  keyPair: 'a key pair',
  apiKey: 'an API key',
  session: 'a session',
  certificate: 'a certificate',
};

/** How each kind of credential is presented; null: the kind is disabled. Header names in lower case. */
export interface CredentialSources {
  readonly bearer: KindSettings | null;
  /** If null, its headers have no meaning and are forwarded like any other. */
  readonly keyPair: KeyPairSettings | null;
  readonly apiKey: ApiKeySettings | null;
  /** Sessions are accepted only where a route lists them. */
  readonly session: SessionSettings | null;
  /** Whether a source checks certificates. They, too, are accepted only where a route lists them. */
  readonly certificate: boolean;
  /** What HTTP Basic carries (RFC 7617): a bearer as the password, or a key and its secret; null: Basic is off. */
  readonly basic: 'bearer' | 'keyPair' | null;
  /** Name of a cookie that may carry the bearer, or null. */
  readonly bearerCookie: string | null;
  /** WebSocket subprotocol after which `Sec-WebSocket-Protocol` carries a bearer, or null. */
  readonly websocketProtocol: string | null;
  /** Longest bearer, API key or secret, in characters. */
  readonly maxLength: number;
  /** Where clients get tokens, by host; empty: unknown to the gateway. */
  readonly resources: ProtectedResources;
}

/** Kinds that a request can have. A key with a separator is a key pair. */
export function kindsOf({
  bearer,
  keyPair,
  apiKey,
  session,
  certificate,
}: CredentialSources): readonly CredentialKind[] {
  return [
    ...(bearer === null ? [] : (['bearer'] as const)),
    ...(keyPair === null ? [] : (['keyPair'] as const)),
    ...(apiKey === null || apiKey.separator !== null ? [] : (['apiKey'] as const)),
    ...(session === null ? [] : (['session'] as const)),
    ...(certificate ? (['certificate'] as const) : []),
  ];
}

/** Clients send it with every request, as browsers do with a cookie: it counts only on routes that list it, and means nothing elsewhere. */
export function isAmbient(kind: CredentialKind): boolean {
  return kind === 'session' || kind === 'certificate';
}

export interface SessionSettings {
  /** Name of the cookie with the id. */
  readonly cookie: string;
  /** Name of the cookie that binds a sign-in to the browser. No service receives either. */
  readonly browserCookie: string;
  /** Cookies of further hosts; null: there are none. */
  readonly others: OtherHosts | null;
}

/**
 * Hosts where the cookie carries the id sealed for this host, so that none of them can use it at another. Authorities are in their plain form
 * (`plainAuthority`).
 */
export interface OtherHosts {
  /** Where people sign in: only there the cookie carries the id itself. */
  readonly main: string;
  readonly authorities: ReadonlySet<string>;
  /** Null: it was not sealed for this authority. */
  open(value: string, authority: string): string | null;
}

export interface KindSettings {
  /** The credential has one of these shapes; empty: any. Of a key pair: its key. */
  readonly shapes: readonly Shape[];
}

export interface KeyPairSettings extends KindSettings {
  readonly apiKeyHeader: string;
  readonly apiSecretHeader: string;
  readonly secretShapes: readonly Shape[];
}

export interface ApiKeySettings extends KindSettings {
  /** Null: it has no header. */
  readonly header: string | null;
  /** A bearer with this prefix is an API key; null: no bearer is. */
  readonly prefix: string | null;
  /** Separator of key and secret, which makes it a key pair; null: it is a single key. */
  readonly separator: string | null;
}
