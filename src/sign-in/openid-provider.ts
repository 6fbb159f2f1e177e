/**
 * A provider by OpenID Connect: authorization code with PKCE, nonce and state; pushed requests (RFC 9126) where it takes them; the issuer of
 * a callback is checked (RFC 9207), and the signature of an ID token always. Its metadata are read on first use, and again after an hour.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type * as Library from 'openid-client';
import {
  afterRefresh,
  type Provider,
  type ProviderSettings,
  type Refused,
  type SignedIn,
  type Tokens,
  type Unavailable,
} from './provider.ts';
import { createProviderFetch, type ProviderCall, ProviderUnavailable } from './provider-fetch.ts';

/** Clocks of two machines may differ by this. */
const clockToleranceS = 60;
const metadataLifeMs = 3_600_000;
/** A longer ID token is not sent in the address of the provider's sign-out page. */
const maxHintLength = 4_000;

type Response = Library.TokenEndpointResponse & Library.TokenEndpointResponseHelpers;

export interface OpenidSettings extends ProviderSettings {
  /** With a shared secret, or the private key (PEM) of `private_key_jwt`. */
  readonly client: { readonly id: string } & ({ readonly secret: string } | { readonly key: string });
  /** Of the request to sign in, besides those of the protocol. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
}

interface Known {
  readonly library: typeof Library;
  readonly configuration: Library.Configuration;
  readonly readAtMs: number;
}

type Failure = Refused | Unavailable;

/** `now`: milliseconds since the epoch. */
export function createOpenidProvider(settings: OpenidSettings, now: () => number): Provider {
  const calls = createProviderFetch(settings);
  let known: Known | null = null;
  let reading: Promise<Known> | null = null;

  async function read(): Promise<Known> {
    const library = await import('openid-client');
    const insecure = new URL(settings.issuer).protocol === 'http:';
    const configuration = await library.discovery(
      new URL(settings.issuer),
      settings.client.id,
      { [library.clockTolerance]: clockToleranceS },
      await clientAuthentication(library, settings),
      {
        [library.customFetch]: (url: string, call: ProviderCall) => calls.fetch(url, call),
        execute: [library.enableNonRepudiationChecks, ...(insecure ? [library.allowInsecureRequests] : [])],
      } as Library.DiscoveryRequestOptions,
    );
    return { library, configuration, readAtMs: now() };
  }

  /** Rejects if there never were any metadata: known ones stay in use while the provider is away. */
  async function metadata(): Promise<Known> {
    if (known !== null && now() - known.readAtMs < metadataLifeMs) return known;
    reading ??= read().finally(() => {
      reading = null;
    });
    try {
      known = await reading;
    } catch (error) {
      if (known === null) throw error;
    }
    return known;
  }

  async function signedIn(
    { library, configuration }: Known,
    tokens: Response,
    before: { readonly subject: string; readonly claims: Claims; readonly tokens: Tokens } | null,
  ): Promise<SignedIn> {
    const receivedAtMs = now();
    const fromToken = tokens.claims();
    const subject = fromToken?.sub ?? before?.subject;
    if (subject === undefined) throw new ForeignResponse('the response has no ID token');
    if (before !== null && subject !== before.subject) throw new ForeignResponse('the subject has changed');
    const { userinfo_endpoint: endpoint, issuer } = configuration.serverMetadata();
    const info = endpoint === undefined ? {} : await library.fetchUserInfo(configuration, tokens.access_token, subject);
    const claims = claimsOf(before?.claims, info, fromToken);
    return {
      kind: 'signed-in',
      issuer,
      subject,
      claims,
      authenticatedAtMs: authenticatedAt(claims, receivedAtMs),
      tokens: tokensOf(tokens, before?.tokens ?? null, receivedAtMs),
    };
  }

  /** Calls with the metadata; a failure is a value. */
  async function attempt<T>(call: (from: Known) => Promise<T>): Promise<T | Failure> {
    try {
      return await call(await metadata());
    } catch (error) {
      return failureOf(error);
    }
  }

  return {
    name: settings.name,
    label: settings.label,
    issuer: settings.issuer,
    check: () => attempt(async () => null),
    startAuthorization: ({ redirectUri, state, nonce, verifier, maxAgeS, acr, reauthenticates }) =>
      attempt(async ({ library, configuration }) => {
        const parameters = {
          ...settings.authorizationParameters,
          redirect_uri: redirectUri,
          scope: settings.scopes.join(' '),
          state,
          nonce,
          code_challenge: await library.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          ...(maxAgeS === null ? {} : { max_age: String(maxAgeS) }),
          ...(acr === null ? {} : { acr_values: acr.join(' ') }),
          ...(reauthenticates ? { prompt: 'login' } : {}),
        };
        const pushed = configuration.serverMetadata().pushed_authorization_request_endpoint !== undefined;
        return pushed
          ? await library.buildAuthorizationUrlWithPAR(configuration, parameters)
          : library.buildAuthorizationUrl(configuration, parameters);
      }),
    exchangeCode: ({ callback, state, nonce, verifier, maxAgeS }) =>
      attempt(async (from) => {
        const tokens = await from.library.authorizationCodeGrant(from.configuration, callback, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
          ...(maxAgeS === null ? {} : { maxAge: maxAgeS }),
        });
        return await signedIn(from, tokens, null);
      }),
    async refresh(before, { subject, claims }) {
      let renewed: Tokens | null = null;
      const result = await attempt(async (from): Promise<SignedIn | Refused> => {
        const { refresh } = before;
        if (refresh === null) return { kind: 'refused', error: 'invalid_grant', detail: 'there is no refresh token' };
        const tokens = await from.library.refreshTokenGrant(from.configuration, refresh);
        renewed = tokensOf(tokens, before, now());
        return await signedIn(from, tokens, { subject, claims, tokens: before });
      });
      return afterRefresh(result, endsSession, renewed);
    },
    async endSessionUrl(idToken, returnTo) {
      const url = await attempt(async ({ library, configuration }) => {
        if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
        const hint = idToken === null || idToken.length > maxHintLength ? {} : { id_token_hint: idToken };
        return library.buildEndSessionUrl(configuration, { ...hint, post_logout_redirect_uri: returnTo });
      });
      return url instanceof URL ? url : null;
    },
    close: () => calls.close(),
  };
}

