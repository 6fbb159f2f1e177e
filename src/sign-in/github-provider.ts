/**
 * GitHub as a provider: OAuth 2.0 with PKCE and no ID token, and the user from its API. Tokens of OAuth apps do not end, so a refresh reads
 * the user again; those of GitHub Apps are also refreshed. GitHub has neither a sign-out for clients nor a sign-in that states its time or
 * kind.
 */
import { hash } from 'node:crypto';
import { GithubRefusal, githubApi, maxGithubBytes, readGithubUser } from './github-api.ts';
import {
  afterRefresh,
  type Provider,
  type ProviderSettings,
  type Refused,
  type SignedIn,
  type Tokens,
  type Unavailable,
} from './provider.ts';
import { createProviderFetch, ProviderUnavailable } from './provider-fetch.ts';

export interface GithubSettings extends ProviderSettings {
  readonly client: { readonly id: string; readonly secret: string };
  /** The user is read again after this time at the latest. */
  readonly maxClaimsAgeMs: number;
}

type Failure = Refused | Unavailable;

/** `now`: milliseconds since the epoch. */
export function createGithubProvider(settings: GithubSettings, now: () => number): Provider {
  const { name, issuer, client, scopes, timeoutMs, maxClaimsAgeMs } = settings;
  const calls = createProviderFetch(settings, maxGithubBytes);
  const api = githubApi(issuer);

  async function requestTokens(grant: Readonly<Record<string, string>>): Promise<Tokens> {
    const path = '/login/oauth/access_token';
    const response = await calls.fetch(issuer + path, {
      method: 'POST',
      // Without it, a response is a form.
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'user-agent': 'rolegate',
      },
      body: new URLSearchParams({ client_id: client.id, client_secret: client.secret, ...grant }),
    });
    const read: unknown = await response.json().catch(() => null);
    const stated = typeof read === 'object' && read !== null ? (read as Readonly<Record<string, unknown>>) : {};
    // The status of a refusal is 200, too.
    const { error, error_description: description, access_token: access } = stated;
    if (typeof error === 'string') throw new GithubRefusal(error, String(description ?? error).slice(0, 500));
    if (response.status !== 200 || typeof access !== 'string' || access === '')
      throw new GithubRefusal('invalid_response', `${path}: status ${response.status}, and no token`);
    const { refresh_token: refresh, expires_in: expiresInS } = stated;
    const receivedAtMs = now();
    return {
      access,
      id: null,
      refresh: typeof refresh === 'string' ? refresh : null,
      expiresAtMs: typeof expiresInS === 'number' ? receivedAtMs + expiresInS * 1000 : null,
      receivedAtMs,
    };
  }

  /** `expected`: whose tokens they are; null: a new user's. */
  async function signedIn(tokens: Tokens, expected: string | null): Promise<SignedIn> {
    const { subject, claims } = await readGithubUser(calls, { api, token: tokens.access!, scopes, timeoutMs });
    if (expected !== null && subject !== expected)
      throw new GithubRefusal('other_subject', 'the token is of another user');
    return { kind: 'signed-in', issuer, subject, claims, authenticatedAtMs: null, tokens };
  }

  /** The user, and new tokens if these end before the user is read the next time. */
  async function readAgain(tokens: Tokens, subject: string, onRenewed: (renewed: Tokens) => void): Promise<SignedIn> {
    const { refresh } = tokens;
    const receivedAtMs = now();
    const restMs = refresh === null ? Infinity : (tokens.expiresAtMs ?? Infinity) - receivedAtMs;
    const renew = () => requestTokens({ grant_type: 'refresh_token', refresh_token: refresh! });
    if (restMs <= 0) {
      const renewed = await renew();
      onRenewed(renewed);
      return await signedIn(renewed, subject);
    }
    // The user comes first: if that fails, the refresh token is still good.
    const read = await signedIn({ ...tokens, receivedAtMs }, subject);
    return restMs > maxClaimsAgeMs ? read : { ...read, tokens: await renew() };
  }

  return {
    name,
    label: settings.label,
    issuer,
    check: async () => null,
    async startAuthorization({ redirectUri, state, verifier, maxAgeS, acr }) {
      if (maxAgeS !== null || acr !== null) return unprovable;
      const url = new URL('/login/oauth/authorize', issuer);
      url.search = String(
        new URLSearchParams({
          client_id: client.id,
          redirect_uri: redirectUri,
          scope: scopes.join(' '),
          state,
          code_challenge: hash('sha256', verifier, 'base64url'),
          code_challenge_method: 'S256',
        }),
      );
      return url;
    },
    exchangeCode: ({ callback, verifier }) =>
      attempt(async () => {
        const { searchParams, origin, pathname } = callback;
        const error = searchParams.get('error');
        if (error !== null)
          throw new GithubRefusal(error, searchParams.get('error_description')?.slice(0, 500) ?? error);
        const code = searchParams.get('code');
        if (code === null) throw new GithubRefusal('invalid_response', 'the callback has no code');
        const tokens = await requestTokens({ code, redirect_uri: origin + pathname, code_verifier: verifier });
        return await signedIn(tokens, null);
      }),
    async refresh(before, { subject }) {
      let renewed: Tokens | null = null;
      const result = await attempt(() =>
        readAgain(before, subject, (tokens) => {
          renewed = tokens;
        }),
      );
      return afterRefresh(result, endsSession, renewed);
    },
    endSessionUrl: async () => null,
    close: () => calls.close(),
  };
}

/** A session that seems fresh, from a browser that was signed in at GitHub for weeks, must not pass for a recent sign-in. */
const unprovable: Refused = {
  kind: 'refused',
  error: 'unmet_authentication_requirements',
  detail: 'GitHub does not state when or how a user signed in',
};

/** Codes of GitHub for which OAuth 2.0 or OpenID Connect has others. */
const standardCodes: ReadonlyMap<string, string> = new Map([
  ['bad_verification_code', 'invalid_grant'],
  ['bad_refresh_token', 'invalid_grant'],
  ['incorrect_client_credentials', 'invalid_client'],
  ['redirect_uri_mismatch', 'invalid_request'],
  ['unverified_user_email', 'email_not_verified'],
]);

/**
 * What says something about the user. All else, such as a client secret that was replaced, or a permission that the app has lost, is a fault
 * of the installation: it must not sign everyone out.
 */
const endsSession: ReadonlySet<string> = new Set([
  ...['invalid_token', 'invalid_grant', 'access_denied', 'other_subject', 'email_not_verified'],
]);

/** A failure is a value. */
async function attempt(call: () => Promise<SignedIn>): Promise<SignedIn | Failure> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ProviderUnavailable) return { kind: 'unavailable', detail: error.message };
    if (!(error instanceof GithubRefusal)) throw error;
    const { error: said, message } = error;
    return { kind: 'refused', error: standardCodes.get(said) ?? said, detail: `${said}: ${message}` };
  }
}
