/**
 * Headers whose value for the service is determined here, regardless of the client: identity, credentials, and the cookie that may contain
 * one. Each is in every response that allows a request, empty or listed for removal if the service must not receive it, because a proxy
 * keeps the client's header if the response lacks it.
 */
import type { CredentialSources } from '../core/credential/credential.ts';
import type { IdentityHeader } from '../core/forwarding/forwarding-rules.ts';
import { assertionHeader } from '../core/syntax/header-names.ts';
import type { ManagedHeader } from './dialect.ts';

export interface ManagedName {
  readonly name: string;
  readonly kind: ManagedHeader['kind'];
}

/** Names in lower case. */
export function managedNames(config: {
  readonly identityHeaders: readonly IdentityHeader[];
  /** Null: no identities are signed. */
  readonly identityAssertion: { readonly header: string } | null;
  readonly credentials: CredentialSources;
}): readonly ManagedName[] {
  const { keyPair, apiKey, bearerCookie, session } = config.credentials;
  const signed = config.identityAssertion?.header.toLowerCase() ?? assertionHeader;
  const plain = config.identityHeaders.map(({ name }) => name);
  const identity = [...plain, signed, 'x-rolegate-stale', 'x-request-id'];
  const credentials = [
    'authorization',
    ...(keyPair === null ? [] : [keyPair.apiKeyHeader, keyPair.apiSecretHeader]),
    ...(apiKey === null || apiKey.header === null ? [] : [apiKey.header]),
    ...(bearerCookie === null && session === null ? [] : ['cookie']),
  ];
  return [
    ...identity.map((name) => ({ name, kind: 'identity' as const })),
    ...credentials.map((name) => ({ name, kind: 'credential' as const })),
  ];
}

/** `forwarded`: the headers of the request as the gateway would forward it, alternating names and values. */
export function managedHeaders(names: readonly ManagedName[], forwarded: readonly string[]): readonly ManagedHeader[] {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < forwarded.length; i += 2) {
    const name = forwarded[i]!.toLowerCase();
    const before = values.get(name);
    // Cookies are one list with another separator (RFC 6265 section 5.4).
    const separator = name === 'cookie' ? '; ' : ', ';
    values.set(name, before === undefined ? forwarded[i + 1]! : `${before}${separator}${forwarded[i + 1]}`);
  }
  return names.map(({ name, kind }) => ({ name, kind, value: values.get(name) ?? null }));
}

/** All of them, including those that the service must not receive: alternating names and values. */
export function allManaged(managed: readonly ManagedHeader[]): string[] {
  return managed.flatMap(({ name, value }) => [name, value ?? '']);
}