/**
 * A new ID token replaces what an earlier one and UserInfo said: providers omit the claim of roles when the last one is taken away. Only
 * what is said once, at the sign-in, remains. Without a new ID token, its claims are still those of the earlier one.
 */
export function claimsOf(before: Claims | undefined, info: Claims, fromToken: Claims | undefined): Claims {
  const ofSignIn = (claims: Claims) => Object.entries(claims).filter(([name]) => signInClaims.has(name));
  const rest = Object.fromEntries(Object.entries(info).filter(([name]) => !signInClaims.has(name)));
  const isKept = before === undefined || fromToken === undefined;
  const {
    email: _,
    email_verified: __,
    ...merged
  } = {
    ...(isKept ? before : Object.fromEntries(ofSignIn(before))),
    ...rest,
    ...fromToken,
  };
  return { ...merged, ...addressOf([fromToken, rest, ...(isKept ? [before] : [])]) };
}

/**
 * The first address, and whether it is verified by what names this very address: ID token and UserInfo can name different ones, and only
 * one of them may be verified.
 */
function addressOf(statements: readonly (Claims | undefined)[]): Claims {
  const named = statements.filter((one) => has(one, 'email'));
  const email = named[0]?.['email'];
  if (email === undefined) return {};
  const verified = named.find((one) => one?.['email'] === email && has(one, 'email_verified'));
  return { email, ...(verified === undefined ? {} : { email_verified: verified['email_verified'] }) };
}

function has(claims: Claims | undefined, name: string): boolean {
  return claims?.[name] !== undefined && claims[name] !== null;
}

type Claims = Readonly<Record<string, unknown>>;

/** By the ID token, which is at least issued when its user signs in. */
function authenticatedAt({ auth_time: authTime, iat }: Claims, receivedAtMs: number): number {
  const seconds = [authTime, iat].find((time) => typeof time === 'number');
  return seconds === undefined ? receivedAtMs : Math.min(seconds * 1000, receivedAtMs);
}

