/**
 * One provider as sign-in uses it: where a person is sent, and what a code or a refresh gives. An outage and a refusal are different
 * results, so that an outage never signs anyone out. Nothing of a token or a code is in a result's `detail`.
 */
import type { TlsClient } from '../http1/client/tls-options.ts';

/** What providers of all protocols have. */
export interface ProviderSettings {
  readonly name: string;
  /** For people. */
  readonly label: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly tls: TlsClient | null;
  /** Of one call. */
  readonly timeoutMs: number;
}

export interface AuthorizationStart {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The sign-in may be this old at most; null: as the provider likes. */
  readonly maxAgeS: number | null;
  /** It must be one of these kinds, the preferred one first; null: of any. */
  readonly acr: readonly string[] | null;
  /** Whether the user signs in again, although the provider remembers an earlier sign-in. */
  readonly reauthenticates: boolean;
}

export interface CodeCheck extends Omit<AuthorizationStart, 'redirectUri' | 'acr' | 'reauthenticates'> {
  /** The address that the browser opened, with its query. */
  readonly callback: URL;
}

export interface Tokens {
  readonly access: string | null;
  readonly id: string | null;
  readonly refresh: string | null;
  /** Milliseconds since the epoch; null: the provider did not state it. */
  readonly expiresAtMs: number | null;
  readonly receivedAtMs: number;
}

/** What the provider says about a person. */
export interface SignedIn {
  readonly kind: 'signed-in';
  readonly issuer: string;
  readonly subject: string;
  /** Of the ID token, completed from UserInfo; or what an API says, under the names that these would have. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** When the user proved who he is, in milliseconds since the epoch; null: the provider never states it. */
  readonly authenticatedAtMs: number | null;
  readonly tokens: Tokens;
}

/** `error`: a code of OAuth 2.0, of OpenID Connect or of the provider, or `invalid_response`. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: string;
  /** For the log. */
  readonly detail: string;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly detail: string;
  /** Of a refresh that failed after it had renewed them: the former ones are of no use any more. */
  readonly tokens?: Tokens;
}

export interface Provider {
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** Of its users. */
  readonly issuer: string;
  /** Reads the provider's metadata, once. Resolves to null, also for one without metadata, or why it has none. */
  check(): Promise<Unavailable | Refused | null>;
  /** Where the browser is sent. */
  startAuthorization(start: AuthorizationStart): Promise<URL | Refused | Unavailable>;
  exchangeCode(check: CodeCheck): Promise<SignedIn | Refused | Unavailable>;
  /** Good tokens and current claims of the same person; `claims` are those of the session. */
  refresh(
    tokens: Tokens,
    of: { readonly subject: string; readonly claims: Readonly<Record<string, unknown>> },
  ): Promise<SignedIn | Refused | Unavailable>;
  /** Where the browser ends the session of the provider; null: it cannot, or is unavailable. */
  endSessionUrl(idToken: string | null, returnTo: string): Promise<URL | null>;
  /** Ends its session when ours ends; unset: only the browser can, by `endSessionUrl`. Never rejects. */
  endSession?(session: { readonly tokens: Tokens; readonly providerSession: string | null }): Promise<void>;
  close(): Promise<void>;
}

/** The result of a refresh: only some errors end the session, and renewed tokens are not lost with what failed after them. */
export function afterRefresh(
  result: SignedIn | Refused | Unavailable,
  endsSession: ReadonlySet<string>,
  renewed: Tokens | null,
): SignedIn | Refused | Unavailable {
  if (result.kind === 'signed-in' || (result.kind === 'refused' && endsSession.has(result.error))) return result;
  const { detail } = result;
  return { kind: 'unavailable', detail, ...(renewed === null ? {} : { tokens: renewed }) };
}
