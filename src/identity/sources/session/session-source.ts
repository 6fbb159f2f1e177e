/**
 * The source of sessions: it finds them in their store and keeps the tokens of their provider fresh, and what it says about their users. From
 * half of a token's lifetime on it is refreshed in the background, by the one process that has the lease; no request waits while it is good.
 * A session whose provider gives no refresh token and is not asked again lives to its own bounds.
 */
import { accountSource, type NamedSessionSource, sessionSource } from '../../../config/source-config.ts';
import type { Identity, SourceFailure, Unresolved } from '../../../core/identity/identity.ts';
import { readIdentity } from '../../../core/identity/read-fields.ts';
import type { ForwardedToken } from '../../../core/routing/route.ts';
import type { Clocks } from '../../clock.ts';
import {
  type Lease,
  type SessionStore,
  SessionStoreUnavailable,
  SessionTooLarge,
  type StoredSession,
} from '../../sessions/session-store.ts';
import { invalid, rejected, type Unidentified, unavailable } from '../remote/judgment.ts';
import { createProbe, type SourceEvents } from '../remote/remote-source.ts';
import type { Source, SourceResult } from '../source.ts';
import { ended, lateRefresh, type Refreshed, refreshedBy } from './refreshed.ts';
import { endOf, freshUntil, type Issuing, isRefreshed, ofAccounts, tokenForm } from './session-tokens.ts';

export interface SessionsInUse {
  readonly store: Pick<SessionStore, 'find' | 'lease' | 'replace' | 'end'>;
  readonly maxLifetimeMs: number;
  /** `provider`: its name in the configuration. Never rejects. */
  refresh(provider: string, session: StoredSession): Promise<Refreshed>;
  /**
   * Ends the sessions of a user, or the one that the provider calls `providerSession`. Returns the names of their credentials. Rejects during
   * an outage of the store.
   */
  endOf(of: Pick<StoredSession, 'issuer' | 'subject' | 'providerSession'>): Promise<readonly string[]>;
}

export interface SessionSourceOptions extends Clocks {
  readonly providers: readonly NamedSessionSource[];
  /** Checks the bearers of users of the Auth API; null: they do not sign in with a browser. */
  readonly accounts: { readonly source: Source; readonly timeoutMs: number } | null;
  readonly sessions: SessionsInUse;
  readonly events: SourceEvents;
}

/** After half of the lifetime, so that new roles are read soon after the refresh. */
const refreshingMs = 5_000;
/** Between two looks at a session that another process refreshes. */
const pollMs = 100;

/** Tokens of sessions for services. */
export interface ForwardableTokens {
  /** Of the session with this id: one that has not ended. Never rejects. */
  of(id: string, which: ForwardedToken): Promise<FoundToken>;
}

export type FoundToken =
  | { readonly token: string }
  | { readonly token: null; readonly reason: Unresolved['reason']; readonly failure: SourceFailure | null };

export interface SessionSource extends Source {
  readonly tokens: ForwardableTokens;
}

type Fresh = { readonly session: StoredSession; readonly keepableMs: number } | Unidentified;

