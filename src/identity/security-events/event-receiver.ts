/**
 * Receives logout tokens and security event tokens from issuers: verifies a token, refuses it if it is late or repeated, and revokes its
 * subject. Done when every connected replica has applied it.
 */
import type { Revocations } from '../revocation/create-revocations.ts';
import type { EventKind, EventOutcome } from '../revocation/revocation-events.ts';
import { allowedSkewMs, type Revocation } from '../revocation/tombstones.ts';
import type { Issuer } from '../sources/create-sources.ts';
import { readParts } from '../sources/jwt/token-parts.ts';
import { createEventBudget } from './event-budget.ts';
import { type EventToken, verifyEvent } from './event-token.ts';
import { logoutForm, revokedByLogout } from './logout-token.ts';
import type { Replays } from './replays.ts';
import { revokedByEvents, securityEventForm } from './security-event-token.ts';

export interface EventReceiver {
  /** `sender`: key of the sender. Never rejects. */
  receive(kind: EventKind, token: string, sender?: string): Promise<EventOutcome>;
}

export interface EventReceiverOptions {
  /** By the issuer in tokens. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly revocations: Pick<Revocations, 'revoke'>;
  readonly replays: Replays;
  readonly onOutcome: (kind: EventKind, source: string | null, outcome: EventOutcome) => void;
  readonly now: () => number;
}

/** Its issuer signed it recently. */
const goodOutcomes: ReadonlySet<EventOutcome> = new Set(['revoked', 'ignored', 'undelivered'] as const);

export function createEventReceiver(options: EventReceiverOptions): EventReceiver {
  const { issuers, revocations, replays, onOutcome, now } = options;
  const budget = createEventBudget(now);

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
    // After that it is too late anyway: rounded to seconds, and by the clock of every replica.
    const lifeMs = rules.maxMessageAgeMs + 2 * config.clockSkewMs + allowedSkewMs;
    if (!(await replays.first(name))) return 'replayed';
    const deliveries = await Promise.all(named.map((revocation) => revocations.revoke(revocation, kind)));
    if (deliveries.includes('undelivered')) {
      await replays.forget(name);
      return 'undelivered';
    }
    void replays.keep(name, lifeMs);
    return named.length === 0 ? 'ignored' : 'revoked';
  }

  function read(kind: EventKind, token: EventToken, issuer: Issuer): readonly Revocation[] | null {
    if (kind === 'security-event') return revokedByEvents(token, issuer);
    const { logout } = issuer.config;
    return logout === null ? null : revokedByLogout(token, logout, issuer);
  }

  return {
    async receive(kind, token, sender) {
      // Used only to choose the keys.
      const named = readParts(token)?.claims['iss'];
      const issuer = typeof named === 'string' ? (issuers.get(named) ?? null) : null;
      const turn = budget.begin(issuer?.source ?? null, sender);
      let outcome: EventOutcome = turn === null ? 'busy' : named === undefined ? 'malformed' : 'issuer';
      try {
        if (turn !== null && issuer !== null) outcome = await take(kind, token, issuer);
      } finally {
        turn?.end(goodOutcomes.has(outcome));
      }
      onOutcome(kind, issuer?.source ?? null, outcome);
      return outcome;
    },
  };
}
