/** What the pages of sign-in share: the configured providers, the sessions, and the transactions. */
import type { SessionSettings } from '../core/credential/credential.ts';
import type { SessionStore, StoredSession } from '../identity/sessions/session-store.ts';
import { readCookie } from './cookies.ts';
import type { PageReply, PageRequest } from './page-request.ts';
import { refuse } from './page-request.ts';
import { outagePage } from './pages/message-pages.ts';
import { paths } from './paths.ts';
import type { Provider } from './provider.ts';
import type { RepeatedSignIns } from './repeated-sign-ins.ts';
import type { SpentTransactions } from './spent-transactions.ts';
import type { Transactions } from './transaction.ts';

export interface SignInParts {
  /** Of the gateway, as people see it. */
  readonly origin: string;
  readonly cookies: SessionSettings;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly sessions: Sessions;
  readonly transactions: Transactions;
  readonly spent: SpentTransactions;
  readonly repeated: RepeatedSignIns;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The part of the store that people use themselves; ending a session ends it on every replica. */
export type Sessions = Pick<SessionStore, 'open' | 'find' | 'end' | 'listOf' | 'endByHandle'>;

export interface CurrentSession {
  /** The cookie's value. */
  readonly id: string;
  readonly session: StoredSession;
}

/** Null: no cookie, or it is of no session. Rejects during an outage of the store. */
export async function currentSession(
  { sessions, cookies }: SignInParts,
  { rawHeaders }: PageRequest,
): Promise<CurrentSession | null> {
  const id = readCookie(rawHeaders, cookies.cookie);
  const session = id === null ? null : await sessions.find(id);
  return session === null ? null : { id: id!, session };
}

/** The first page of a sign-in that leads to `target`. */
export function startAddress(provider: string, target: string): string {
  return `${paths.start(provider)}?return_to=${encodeURIComponent(target)}`;
}

export function outage(provider: string, target: string, cause: unknown): PageReply {
  return refuse('auth_unavailable', (errorId) => outagePage(startAddress(provider, target), errorId), cause);
}