/** Only an ID token states them. OpenID Connect Core section 12.2 lets that of a refresh omit them. */
const signInClaims: ReadonlySet<string> = new Set(['auth_time', 'acr', 'amr', 'sid']);

/** A response that is not about the person who is expected. */
class ForeignResponse extends Error {
  readonly error = 'other_subject';
}

/**
 * What a refusal of a refresh token says about its user. All else, such as a client secret that was replaced at the provider, is a fault of
 * the installation: it must not sign everyone out.
 */
const endsSession: ReadonlySet<string> = new Set([
  ...['invalid_grant', 'other_subject', 'access_denied', 'login_required', 'interaction_required', 'consent_required'],
]);

async function clientAuthentication(library: typeof Library, { client }: OpenidSettings) {
  if ('secret' in client) return byEither(library, client.secret);
  const key = createPrivateKey(client.key);
  return library.PrivateKeyJwt(key.toCryptoKey(algorithmOf(key), false, ['sign']));
}

/** In the header, as by default (RFC 6749 section 2.3.1), unless the provider takes it in the body only. */
function byEither(library: typeof Library, secret: string): Library.ClientAuth {
  const inHeader = library.ClientSecretBasic(secret);
  const inBody = library.ClientSecretPost(secret);
  return (server, ...rest) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    return (methods.includes('client_secret_basic') ? inHeader : inBody)(server, ...rest);
  };
}

/** The usual algorithm of the key: RS256, ES256 to ES512, or Ed25519. */
function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === 'ed25519') return { name: 'Ed25519' };
  if (type !== 'ec') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const namedCurve = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }[details?.namedCurve ?? ''];
  if (namedCurve === undefined)
    throw new Error('"clientKey": expected an RSA, EC (P-256, P-384, P-521) or Ed25519 key');
  return { name: 'ECDSA', namedCurve };
}

function failureOf(error: unknown): Failure {
  const causes = [error, (error as Error).cause, ((error as Error).cause as Error | undefined)?.cause];
  const unavailable = causes.find((one) => one instanceof ProviderUnavailable);
  if (unavailable !== undefined) return { kind: 'unavailable', detail: unavailable.message };
  const { code, message } = error as Record<string, unknown>;
  if (code === timestampRefused && causes.some(isClockClaim))
    return {
      kind: 'refused',
      error: 'clocks_differ',
      detail: `${message}: compare the clocks of provider and gateway`,
    };
  const { error: said, error_description: description } = challengeOf(error as Error) ?? (error as Stated);
  const detail = [said, description ?? message, code].filter((part) => typeof part === 'string').join(': ');
  return { kind: 'refused', error: typeof said === 'string' ? said : 'invalid_response', detail: detail.slice(0, 500) };
}

/** The code of the library for a time of an ID token that is not acceptable. */
const timestampRefused = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';

/** Not `auth_time`, which is about the age of the sign-in. */
function isClockClaim(cause: unknown): boolean {
  const { claim } = ((cause as Error | undefined)?.cause ?? {}) as { readonly claim?: unknown };
  return claim === 'exp' || claim === 'nbf' || claim === 'iat';
}

interface Stated {
  readonly error?: unknown;
  readonly error_description?: unknown;
}

/** A provider may refuse the client with a challenge (401) instead of a body that states the error; null: it did not. */
function challengeOf({ cause }: Error): Stated | null {
  const [challenge] = Array.isArray(cause) ? (cause as Library.WWWAuthenticateChallengeError['cause']) : [];
  if (challenge === undefined) return null;
  const { scheme, parameters } = challenge;
  return { error: scheme === 'basic' ? 'invalid_client' : undefined, ...parameters };
}

function tokensOf(response: Response, before: Tokens | null, receivedAtMs: number): Tokens {
  const expiresInS = response.expiresIn();
  return {
    access: response.access_token,
    id: response.id_token ?? before?.id ?? null,
    refresh: response.refresh_token ?? before?.refresh ?? null,
    expiresAtMs: expiresInS === undefined ? null : receivedAtMs + expiresInS * 1000,
    receivedAtMs,
  };
}
