/** A compiled route: what it matches, who may use it, where it goes. */
import type { Challenges } from '../credential/challenges.ts';
import type { CredentialKind } from '../credential/credential.ts';
import type { SignIn } from '../credential/sign-in.ts';
import type { CorsPolicy } from '../forwarding/cors.ts';
import type { ResponseRules } from '../forwarding/response-rules.ts';
import type { PathRewrite } from '../forwarding/rewrite-path.ts';
import type { RouteAccess } from '../policy/access.ts';
import type { Criterion } from '../policy/conditions.ts';
import type { Restricted } from '../policy/restrictions.ts';
import type { ScopedRole } from '../policy/role-scopes.ts';
import type { Eviction } from '../revocation/eviction.ts';
import type { RoutePattern } from '../url/path-pattern.ts';
import type { PathReading } from '../url/path-reading.ts';

/** Name of the upstream that stands for the public keys of signed identities, which the gateway itself shows. */
export const identityKeys = 'identity-keys';

/** Names of upstreams that stand for the gateway, which takes tokens of issuers about their users there, and their kind. */
export const eventUpstreams: ReadonlyMap<string, 'logout' | 'security-event'> = new Map([
  ['backchannel-logout', 'logout'],
  ['security-events', 'security-event'],
]);

/** Whether routes to this upstream end in the gateway itself. */
export function endsHere(upstream: string): boolean {
  return upstream === identityKeys || eventUpstreams.has(upstream);
}

export interface Route {
  /** An entry with several hosts or paths is one route for each pair of them, under one id. */
  readonly id: string;
  /** Position in the table. */
  readonly index: number;
  readonly pattern: RoutePattern;
  /** Methods that the route matches at all; null: every method. */
  readonly methods: readonly string[] | null;
  /** Bits of `Ambiguity` that the route tolerates in a path. */
  readonly tolerates: number;
  /** Whether WebSocket upgrades are forwarded. */
  readonly websocket: boolean;
  /** Bytes of a request body that are buffered before a connection to the upstream is used. */
  readonly bodyBufferBytes: number;
  /** Minimum rate of a request body in bytes per second; 0: any rate. */
  readonly bodyRate: number;
  /** How often the access of an open stream is decided again, in milliseconds; 0: never. */
  readonly recheckMs: number;
  /** `shadow`: the rule is only tried out, and a request that it refuses is let through (`shadow.ts`). */
  readonly mode: 'enforce' | 'shadow';
  readonly access: RouteAccess;
  /** Roles that are read in the scope that a parameter names; null: its rules demand none. */
  readonly scopes: readonly ScopedRole[] | null;
  /** Kinds of credential that the route takes. */
  readonly credentials: readonly CredentialKind[];
  /** What a refusal of a credential lists. */
  readonly challenges: Challenges;
  /** Where navigations without a good credential are sent; null: nowhere. */
  readonly signIn: SignIn | null;
  /** How the service reads paths; null: in the ordinary way. */
  readonly reading: PathReading | null;
  /** Oldest verdict that the route accepts, in milliseconds; null: any within its lifetime. */
  readonly maxAgeMs: number | null;
  /** The same for methods with a value of their own; null: none has one. */
  readonly maxAgeMsByMethod: ReadonlyMap<string, number> | null;
  /** Conditions on request and identity in addition to the rule (`when`); null: none. */
  readonly conditions: readonly Criterion[] | null;
  /** Policies that are part of `access` and `conditions`; null: none. */
  readonly restricted: Restricted | null;
  /** Largest request body in bytes; `Infinity`: no limit. */
  readonly maxBodyBytes: number;
  readonly rewrite: PathRewrite | null;
  /** Whether the client's credential headers reach the upstream. */
  readonly forwardCredentials: boolean;
  /** Name of the upstream. */
  readonly upstream: string;
  /** Who a signed identity is for (`aud`); null: none is sent. */
  readonly audience: string | null;
  /** Longest wait for the upstream's response to begin, and between parts of a body, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest silence between two parts of a response, in milliseconds; 0: no limit; null: by the kind of response. */
  readonly idleTimeoutMs: number | null;
  /** What a successful call revokes; null: nothing. */
  readonly evict: readonly Eviction[] | null;
  /** Pages of other origins that may use the route; null: OPTIONS is a method like others. */
  readonly cors: CorsPolicy | null;
  /** What is done to the headers of responses; null: nothing of the route's own. */
  readonly response: ResponseRules | null;
}
