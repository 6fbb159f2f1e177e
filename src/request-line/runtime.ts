/** What a request needs besides itself: the part of a configuration that a reload replaces, and its entrypoint. */
import type { IdentityAssertion } from '../assertion/identity-assertion.ts';
import type { Policy } from '../core/decide.ts';
import type { Allow, Decision, Metadata, Preflight, Refuse } from '../core/decision.ts';
import type { ClientFacts } from '../core/forwarding/client-facts.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import type { Identity, ResolveIdentity } from '../core/identity/identity.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { Eviction } from '../core/revocation/eviction.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { ClientResponse } from '../http1/server/client-response.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { TakeEvent } from '../identity/security-events/event-exchange.ts';
import type { ForwardableTokens } from '../identity/sources/session/session-source.ts';
import type { Tracing } from '../telemetry/request-record.ts';
import type { Upstreams } from '../upstream/create-upstreams.ts';
import type { LoadShedder } from './load-shedder.ts';
import type { RequestContext } from './request-context.ts';

/** Which responses of a service without `x-error` and `x-error-id` get them: those with 400 or more, or all except 200 and 202. */
export type Annotate = 'failures' | 'all';

/** What requests need of one configuration: created and swapped as a whole, so that a request sees one from its start to its end. */
export interface RequestRuntime {
  /** `core/decide.ts`, or an observed form of it. Never throws and never rejects. */
  readonly decide: (view: RequestView, policy: Policy, resolve: ResolveIdentity) => Decision | Promise<Decision>;
  readonly policy: Policy;
  readonly resolve: ResolveIdentity;
  /**
   * Whether access granted to a request at `atMs` (milliseconds since the epoch) may have been revoked since. This check is cheap; if true,
   * the request is decided again. If unset, nothing is ever revoked.
   */
  mayBeRevoked?(view: RequestView, granted: Allow, atMs: number): boolean;
  readonly rules: ForwardingRules;
  readonly upstreams: Upstreams;
  readonly annotate: Annotate;
  /** Null or unset: nothing is traced. */
  readonly tracing?: Tracing | null;
  /** Signs the client's identity for services; null: nothing is signed. */
  readonly assertion: Pick<IdentityAssertion, 'of' | 'keys'> | null;
  /** Of sessions, for routes with `forwardToken`; null or unset: there are no sessions. */
  readonly tokens?: ForwardableTokens | null;
  /** Receives tokens of issuers about their users; null: no route leads there. Never rejects. */
  readonly events: TakeEvent | null;
  readonly evictions: Evictions;
  /** Pages of the gateway itself, before any route; null or unset: there are none. */
  readonly ownPages?: OwnPages | null;
}

/** Such as those of sign-in. */
export interface OwnPages {
  /** Whether a request with this target is for one of them. */
  serves(target: string): boolean;
  /** Responds. Rejects for faults of the gateway. */
  serve(
    context: RequestContext<WholeResponse>,
    trustedProxies: TrustedProxies,
    forwardedHeaders: ForwardingRules['forwardedHeaders'],
  ): Promise<void>;
  /** Refuses with a page from which the form of `body` can be sent again. False: it is no form that a page can hold. */
  showForm(context: RequestContext<WholeResponse>, refused: Refuse, body: Buffer): boolean;
}

/** What routes with `evict` revoke. */
export interface Evictions {
  /** False: the client has made too many calls whose path names what they revoke, or the user too many that end its own. */
  allowed(evict: readonly Eviction[], identity: Identity | null, client: string | undefined): boolean;
  /** Revokes after a success; null: no wait is needed. Never throws or rejects. */
  evict(decision: Allow): Promise<unknown> | null;
}

/** What the request line needs from its entrypoint. */
export interface ServeParts<R extends WholeResponse = ClientResponse> {
  /** Read once per request. */
  runtime: RequestRuntime;
  readonly limits: { readonly headers: number; readonly targetBytes: number };
  readonly trustedProxies: TrustedProxies;
  readonly draining: boolean;
  readonly shedder: Pick<LoadShedder, 'refuses' | 'refusesToWait'>;
  /** It sends requests to upstreams, so it refuses them while all upstreams are congested. */
  readonly usesUpstreams: boolean;
  readonly forward: Forward<R>;
  /** Keeps a form that is refused for want of a session; null: it is none. Rejects for faults of the gateway. */
  keepForm?(context: RequestContext<R>, refused: Refuse, runtime: RequestRuntime): Promise<void> | null;
  /** Responds without a service, as the decision says. */
  respond(context: RequestContext<R>, decision: Preflight | Metadata): void;
}

/** Acts on an allowed request; this step differs by entrypoint. Undefined: it is done. Rejects for faults of the gateway. */
export type Forward<R extends WholeResponse = ClientResponse> = (
  context: RequestContext<R>,
  decision: Allow,
  runtime: RequestRuntime,
  facts: ClientFacts,
) => Promise<void> | undefined;
