/** Which credential was read and from where, which kinds the route accepts, and which source would be called. */
import type { Credential, CredentialKind, CredentialSources } from '../credential/credential.ts';
import { extractCredential, readableKinds } from '../credential/extract-credential.ts';
import { cookieValues } from '../credential/session-cookie.ts';
import type { CanonicalRequest, RequestView } from '../request/request-view.ts';
import type { Route } from '../routing/route.ts';

export interface CredentialReport {
  /** Null: no credential, or none that can be read. */
  readonly kind: CredentialKind | null;
  /** The header that carries it, or "the connection"; null: none does. */
  readonly from: string | null;
  /** Kinds that the route accepts. */
  readonly taken: readonly CredentialKind[];
  /** Null: no source would be called. */
  readonly source: AskedSource | null;
}

export interface AskedSource {
  /** Name of the source; null: none is configured. */
  readonly source: string | null;
  /** Why this one: the form of the credential. */
  readonly why: string;
}

export function explainCredential(
  request: CanonicalRequest,
  { rawHeaders, certificate = null }: Pick<RequestView, 'rawHeaders' | 'certificate'>,
  sources: CredentialSources,
  { credentials: taken }: Route,
  sourceOf: (credential: Credential) => AskedSource,
): CredentialReport {
  const read = extractCredential(request, rawHeaders, sources, readableKinds(taken), certificate);
  const ofConnection = certificate !== null && taken.includes('certificate') ? ['the connection'] : [];
  const from = [...ofConnection, ...carriersOf(rawHeaders, sources)].join(' and ');
  if (read === null || typeof read === 'string') return { kind: null, from: from || null, taken, source: null };
  return { kind: read.kind, from: from || null, taken, source: taken.includes(read.kind) ? sourceOf(read) : null };
}

/** Only names: a value may contain a secret. */
function carriersOf(rawHeaders: readonly string[], sources: CredentialSources): readonly string[] {
  const { keyPair, apiKey, bearerCookie, websocketProtocol, session } = sources;
  const headerNamed = (name: string) => {
    const at = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
    return at < 0 ? null : rawHeaders[at + 1]!;
  };
  const headers = [keyPair?.apiKeyHeader, keyPair?.apiSecretHeader, apiKey?.header];
  const carriers = headers.filter((name) => name != null).filter((name) => headerNamed(name) !== null);
  const authorization = headerNamed('authorization');
  if (authorization !== null) {
    const scheme = /^(?:bearer|basic)(?= )/i.exec(authorization)?.[0].toLowerCase();
    carriers.push(scheme === undefined ? 'authorization' : `authorization (${scheme})`);
  }
  if (bearerCookie !== null && headerNamed('cookie')?.includes(`${bearerCookie}=`) === true) {
    carriers.push(`cookie ${bearerCookie}`);
  }
  if (session !== null && cookieValues(rawHeaders, session.cookie).length > 0)
    carriers.push(`cookie ${session.cookie}`);
  const offered = websocketProtocol === null ? null : headerNamed('sec-websocket-protocol');
  if (offered?.includes(websocketProtocol!) === true) carriers.push('sec-websocket-protocol');
  return carriers;
}
