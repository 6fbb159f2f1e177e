/** Log lines about revocation. A credential is in none of them: it is known by keyed names alone, and these stay out too. */
import type { OwnSource, RevocationEvents, RevocationSource } from '../identity/revocation/revocation-events.ts';
import type { Logger } from '../telemetry/logger.ts';

const own: ReadonlySet<RevocationSource> = new Set<OwnSource>(['admin', 'webhook', 'route', 'auth-api']);

/** Tells `events`, and writes what an operator looks for. */
export function logRevocations<Events extends RevocationEvents>(events: Events, log: Logger): Events {
  return {
    ...events,
    revoked(source, revocation) {
      events.revoked(source, revocation);
      const id = 'id' in revocation ? { id: revocation.id } : {};
      log[own.has(source) ? 'info' : 'debug']({ source, kind: revocation.kind, ...id }, 'revoked');
    },
    hearing(hears) {
      events.hearing(hears);
      if (hears) log.info('revocations are heard');
      else log.warn('revocations are not heard: verdicts live no longer than cache.unhearing');
    },
    caughtUp(outcome) {
      events.caughtUp(outcome);
      if (outcome === 'lost') log.warn('revocations may have been missed: every verdict is asked for again');
    },
    unacknowledged(replicas) {
      events.unacknowledged(replicas);
      log.warn({ replicas }, 'replicas did not acknowledge a revocation; what they knew has ended by itself');
    },
    untold() {
      events.untold();
      log.error('a revocation could not be told to the other replicas; they are told once Redis takes it');
    },
  };
}
