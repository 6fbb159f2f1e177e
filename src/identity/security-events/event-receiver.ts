/**
 * Receives logout tokens and security event tokens from issuers: verifies a token, refuses it if it is late or repeated, and revokes its
 * subject. Done when every connected replica has applied it.
 */
import type { EventTokenConfig } from '../../config/source-config.ts';
import type { Revocations } from '../revocation/create-revocations.ts';
import type { EventKind, EventOutcome } from '../revocation/revocation-events.ts';
import { allowedSkewMs, type Revocation } from '../revocation/tombstones.ts';
import type { Issuer } from '../sources/create-sources.ts';
import { readParts } from '../sources/jwt/token-parts.ts';
import { createEventBudget } from './event-budget.ts';
import { type EventToken, verifyEvent } from './event-token.ts';
import { type LoggedOut, loggedOut, logoutForm, revokedByLogout } from './logout-token.ts';
import type { Replays } from './replays.ts';
import { revokedByEvents, securityEventForm } from './security-event-token.ts';

export interface EventReceiver {
  /** `sender`: key of the sender. Never rejects. */
  receive(kind: EventKind, token: string, sender?: string): Promise<EventOutcome>;
}

export interface EventReceiverOptions {
  /** By the issuer in tokens. */
  readonly issuers: ReadonlyMap<string, readonly Issuer[]>;
  /** Ends sessions of browsers in their store; returns the names of their credentials. Rejects during an outage of it. */
  readonly endSessions: (of: LoggedOut) => Promise<readonly string[]>;
  readonly revocations: Pick<Revocations, 'revoke'>;
  readonly replays: Replays;
  readonly onOutcome: (kind: EventKind, source: string | null, outcome: EventOutcome) => void;
  readonly now: () => number;
}

/** Its issuer signed it recently. */
const goodOutcomes: ReadonlySet<EventOutcome> = new Set(['revoked', 'ignored', 'undelivered'] as const);

export function createEventReceiver(options: EventReceiverOptions): EventReceiver {
  const { issuers, endSessions, revocations, replays, onOutcome, now } = options;
  const budget = createEventBudget(now);

  async function take(kind: EventKind, token: string, issuer: Issuer): Promise<EventOutcome> {
    const { source, config } = issuer;
    const rules = rulesOf(kind, issuer);
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
    const ended = kind === 'logout' ? await endStored(verified, issuer) : [];
    const revoked = ended === null ? named : [...named, ...ended];
    const deliveries = await Promise.all(revoked.map((revocation) => revocations.revoke(revocation, kind)));
    if (ended === null || deliveries.includes('undelivered')) {
      await replays.forget(name);
      return 'undelivered';
    }
    void replays.keep(name, lifeMs);
    return named.length === 0 ? 'ignored' : 'revoked';
  }

  /** Also the sessions of browsers whose identity has other ids than the token. Null: their store does not respond. */
  async function endStored({ claims }: EventToken, { config }: Issuer): Promise<readonly Revocation[] | null> {
    const of = loggedOut(claims, config);
    if (of === null) return [];
    const lookups = await endSessions(of).catch(() => null);
    if (lookups === null) return null;
    return lookups.map((lookup) => ({ kind: 'credential', lookups: [lookup] }));
  }

  function read(kind: EventKind, token: EventToken, issuer: Issuer): readonly Revocation[] | null {
    if (kind === 'security-event') return revokedByEvents(token, issuer);
    const { logout } = issuer.config;
    return logout === null ? null : revokedByLogout(token, logout, issuer);
  }

  return {
    async receive(kind, token, sender) {
      // Used only to choose the keys.
      const { iss: named, aud } = readParts(token)?.claims ?? {};
      const issuer = typeof named === 'string' ? receiverOf(kind, issuers.get(named) ?? [], aud) : null;
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

function rulesOf(kind: EventKind, { config }: Issuer): EventTokenConfig | null {
  return kind === 'logout' ? config.logout : config.securityEvents;
}

/** Several sources of one issuer may have client ids of their own. Used only to choose among them; the audience is checked later. */
function receiverOf(kind: EventKind, known: readonly Issuer[], aud: unknown): Issuer | null {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const takes = known.filter((one) => rulesOf(kind, one) !== null);
  const meant = takes.find((one) => rulesOf(kind, one)!.audience.some((audience) => named.includes(audience)));
  return meant ?? takes[0] ?? known[0] ?? null;
}
