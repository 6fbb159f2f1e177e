/** The room's events, written down. */
import type { IdentityEvents } from '../../../src/identity/events.ts';

export interface RecordedEvents extends IdentityEvents {
  /** One line for each event: `redis get miss`, `breaker open`, ... without the seconds. */
  readonly lines: string[];
}

export function recordEvents(): RecordedEvents {
  const lines: string[] = [];
  return {
    lines,
    verdict: (source, outcome) => lines.push(`verdict ${source} ${outcome}`),
    authApiCall: (kind, outcome) => lines.push(`call ${kind} ${outcome}`),
    redis: (operation, outcome) => lines.push(`redis ${operation} ${outcome}`),
    breaker: (state) => lines.push(`breaker ${state}`),
    stale: () => lines.push('stale'),
  };
}
