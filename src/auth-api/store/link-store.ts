/** The part of the store for one-time links. A used link's row is deleted. */
import type { NewSession } from './session-store.ts';

export interface NewLink {
  readonly id: string;
  readonly secretHash: string;
  /** Keyed hash of its user, as of every code. */
  readonly countedAs: string;
  readonly expireAtMs: number;
}

export interface LiveLink {
  readonly userId: string;
  readonly secretHash: string;
}

export interface LinkStore {
  /** Ends an earlier link of the user. False: there is no such user. */
  replace(userId: string, link: NewLink): Promise<boolean>;
  /** Of an enabled user; null: it was used or replaced, or has expired. */
  find(linkId: string, nowMs: number): Promise<LiveLink | null>;
  /** Deletes the link and opens the session. False: it was used, or its user removed or disabled. */
  use(linkId: string, session: NewSession & { readonly userId: string }, nowMs: number): Promise<boolean>;
}
