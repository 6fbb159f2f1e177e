/**
 * Takes what issuers send about their users, logout tokens and security event tokens: verifies one, refuses it when it is late or
 * was there before, and revokes what it names. Done when every connected replica has applied it.
 */
import type { RedisLink } from '../../redis/redis-link.ts';
import type { Revocations } from '../revocation/create-revocations.ts';
import type { EventKind, EventOutcome } from '../revocation/revocation-events.ts';
import type { Revocation } from '../revocation/tombstones.ts';
import type { Issuer } from '../sources/create-sources.ts';
import { readParts } from '../sources/jwt/token-parts.ts';
import { type EventToken, verifyEvent } from './event-token.ts';
import { logoutForm, revokedByLogout } from './logout-token.ts';
import { createReplays } from './replays.ts';
import { revokedByEvents, securityEventForm } from './security-event-token.ts';

export interface EventReceiver {
  /** Never rejects. */
  receive(kind: EventKind, token: string): Promise<EventOutcome>;
}

export interface EventReceiverOptions {
  /** By the issuer that tokens name. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly revocations: Pick<Revocations, 'revoke'>;
  readonly link: Pick<RedisLink, 'run'> | null;
  readonly keyPrefix: string;
  readonly onOutcome: (kind: EventKind, source: string | null, outcome: EventOutcome) => void;
  readonly now: () => number;
}

/** Each is verified by a signature, and then waits for the other replicas. */
const mostUnderWay = 64;
/** In a second, so that junk takes no more than a small part of a core. */
const mostInSecond = 100;

export function createEventReceiver(options: EventReceiverOptions): EventReceiver {
  const { issuers, revocations, onOutcome, now } = options;
  const replays = createReplays(options);
  let underWay = 0;
  let second = 0;
  let inSecond = 0;

  function mayBegin(): boolean {
    const current = Math.floor(now() / 1000);
    if (current !== second) inSecond = 0;
    second = current;
    inSecond += 1;
    return underWay < mostUnderWay && inSecond <= mostInSecond;
  }

  async function take(kind: EventKind, token: string, issuer: Issuer): Promise<EventOutcome> {
    const { source, config } = issuer;
    const rules = kind === 'logout' ? config.logout : config.securityEvents;
    if (rules === null) return 'disabled';
    const form = kind === 'logout' ? logoutForm : securityEventForm;
    const verified = await verifyEvent(token, form, rules, issuer, now());
    if (typeof verified === 'string') return verified;
    const named = read(kind, verified, issuer);
    if (named === null) return kind === 'logout' ? 'claims' : 'subject';
    const name = `${source}\n${kind}\n${verified.tokenId}`;
    // Later than that it is too late anyway.
    if (!(await replays.first(name, rules.maxAgeMs + 2 * config.clockSkewMs))) return 'replayed';
    if (named.length === 0) return 'ignored';
    const deliveries = await Promise.all(named.map((revocation) => revocations.revoke(revocation, kind)));
    if (!deliveries.includes('undelivered')) return 'revoked';
    await replays.forget(name);
    return 'undelivered';
  }

  function read(kind: EventKind, token: EventToken, issuer: Issuer): readonly Revocation[] | null {
    if (kind === 'security-event') return revokedByEvents(token, issuer);
    const { logout } = issuer.config;
    return logout === null ? null : revokedByLogout(token, logout, issuer);
  }

  return {
    async receive(kind, token) {
      if (!mayBegin()) {
        onOutcome(kind, null, 'busy');
        return 'busy';
      }
      // Only which keys have to have signed it.
      const named = readParts(token)?.claims['iss'];
      const issuer = typeof named === 'string' ? issuers.get(named) : undefined;
      if (issuer === undefined) {
        const outcome = named === undefined ? 'malformed' : 'issuer';
        onOutcome(kind, null, outcome);
        return outcome;
      }
      underWay += 1;
      try {
        const outcome = await take(kind, token, issuer);
        onOutcome(kind, issuer.source, outcome);
        return outcome;
      } finally {
        underWay -= 1;
      }
    },
  };
}
