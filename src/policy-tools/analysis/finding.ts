/** What an analysis of the rules can find, as plain data. Everything here is valid: the file loads, but its effect may surprise. */
import type { ConfigPart } from '../../config/places.ts';

export interface FindingKind {
  /** `warning`: most likely a mistake. `note`: worth a look. */
  readonly severity: 'warning' | 'note';
  /** One sentence for the list of checks. */
  readonly meaning: string;
}

export const findingKinds = {
  route_unreachable: {
    severity: 'warning',
    meaning: 'Every request that a route matches goes to more specific routes, or is refused before matching.',
  },
  method_unlisted: {
    severity: 'warning',
    meaning: 'A route refuses a method with 405 that a broader matching route lists.',
  },
  method_unlike_peers: {
    severity: 'note',
    meaning: 'A route does not list a method that all similar routes list.',
  },
  role_unused: { severity: 'warning', meaning: 'No rule requires a declared role, or one that it inherits.' },
  role_misspelt: { severity: 'warning', meaning: 'An unused role is spelled almost like one that rules require.' },
  rule_unmeetable: { severity: 'warning', meaning: 'No set of roles meets a rule.' },
  roles_never: { severity: 'warning', meaning: 'No identity meets an expression within a rule.' },
  roles_always: { severity: 'warning', meaning: 'Every identity meets an expression within a rule.' },
  roles_repeated: { severity: 'warning', meaning: 'A rule lists a role or an expression twice in one list.' },
  condition_unmeetable: {
    severity: 'warning',
    meaning: 'No request meets a condition of a route, or all of its conditions at once.',
  },
  condition_idle: {
    severity: 'warning',
    meaning: 'Every identity that the rules of a route allow is exempt from a condition.',
  },
  condition_always_met: {
    severity: 'warning',
    meaning: 'Every request meets a condition of a route, so it refuses none.',
  },
  condition_shadowed: {
    severity: 'warning',
    meaning: 'A condition refuses only requests that earlier conditions already refuse.',
  },
  list_line_repeated: { severity: 'note', meaning: 'A list file contains an entry twice.' },
  condition_unused: { severity: 'warning', meaning: 'A named condition is not used.' },
  route_without_access: {
    severity: 'warning',
    meaning: 'A route has no rule, and no default gives one, so it refuses every request.',
  },
  access_expired: { severity: 'warning', meaning: 'A route has expired (`notAfter`).' },
  policy_unused: { severity: 'warning', meaning: 'A policy applies to no route.' },
  literal_like_value: {
    severity: 'warning',
    meaning: 'A condition compares with a text that looks like a reference to the request or the identity.',
  },
  public_under_protected: {
    severity: 'warning',
    meaning: 'A route is public or optional below a prefix whose other requests need an identity.',
  },
  public_over_protected: {
    severity: 'warning',
    meaning: 'A public or optional route of a host matches requests that a route for more hosts protects.',
  },
  shape_bypassed: {
    severity: 'warning',
    meaning: 'A value that a service may read as one of a shape, such as 007, goes to an open route instead.',
  },
  case_bypassed: {
    severity: 'warning',
    meaning: 'The paths of a route in another letter case go to a route with `caseSensitive: true` and a weaker rule.',
  },
  evict_public: {
    severity: 'warning',
    meaning: 'Calls without a credential choose what a route ends (`evict` with a parameter of the path).',
  },
  literal_like_pattern: {
    severity: 'warning',
    meaning: 'A literal segment of a pattern looks like a parameter or a regular expression of another tool.',
  },
  param_uncompared: {
    severity: 'warning',
    meaning: 'A route does not compare a parameter that another route with the same prefix compares.',
  },
  hosts_alike: { severity: 'warning', meaning: 'The hosts of two routes differ by one letter.' },
  condition_every_address: { severity: 'warning', meaning: 'The ranges of a condition contain every address.' },
  sign_in_unknown: {
    severity: 'warning',
    meaning: 'No source reads the time of the sign-in, so `maxAuthAge` refuses every request.',
  },
  every_peer_trusted: { severity: 'warning', meaning: 'The forwarded headers of every peer are trusted.' },
  private_block_trusted: {
    severity: 'warning',
    meaning: 'The forwarded headers of a whole block of private addresses are trusted, such as 10.0.0.0/8.',
  },
  admin_open: {
    severity: 'warning',
    meaning: 'The admin port is reachable from other machines and requires no token.',
  },
  auth_api_is_gateway: { severity: 'warning', meaning: 'The URL of the Auth API is the gateway itself.' },
  source_unused: { severity: 'warning', meaning: 'A source receives no credential.' },
  issuer_without_tls: {
    severity: 'warning',
    meaning: 'The keys of an issuer are fetched without TLS, so an attacker on the network can replace them.',
  },
  certificate_invalid: {
    severity: 'warning',
    meaning: 'A certificate that clients see has expired, or is not valid yet.',
  },
  port_zero: { severity: 'warning', meaning: 'A target or the Auth API has port 0, which no client can connect to.' },
  routes_unanalyzed: {
    severity: 'warning',
    meaning: 'The parameters of the routes have too many forms to compare, so the routes were not analyzed.',
  },
  upstream_unused: { severity: 'warning', meaning: 'An upstream is not used by any route.' },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof findingKinds;

export interface Finding {
  readonly code: FindingCode;
  /** Id of the route, name of the role or upstream, or path of the setting. */
  readonly subject: string;
  readonly place: ConfigPart;
  /** One sentence without a full stop. Contains no value of a condition. */
  readonly message: string;
  readonly hint: string | null;
  /** A request that shows the finding, such as `GET http://api.example.test/v1/orders`; null if none can. */
  readonly example: string | null;
}

export function findingOf(
  code: FindingCode,
  subject: string,
  place: ConfigPart,
  message: string,
  { hint = null, example = null }: { readonly hint?: string | null; readonly example?: string | null } = {},
): Finding {
  return { code, subject, place, message, hint, example };
}
