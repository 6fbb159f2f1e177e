/** What an analysis of the rules can find, as plain data. Nothing here is wrong in form: the file loads, and surprises. */
import type { Place } from '../../config/places.ts';

export interface FindingKind {
  /** `warning`: most likely not meant. `note`: worth a look. */
  readonly severity: 'warning' | 'note';
  /** One sentence, for lists of what is looked for. */
  readonly meaning: string;
}

export const findingKinds = {
  route_unreachable: {
    severity: 'warning',
    meaning: 'Every request that a route fits goes to more specific routes, or is refused before any route is asked.',
  },
  method_unlisted: {
    severity: 'warning',
    meaning: 'A route refuses a method with 405 that a broader route, which also fits, lists.',
  },
  method_unlike_peers: {
    severity: 'note',
    meaning: 'A route does not list a method that all routes of the same kind list.',
  },
  role_unused: { severity: 'warning', meaning: 'No rule asks for a declared role, nor for one that it inherits.' },
  role_misspelt: { severity: 'warning', meaning: 'An unused role is spelled almost like one that rules ask for.' },
  rule_unmeetable: { severity: 'warning', meaning: 'Whatever roles somebody has, a rule lets nobody in.' },
  roles_never: { severity: 'warning', meaning: 'Nobody can meet an expression within a rule.' },
  roles_always: { severity: 'warning', meaning: 'Every identity meets an expression within a rule.' },
  roles_repeated: { severity: 'warning', meaning: 'A rule lists a role or an expression twice in one list.' },
  condition_unmeetable: {
    severity: 'warning',
    meaning: 'No request meets a condition of a route, or all of its conditions at once.',
  },
  condition_idle: {
    severity: 'warning',
    meaning: 'Everybody whom the rules of a route let in is exempt from a condition.',
  },
  condition_always_met: {
    severity: 'warning',
    meaning: 'Every request meets a condition of a route, so that it refuses none.',
  },
  condition_shadowed: {
    severity: 'warning',
    meaning: 'A condition refuses no request that the conditions before it let through.',
  },
  condition_unused: { severity: 'warning', meaning: 'Nothing uses a condition that has a name.' },
  policy_unused: { severity: 'warning', meaning: 'No route lies below a policy.' },
  literal_like_value: {
    severity: 'warning',
    meaning: 'A condition compares with a text that looks like a value of the request or the identity.',
  },
  public_under_protected: {
    severity: 'warning',
    meaning: 'A route is public or optional below a prefix whose other requests need an identity.',
  },
  public_over_protected: {
    severity: 'warning',
    meaning: 'A public or optional route of a host takes requests that a route for more hosts protects.',
  },
  route_in_shadow: { severity: 'warning', meaning: 'A route lets everybody through whom its rule refuses.' },
  literal_like_pattern: {
    severity: 'warning',
    meaning: 'A literal segment of a pattern is written as other tools write a parameter or a regular expression.',
  },
  param_uncompared: {
    severity: 'warning',
    meaning: 'A route does not compare a parameter that another route with the same beginning compares.',
  },
  hosts_alike: { severity: 'warning', meaning: 'The hosts of two routes differ by one letter.' },
  condition_every_address: { severity: 'warning', meaning: 'The ranges of a condition hold every address.' },
  every_peer_trusted: { severity: 'warning', meaning: 'The forwarded headers of every peer are believed.' },
  admin_open: {
    severity: 'warning',
    meaning: 'The admin port can be reached from other machines, and asks for no token.',
  },
  auth_api_is_gateway: { severity: 'warning', meaning: 'The URL of the Auth API leads to the gateway itself.' },
  source_unused: { severity: 'warning', meaning: 'No credential goes to a source.' },
  issuer_without_tls: {
    severity: 'warning',
    meaning: 'The keys of an issuer come over the network without TLS, so that whoever is in between can replace them.',
  },
  port_zero: { severity: 'warning', meaning: 'A target or the Auth API has port 0, which no client can connect to.' },
  routes_unanalyzed: {
    severity: 'warning',
    meaning: 'The parameters of the routes have too many forms to compare, so that the routes were not analyzed.',
  },
  upstream_unused: { severity: 'warning', meaning: 'No route leads to an upstream.' },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof findingKinds;

export interface Finding {
  readonly code: FindingCode;
  /** Id of the route, name of the role or upstream, or path of the setting. */
  readonly subject: string;
  readonly place: Place;
  /** One sentence without final stop; holds no value of a condition. */
  readonly message: string;
  readonly hint: string | null;
  /** A request that shows it, such as `GET http://api.example.test/v1/orders`; null where none can. */
  readonly example: string | null;
}

export function findingOf(
  code: FindingCode,
  subject: string,
  place: Place,
  message: string,
  { hint = null, example = null }: { readonly hint?: string | null; readonly example?: string | null } = {},
): Finding {
  return { code, subject, place, message, hint, example };
}
