/** A compiled route: what it matches, who may use it, where it goes. */
import type { Challenges } from '../credential/challenges.ts';
import type { CredentialKind } from '../credential/credential.ts';
import type { SignIn } from '../credential/sign-in.ts';
import type { CorsPolicy } from '../forwarding/cors.ts';
import type { ResponseRules } from '../forwarding/response-rules.ts';
import type { PathRewrite } from '../forwarding/rewrite-path.ts';
import type { ScopedRole } from '../identity/scoped-role.ts';
import type { RouteAccess } from '../policy/access.ts';
import type { Criterion } from '../policy/conditions.ts';
import type { Restricted } from '../policy/restrictions.ts';
import type { Eviction } from '../revocation/eviction.ts';
import type { RoutePattern } from '../url/path-pattern.ts';
import type { PathReading } from '../url/path-reading.ts';

/** Name of the upstream for the public keys of signed identities, which the gateway itself serves. */
export const identityKeys = 'identity-keys';

/** Names of upstreams for tokens from issuers about their users, which the gateway itself receives, and their kind. */
export const eventUpstreams: ReadonlyMap<string, 'logout' | 'security-event'> = new Map([
  ['backchannel-logout', 'logout'],
  ['security-events', 'security-event'],
]);

/** Whether the gateway itself serves this upstream. */
export function endsHere(upstream: string): boolean {
  return upstream === identityKeys || eventUpstreams.has(upstream);
}

/** Tokens of a provider that a session has: for services that it knows, or about the user. */
export const forwardedTokens = ['access', 'id'] as const;
export type ForwardedToken = (typeof forwardedTokens)[number];

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
  readonly access: RouteAccess;
  /** Whether the configuration has a rule for the route; without one, it refuses every request. */
  readonly hasRule: boolean;
  /** Roles that are read in the scope of a parameter; null: its rules use none. */
  readonly scopes: readonly ScopedRole[] | null;
  /** Kinds of credential that the route accepts. */
  readonly credentials: readonly CredentialKind[];
  /** Challenges in a refusal of a credential. */
  readonly challenges: Challenges;
  /** Sign-in page for navigations without a valid credential, or null. */
  readonly signIn: SignIn | null;
  /** How the service reads paths; null: in the ordinary way. */
  readonly reading: PathReading | null;
  /** Oldest verdict that the route accepts, in milliseconds; null: any within its lifetime. */
  readonly maxVerdictAgeMs: number | null;
  /** The same for methods with their own value; null: none. */
  readonly maxVerdictAgeMsByMethod: ReadonlyMap<string, number> | null;
  /** Conditions on request and identity in addition to the rule (`when`); null: none. */
  readonly conditions: readonly Criterion[] | null;
  /** Policies that are part of `access` and `conditions`; null: none. */
  readonly restricted: Restricted | null;
  /** Largest request body in bytes; `Infinity`: no limit. */
  readonly maxBodyBytes: number;
  readonly rewrite: PathRewrite | null;
  /** Whether the client's credential headers reach the upstream. */
  readonly forwardCredentials: boolean;
  /** Token of the session that the upstream receives in `Authorization`; null: none. */
  readonly forwardToken: ForwardedToken | null;
  /** Name of the upstream. */
  readonly upstream: string;
  /** Audience of the signed identity (`aud`); null: none is sent. */
  readonly audience: string | null;
  /** Longest wait for the upstream's response to begin, and between parts of a body, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest silence between two parts of a response, in milliseconds; 0: no limit; null: by the kind of response. */
  readonly idleTimeoutMs: number | null;
  /** What a successful call revokes; null: nothing. */
  readonly evict: readonly Eviction[] | null;
  /** Pages of other origins that may use the route; null: OPTIONS is an ordinary method. */
  readonly cors: CorsPolicy | null;
  /** Changes to response headers; null: the route has none. */
  readonly response: ResponseRules | null;
}
