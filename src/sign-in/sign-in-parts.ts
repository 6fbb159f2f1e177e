/** What the pages of sign-in share: the configured providers, the sessions, and the transactions. */
import type { SessionSettings } from '../core/credential/credential.ts';
import { idOf } from '../core/credential/session-cookie.ts';
import { noStepUp, type StepUp } from '../core/credential/step-up.ts';
import type { SessionStore, StoredSession } from '../identity/sessions/session-store.ts';
import { onlyCookie } from './cookies.ts';
import type { Passes } from './hand-over.ts';
import type { HostCookies } from './host-cookies.ts';
import { pageLook } from './page-look.ts';
import type { PageReply, PageRequest } from './page-request.ts';
import { refuse } from './page-request.ts';
import { failurePage, loopPage, outagePage } from './pages/message-pages.ts';
import { paths, withQuery } from './paths.ts';
import type { Provider } from './provider.ts';
import type { RepeatedSignIns } from './repeated-sign-ins.ts';
import type { SpentTransactions } from './spent-transactions.ts';
import { meetsAcr, stepUpParameters } from './step-up.ts';
import type { Transactions } from './transaction.ts';

export interface SignInParts {
  /** Of the gateway, as people see it: where they sign in. */
  readonly origin: string;
  /** Further ones, which get their session from there. */
  readonly otherOrigins: readonly string[];
  readonly cookies: SessionSettings;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly sessions: Sessions;
  readonly transactions: Transactions;
  readonly hosts: HostCookies;
  readonly passes: Passes;
  readonly spent: SpentTransactions;
  readonly repeated: RepeatedSignIns;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The part of the store that people use themselves; ending a session ends it on every replica. */
export type Sessions = Pick<SessionStore, 'open' | 'find' | 'end' | 'listOf' | 'endByHandle'>;

export interface CurrentSession {
  readonly id: string;
  readonly session: StoredSession;
}

/** Null: no cookie, or it is of no session. Rejects during an outage of the store. */
export async function currentSession(
  { sessions, cookies, providers }: SignInParts,
  { rawHeaders, origin }: PageRequest,
): Promise<CurrentSession | null> {
  const value = onlyCookie(rawHeaders, cookies.cookie);
  const id = value === null ? null : idOf(value, new URL(origin).host, cookies.others);
  const session = id === null ? null : await sessions.find(id);
  // As for requests: not that of a provider which the configuration has replaced under the same name.
  if (session === null || providers.get(session.provider)?.issuer !== session.issuer) return null;
  return { id: id!, session };
}

/** Whether it is of one of these providers, and recent and strong enough. */
export function isGoodFor(
  { session }: CurrentSession,
  providers: readonly string[],
  { maxAgeS, acr }: StepUp,
  nowMs: number,
): boolean {
  if (!providers.includes(session.provider) || !meetsAcr(session.claims, acr)) return false;
  const { authenticatedAtMs } = session;
  return maxAgeS === null || (authenticatedAtMs !== null && nowMs - authenticatedAtMs <= maxAgeS * 1000);
}

/** The first page of a sign-in at any provider that leads to `target`. */
export function signInAddress({ providers }: SignInParts, target: string): string {
  const [first = '', ...others] = providers.keys();
  if (others.length === 0) return startAddress(first, target);
  return withQuery(paths.choose, { return_to: target });
}

/** The first page of a sign-in that leads to `target`, and is as recent and strong as demanded. */
export function startAddress(provider: string, target: string, demanded: StepUp = noStepUp): string {
  return withQuery(paths.start(provider), { return_to: target, ...stepUpParameters(demanded) });
}

/** `again`: the address of the sign-in. */
export function outage(request: PageRequest, again: string, cause: unknown): PageReply {
  return refuse('auth_unavailable', (errorId) => outagePage({ look: pageLook(request), again, errorId }), cause);
}

/** `error`: the code of the provider. */
export function failure(request: PageRequest, error: string, again: string, cause: unknown): PageReply {
  return refuse('sign_in_failed', (errorId) => failurePage(error, { look: pageLook(request), again, errorId }), cause);
}

/** The browser comes back again and again. */
export function endlessLoop(request: PageRequest, again: string): PageReply {
  return refuse('sign_in_failed', (errorId) => loopPage({ look: pageLook(request), again, errorId }));
}