export function createSessionSource(options: SessionSourceOptions): SessionSource {
  const { providers, accounts, sessions, events, now, steady } = options;
  const { store, maxLifetimeMs } = sessions;
  const byName = new Map<string, Issuing>([
    ...providers.map((provider) => [provider.name, provider] as const),
    ...(accounts === null ? [] : [[accountSource, { ...ofAccounts, timeoutMs: accounts.timeoutMs }] as const]),
  ]);
  const refreshing = new Map<string, Promise<Refreshed>>();

  /** One refresh at a time and session. Rejects during an outage of the store. */
  function refreshOnce(id: string, before: StoredSession, timeoutMs: number): Promise<Refreshed> {
    let flight = refreshing.get(id);
    if (flight === undefined) {
      flight = refreshHere(id, before, timeoutMs).finally(() => refreshing.delete(id));
      refreshing.set(id, flight);
    }
    return flight;
  }

  /** Another process may have the lease: then its result is awaited, or the lease, if that process has died. */
  async function refreshHere(id: string, before: StoredSession, timeoutMs: number): Promise<Refreshed> {
    for (const endMs = now() + timeoutMs; ; ) {
      const lease = await store.lease(id);
      if (lease !== null) return await refreshUnder(lease, id, before);
      if (now() >= endMs) return lateRefresh;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      const session = await store.find(id);
      if (session === null) return ended;
      if (isRefreshed(session, before)) return refreshedBy(session);
    }
  }

  async function refreshUnder(lease: Lease, id: string, before: StoredSession): Promise<Refreshed> {
    try {
      // It may have been refreshed before the lease was free.
      const session = await store.find(id);
      if (session === null) return ended;
      if (isRefreshed(session, before)) return refreshedBy(session);
      const result = await sessions.refresh(session.provider, session);
      if (result.kind === 'unavailable') {
        // As old as the former ones, so that the claims are read soon.
        const { receivedAtMs } = session.tokens;
        if (result.tokens !== undefined)
          await store.replace(id, { ...session, tokens: { ...result.tokens, receivedAtMs } }, lease);
        return result;
      }
      if (result.kind === 'signed-in') {
        const { claims, tokens } = result;
        if (await store.replace(id, { ...session, claims, tokens }, lease)) return result;
      }
      // This process may have been paused for so long that another one took the lease over, and used the token.
      const current = await store.find(id);
      if (current === null) return ended;
      if (isRefreshed(current, session)) return refreshedBy(current);
      return result.kind === 'refused' ? result : lateRefresh;
    } catch (error) {
      if (error instanceof SessionTooLarge) return { kind: 'refused', detail: error.message };
      throw error;
    } finally {
      await lease.release();
    }
  }

  /** `which`: the token whose end counts. */
  async function freshen(
    id: string,
    session: StoredSession,
    provider: Issuing,
    which: ForwardedToken = 'access',
  ): Promise<Fresh> {
    const { timeoutMs } = provider;
    const { receivedAtMs } = session.tokens;
    const freshUntilMs = freshUntil(session.tokens, provider, which);
    const nowMs = now();
    const halfMs = (receivedAtMs + freshUntilMs) / 2;
    if (nowMs < halfMs) return { session, keepableMs: halfMs - nowMs };
    if (nowMs < freshUntilMs) {
      // A failure shows when the token has ended.
      refreshOnce(id, session, timeoutMs).catch(() => {});
      return { session, keepableMs: Math.min(refreshingMs, freshUntilMs - nowMs) };
    }
    const result = await refreshOnce(id, session, timeoutMs);
    if (result.kind === 'refused') {
      await store.end(id);
      return rejected('expired');
    }
    if (result.kind !== 'signed-in')
      return unavailable('auth_unavailable', { kind: 'connection', detail: result.detail });
    const { claims, tokens } = result;
    const restMs = Math.max(0, (freshUntil(tokens, provider, 'access') - now()) / 2);
    return { session: { ...session, claims, tokens }, keepableMs: restMs };
  }

  function identityOf(session: StoredSession, { name, fields, users }: NamedSessionSource) {
    const read = readIdentity(session.claims, {
      source: name,
      users,
      settings: `signIn.providers.${name}`,
      fields,
      kind: 'session',
      fractions: true,
      events,
    });
    if ('failure' in read) return read;
    const endMs = session.openedAtMs + maxLifetimeMs;
    const identity: Identity = Object.freeze({
      ...read.identity,
      sessionId: read.identity.sessionId ?? session.providerSession,
      // Not that of the ID token: a refresh must not make it younger than the revocation of its user.
      issuedAtMs: session.openedAtMs,
      authenticatedAtMs: read.identity.authenticatedAtMs ?? session.authenticatedAtMs,
      expireAtMs: Math.min(read.identity.expireAtMs, endMs),
    });
    return { identity };
  }

  /** The bearer of the session, checked like one that a client sends. */
  async function judgeBearer(
    id: string,
    { session, keepableMs }: Extract<Fresh, { readonly session: unknown }>,
    source: Source,
    requester: string | undefined,
  ): Promise<SourceResult> {
    // It was accepted when the session was opened, so that its client is not guessing.
    const result = await source.check({ kind: 'bearer', token: session.tokens.access ?? '' }, requester, true);
    if (result.identity === null) {
      if (result.reason === 'credential_rejected') await store.end(id);
      return result;
    }
    const identity: Identity = Object.freeze({ ...result.identity, kind: 'session' });
    return { ...result, identity, keepableMs: Math.min(result.keepableMs, keepableMs) };
  }

  async function judge(id: string, requester: string | undefined): Promise<SourceResult> {
    const askedAtMs = now();
    const nothing = { askedAtMs, keepableMs: Infinity, outage: false, failure: null };
    const session = await store.find(id);
    if (session === null) return { ...rejected('inactive'), ...nothing };
    const provider = byName.get(session.provider);
    // Not that of a provider which the configuration has replaced under the same name.
    if (provider === undefined || provider.issuer !== session.issuer) return { ...rejected('no_source'), ...nothing };
    const fresh = await freshen(id, session, provider);
    if ('identity' in fresh) {
      const failure = failureAt(provider, fresh);
      return { ...fresh, failure, askedAtMs, keepableMs: Infinity, outage: failure !== null };
    }
    if (!('fields' in provider)) return await judgeBearer(id, fresh, accounts!.source, requester);
    const read = identityOf(fresh.session, provider);
    if ('identity' in read) return { ...nothing, ...read, keepableMs: fresh.keepableMs };
    const failure = { source: provider.name, url: provider.issuer, ...read.failure };
    return { ...invalid(failure), ...nothing, failure };
  }

  async function tokenOf(id: string, which: ForwardedToken): Promise<FoundToken> {
    const session = await store.find(id);
    const provider = session === null ? undefined : byName.get(session.provider);
    if (session === null || provider === undefined || provider.issuer !== session.issuer) return noToken;
    const fresh = await freshen(id, session, provider, which);
    if ('identity' in fresh) {
      return { token: null, reason: fresh.reason, failure: failureAt(provider, fresh) };
    }
    const { tokens } = fresh.session;
    const token = tokens[which];
    if (token !== null && tokenForm.test(token) && now() < (endOf(tokens, which) ?? Infinity)) return { token };
    // Its user signs in again, which gives the session a new one.
    await store.end(id);
    return noToken;
  }

  return {
    tokens: {
      of: (id, which) =>
        tokenOf(id, which).catch((error: unknown) => {
          return { token: null, reason: 'auth_unavailable', failure: failureOfStore(error) };
        }),
    },
    name: sessionSource,
    kind: 'session',
    unaware: false,
    async check(credential, requester) {
      const startedAtMs = performance.now();
      const result = await judge(credential.kind === 'session' ? credential.id : '', requester).catch(
        (error: unknown) => storeFailure(error, now()),
      );
      const outcome = result.identity === null ? result.reason : 'accepted';
      const seconds = (performance.now() - startedAtMs) / 1000;
      events.sourceCall(sessionSource, credential.kind, outcome, result.failure?.kind ?? null, seconds);
      return result;
    },
    revoked(credential) {
      // If the store is unavailable, the next use ends it.
      if (credential.kind === 'session') store.end(credential.id).catch(() => {});
    },
    status: createProbe(async () => {
      try {
        await store.find(noSession);
        return { reachable: true, failures: [] };
      } catch (error) {
        return { reachable: false, failures: [failureOfStore(error)] };
      }
    }, steady),
    async close() {},
  };
}

function failureAt(
  { name, issuer }: Pick<Issuing, 'name' | 'issuer'>,
  { failure }: Unidentified,
): SourceFailure | null {
  return failure === null ? null : { source: name, url: issuer, ...failure };
}

const noToken: FoundToken = { token: null, reason: 'credential_rejected', failure: null };

/** An outage of the store is none of the session's: it may well be good. */
function storeFailure(error: unknown, nowMs: number): SourceResult {
  const failure = failureOfStore(error);
  const common = { failure, askedAtMs: nowMs, keepableMs: 0, outage: true };
  return { ...unavailable('auth_unavailable', failure), ...common };
}

function failureOfStore(error: unknown): SourceFailure {
  if (!(error instanceof SessionStoreUnavailable)) throw error;
  return { source: sessionSource, url: '', kind: 'connection', detail: error.message };
}

/** Has the form of an id, so that the store looks for it. */
const noSession = '-'.repeat(43);
