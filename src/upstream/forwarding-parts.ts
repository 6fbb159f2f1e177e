/** What all exchanges of a process share. */
import type { BodyMemory } from './body-memory.ts';
import type { Deadlines } from './deadline-wheel.ts';
import type { OpenStreams } from './open-streams.ts';

export interface ForwardingParts {
  readonly deadlines: Deadlines;
  /** Milliseconds since the epoch, for the end of credentials. */
  readonly now: () => number;
  readonly streams: OpenStreams;
  readonly bodyMemory: BodyMemory;
  /** Time over which the rate of a body is measured. */
  readonly bodyGraceMs: number;
  /** A client that does not read its answer for this long is let go, whatever the timeout of the route. */
  readonly unreadMs: number;
}
