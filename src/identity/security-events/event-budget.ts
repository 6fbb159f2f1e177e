/**
 * Limits how many event tokens are verified, so that junk uses only a small part of a core. Tokens are counted by their claimed issuer, so
 * that a sender cannot exhaust the limit of another issuer. Within an issuer, senders of valid tokens have their own count, so that a
 * stranger who finds the endpoint cannot block the issuer, and no sender can use more than half of either.
 */
import { AttemptWindows } from '../../limits/memory-counter.ts';
import { RecentNames } from '../../limits/recent-names.ts';
import { ClientShares } from '../client-shares.ts';

export interface EventBudget {
  /** Null: there is no room to verify the token. Otherwise `end` must be called. `issuer`: a known one, or null. */
  begin(issuer: string | null, sender: string | undefined): { end(good: boolean): void } | null;
}

/** Per issuer and count. Each token costs a signature check, and then waits for the other replicas. */
const maxUnderWay = 64;
const maxInSecond = 100;
/** What one sender can use of each: it cannot use up the issuer's budget. */
const senderShare = 0.5;
const maxSenders = 10_000;
const knownMs = 86_400_000;

interface Count {
  underWay: number;
  second: number;
  inSecond: number;
}

export function createEventBudget(now: () => number): EventBudget {
  const known = new RecentNames(maxSenders);
  /** Keyed by configured issuers, so there are few. */
  const counts = new Map<string, Count>();
  const bySender = new AttemptWindows(maxSenders);
  const mayGoOn = (name: string) => bySender.add(name, now(), 1_000).attempts <= maxInSecond * senderShare;
  const shares = new ClientShares(maxUnderWay * senderShare);

  function countOf(name: string): Count {
    const entry = counts.get(name);
    if (entry !== undefined) return entry;
    const count = { underWay: 0, second: 0, inSecond: 0 };
    counts.set(name, count);
    return count;
  }

  return {
    begin(issuer, sender) {
      const name = `${issuer ?? ''}\n${sender ?? ''}`;
      const count = countOf(`${issuer ?? ''}\n${known.has(name, now()) ? 'known' : 'new'}`);
      if (sender !== undefined && !(shares.allow(name, true) && mayGoOn(name))) return null;
      const second = Math.floor(now() / 1000);
      if (count.second !== second) count.inSecond = 0;
      count.second = second;
      count.inSecond += 1;
      if (count.underWay >= maxUnderWay || count.inSecond > maxInSecond) return null;
      count.underWay += 1;
      shares.begin(name);
      return {
        end(good) {
          count.underWay -= 1;
          shares.end(name);
          if (good && issuer !== null) known.add(name, now() + knownMs);
        },
      };
    },
  };
}
