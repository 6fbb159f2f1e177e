/**
 * The embedded Auth API as a provider of sign-in: the browser is sent to pages of the gateway itself, and what comes back is a bearer whose
 * code was right. The bearer stays in the sealed session.
 */

import { paths } from '../paths.ts';
import type { Provider, Refused, SignedIn, Tokens, Unavailable } from '../provider.ts';
import { type AuthApiClient, AuthApiUnavailable } from './auth-api-client.ts';

/** It gains less than this by an extension only at the cap of its life, where no further one helps. */
const minExtensionMs = 60_000;

/** `name`: as it is in `signIn` of a route; `label`: for people who choose among several. */
export function createAuthApiProvider(
  { name, label, origin }: { readonly name: string; readonly label: string; readonly origin: string },
  client: AuthApiClient,
  now: () => number,
): Provider {
  async function read(bearer: string): Promise<SignedIn | Refused | Unavailable> {
    const { status, json } = await client.call({ method: 'GET', path: '/session', bearer });
    if (status === 401) return refused;
    const { userID: subject, expireAt, authenticatedAt } = json;
    if (status !== 200 || typeof subject !== 'string' || typeof expireAt !== 'number') {
      return { kind: 'unavailable', detail: `GET /session: status ${status}, or not the contract's response` };
    }
    return {
      kind: 'signed-in',
      issuer: name,
      subject,
      claims: claimsOf(json),
      authenticatedAtMs: typeof authenticatedAt === 'number' ? authenticatedAt * 1000 : now(),
      tokens: { access: bearer, id: null, refresh: bearer, expiresAtMs: expireAt * 1000, receivedAtMs: now() },
    };
  }

  async function extend(bearer: string, { expiresAtMs }: Tokens): Promise<SignedIn | Refused | Unavailable> {
    const { status } = await client.call({ method: 'PUT', path: '/session/extend', bearer });
    if (status === 401) return refused;
    if (status !== 202) return { kind: 'unavailable', detail: `PUT /session/extend: status ${status}` };
    const session = await read(bearer);
    if (session.kind !== 'signed-in') return session;
    const gainedMs = session.tokens.expiresAtMs! - (expiresAtMs ?? 0);
    return gainedMs < minExtensionMs ? { ...session, tokens: { ...session.tokens, refresh: null } } : session;
  }

  return {
    name,
    label,
    issuer: name,
    check: async () => null,
    async startAuthorization({ state }) {
      return new URL(`${origin}${paths.address}?state=${encodeURIComponent(state)}`);
    },
    exchangeCode: ({ callback }) => read(callback.searchParams.get('code') ?? '').catch(unavailable),
    refresh: (tokens) => extend(tokens.refresh ?? '', tokens).catch(unavailable),
    endSessionUrl: async () => null,
    async endSession({ tokens: { access }, providerSession }) {
      if (access === null || providerSession === null) return;
      // During an outage the bearer remains, but only the session had it.
      await client
        .call({ method: 'DELETE', path: `/session/${providerSession}`, bearer: access })
        .catch((error: unknown) => unavailable(error));
    },
    close: () => client.close(),
  };
}

const refused: Refused = { kind: 'refused', error: 'invalid_grant', detail: 'the session has ended' };

function unavailable(error: unknown): Unavailable {
  if (!(error instanceof AuthApiUnavailable)) throw error;
  return { kind: 'unavailable', detail: error.message };
}

/** By the names of OpenID Connect, which lists of sessions and demands of a route read. */
function claimsOf(json: Readonly<Record<string, unknown>>): SignedIn['claims'] {
  const { sessionID, alias, fullName, authenticatedAt, acr, amr } = json;
  const all = { sid: sessionID, preferred_username: alias, name: fullName, auth_time: authenticatedAt, acr, amr };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
