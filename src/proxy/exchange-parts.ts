/** What all exchanges of a process share. */
import type { Allow, Decision } from '../core/decision.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import type { LoadShedder } from '../request-line/load-shedder.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { OpenStreams } from './open-streams.ts';

export interface ExchangeParts {
  readonly deadlines: Deadlines;
  /** Milliseconds since the epoch, for the end of credentials. */
  readonly now: () => number;
  readonly streams: OpenStreams;
  readonly memory: MemoryBudget;
  readonly shedder: Pick<LoadShedder, 'refusesToWait'>;
  /** Window for measuring the rate of a body. */
  readonly bodyGraceMs: number;
  /** Decides a request again, by the current configuration. */
  decideAgain(context: RequestContext): Decision | Promise<Decision>;
  mayBeRevoked(context: RequestContext, granted: Allow, grantedAtMs: number): boolean;
}
