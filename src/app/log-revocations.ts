/** Log lines about revocation. They contain neither credentials nor their keyed names. */
import type {
  EventOutcome,
  OwnSource,
  RevocationEvents,
  RevocationSource,
} from '../identity/revocation/revocation-events.ts';
import type { Logger } from '../telemetry/log/logger.ts';

const own: ReadonlySet<RevocationSource> = new Set<OwnSource>([
  'admin',
  'webhook',
  'route',
  'auth-api',
  'logout',
  'security-event',
]);

const taken: ReadonlySet<EventOutcome> = new Set<EventOutcome>(['revoked', 'ignored', 'busy']);

/** Forwards to `events`, and logs what an operator needs. */
export function logRevocations<Events extends RevocationEvents>(events: Events, log: Logger): Events {
  return {
    ...events,
    revoked(source, revocation, note) {
      events.revoked(source, revocation, note);
      const id = 'id' in revocation ? { id: revocation.id } : {};
      const of = 'source' in revocation ? { of: revocation.source } : {};
      log[own.has(source) ? 'info' : 'debug']({ source, kind: revocation.kind, ...id, ...of, ...note }, 'revoked');
    },
    eventToken(kind, source, outcome) {
      events.eventToken(kind, source, outcome);
      if (!taken.has(outcome)) log.info({ kind, of: source, outcome }, 'a token about users was refused');
    },
    connected(connected) {
      events.connected(connected);
      if (connected) log.info('connected to revocations');
      else log.warn('disconnected from revocations: verdicts live no longer than cache.whileDisconnected');
    },
    caughtUp(outcome) {
      events.caughtUp(outcome);
      if (outcome === 'lost') log.warn('revocations may have been missed: every verdict is requested again');
    },
    unacknowledged(replicas) {
      events.unacknowledged(replicas);
      log.warn({ replicas }, 'replicas did not acknowledge a revocation; their cached results have expired');
    },
    undelivered() {
      events.undelivered();
      log.error('a revocation could not be announced to the other replicas; it is announced once Redis takes it');
    },
  };
}
