/** What the proxy works with: the rules of one configuration, and what all requests of a process share. */

import type { IdentityAssertion } from '../assertion/identity-assertion.ts';
import type { Policy } from '../core/decide.ts';
import type { Allow, Decision } from '../core/decision.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import type { ResolveIdentity } from '../core/identity/identity.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import type { TakeEvent } from '../identity/security-events/event-exchange.ts';
import type { Tracing } from '../telemetry/request-trace.ts';
import type { Upstreams } from '../upstream/create-upstreams.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { OpenStreams } from './open-streams.ts';
import type { RequestContext } from './request-context.ts';
import type { Annotate } from './response-head.ts';

/** Everything that a reload replaces, made whole and swapped whole. */
export interface Gateway {
  /** `core/decide.ts`, or a watched form of it. Never throws and never rejects. */
  readonly decide: (view: RequestView, policy: Policy, resolve: ResolveIdentity) => Decision | Promise<Decision>;
  readonly policy: Policy;
  readonly resolve: ResolveIdentity;
  /**
   * Whether what was granted to a request at `atMs` (milliseconds since the epoch) may have been revoked since: a cheap
   * look, for then the request is decided again. If unset, nothing is ever revoked.
   */
  mayBeRevoked?(view: RequestView, granted: Allow, atMs: number): boolean;
  readonly rules: ForwardingRules;
  readonly upstreams: Upstreams;
  readonly annotate: Annotate;
  /** Null or unset: nothing is traced. */
  readonly tracing?: Tracing | null;
  /** Signs for services who the client is; null: nothing is signed. */
  readonly assertion: Pick<IdentityAssertion, 'of' | 'keys'> | null;
  /** Takes tokens of issuers about their users; null: no route leads there. Never rejects. */
  readonly events: TakeEvent | null;
  /** Does what has to follow a success; null: nothing has to be waited for. Never throws, and never rejects. */
  readonly evict: (decision: Allow) => Promise<unknown> | null;
}

/** What all exchanges of a process share. */
export interface ExchangeParts {
  readonly deadlines: Deadlines;
  /** Milliseconds since the epoch, for the end of credentials. */
  readonly now: () => number;
  readonly streams: OpenStreams;
  readonly memory: MemoryBudget;
  /** Time over which the rate of a body is measured. */
  readonly bodyGraceMs: number;
  /** Decides a request again, by the configuration in use now. */
  decideAgain(context: RequestContext): Decision | Promise<Decision>;
  mayBeRevoked(context: RequestContext, granted: Allow, grantedAtMs: number): boolean;
}
