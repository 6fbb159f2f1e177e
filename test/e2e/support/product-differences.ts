/**
 * What a product does by itself with some golden cases, before or after the check, instead of what the gateway does: one row per product,
 * kind and reason. A case that is listed and does not differ fails.
 */
import { familyOf, type ProductFamily, type ProductName } from './asking-proxy.ts';

/**
 * `refuses`: without a check, and without our headers. `hides`: the refusal arrives as a bare 503. `cleans`: the check and the service get
 * another target than the client sent. `drops`: a header reaches neither. `alters`: the check shows a header in another form, so the
 * request is refused for another reason.
 */
export type DifferenceKind = 'refuses' | 'hides' | 'cleans' | 'drops' | 'alters';

type Row = readonly [
  products: readonly (ProductFamily | ProductName)[],
  kind: DifferenceKind,
  because: string,
  cases: readonly string[],
];

const rows: readonly Row[] = [
  [
    ['nginx'],
    'refuses',
    'a repeated Authorization or Host is malformed',
    [
      'bearer.yaml: refuses two headers with different tokens',
      'bearer.yaml: refuses two headers with the same token',
      'credential-kinds.yaml: refuses repeated Basic headers',
      'credential-kinds.yaml: refuses a Basic and a Bearer header',
      'optional.yaml: refuses a repeated credential',
      'paths-refused.yaml: ambiguous path is reported before a repeated credential',
      'public.yaml: forwards a repeated credential',
    ],
  ],
  [['nginx'], 'refuses', 'Host may not be empty', ['hosts.yaml: refuses an empty Host']],
  [
    ['nginx', 'haproxy-3.0', 'caddy', 'traefik', 'envoy', 'envoy-grpc'],
    'refuses',
    'Host may not contain these characters',
    ['hosts.yaml: refuses a path', 'hosts.yaml: refuses a list of hosts'],
  ],
  [
    ['haproxy-3.0', 'caddy', 'traefik'],
    'refuses',
    'Host may not contain user information',
    ['hosts.yaml: refuses user information', 'sign-in.yaml: refuses a Host with user information'],
  ],
  [
    ['nginx', 'envoy', 'envoy-grpc'],
    'refuses',
    'its parser accepts only upper-case methods',
    [
      'methods.yaml: refuses a listed method in lower case',
      'methods.yaml: refuses a lower-case method despite a rule for all others',
      'methods.yaml: refuses a method with one lower-case letter',
      'methods.yaml: refuses an unknown method in lower case',
    ],
  ],
  [
    ['envoy', 'envoy-grpc'],
    'refuses',
    'its parser knows a list of methods',
    ['methods.yaml: refuses an unknown method that is not listed'],
  ],
  [['nginx'], 'refuses', 'it never serves TRACE', ['methods.yaml: refuses TRACE']],
  [['envoy'], 'hides', 'its client sends no TRACE, so the check fails', ['methods.yaml: refuses TRACE']],
  [
    ['nginx', 'caddy', 'traefik'],
    'refuses',
    'an escape must have two hexadecimal digits',
    [
      'paths-refused.yaml: lone percent sign',
      'paths-refused.yaml: escape with invalid hex digits',
      'paths-refused.yaml: percent-u escape',
    ],
  ],
  [
    ['nginx'],
    'refuses',
    'its own reading of the path may not contain NUL, or lead above the root',
    [
      'paths-canonical.yaml: dot segments above the root are dropped',
      'paths-refused.yaml: escaped NUL',
      'paths-tolerated.yaml: refuses an escaped NUL',
    ],
  ],
  [
    ['nginx', 'haproxy', 'caddy', 'traefik', 'envoy', 'envoy-grpc'],
    'refuses',
    'a target may not contain control characters',
    ['paths-refused.yaml: raw control character'],
  ],
  [
    ['haproxy'],
    'refuses',
    'a target may not contain bytes beyond ASCII',
    ['sign-in.yaml: non-ASCII byte in the query'],
  ],
  [
    ['traefik'],
    'cleans',
    'it decodes letters and writes hexadecimal digits in upper case',
    [
      'conditions.yaml: allows a tenant with an escaped letter',
      'paths-canonical.yaml: escaped letters are decoded',
      'paths-canonical.yaml: escaped letters do not avoid a route',
      'paths-canonical.yaml: hex digits become upper case',
      'paths-canonical.yaml: escaped UTF-8 matches a literal',
      'paths-tolerated.yaml: keeps an escaped slash within a segment',
      'rewrite.yaml: strips a prefix after decoding escapes',
      'rewrite.yaml: strips an escaped prefix',
      'rewrite.yaml: keeps an escaped slash and a semicolon after the prefix',
    ],
  ],
  [['traefik'], 'cleans', 'it writes ";" of a query as "&"', ['paths-canonical.yaml: query is forwarded as received']],
  [
    ['traefik'],
    'cleans',
    'sanitizePath resolves dot segments and merges slashes',
    [
      'paths-canonical.yaml: dot segments are removed before matching',
      'paths-canonical.yaml: single dot segments are removed',
      'paths-canonical.yaml: dot segments above the root are dropped',
      'paths-canonical.yaml: trailing dot segment leaves a trailing slash',
      'paths-canonical.yaml: repeated slashes are merged',
      'paths-refused.yaml: escaped dot segment',
      'paths-refused.yaml: half-escaped dot segment',
      'paths-refused.yaml: escaped single dot',
      'paths-refused.yaml: ambiguous path is reported before a repeated credential',
      'paths-slashes.yaml: keeps empty segments',
      'paths-slashes.yaml: keeps empty segments at the end',
      'paths-slashes.yaml: refuses an empty first segment',
      'paths-slashes.yaml: dot segment removes an empty segment',
      'paths-slashes.yaml: refuses a dot segment that leads to a stricter route',
      'paths-slashes.yaml: keeps empty segments after the prefix is stripped',
      'paths-slashes.yaml: refuses slashes that a service could merge into a stricter route',
      'paths-slashes.yaml: allows slashes that lead to no stricter route',
      'rewrite.yaml: strips a prefix after removing dot segments',
      'sign-in.yaml: keeps slashes in the return address where the route keeps them',
    ],
  ],
  [
    ['envoy'],
    'hides',
    'of a response to a check with 5xx it uses "status_on_error" only',
    [
      'credential-kinds.yaml: refuses an API key while the Auth API is unavailable',
      'loops.yaml: refuses a request that passed twice before',
      'loops.yaml: refuses two passes in two Via headers',
      'optional.yaml: refuses a bearer while the Auth API is unavailable',
      'outages.yaml: refuses a bearer on a route without roles',
      'outages.yaml: refuses a key pair on a route without roles',
      'outages.yaml: refuses a bearer on a route with roles',
      'outages.yaml: refuses a bearer on a route that only excludes roles',
      'sign-in.yaml: outage stays 503',
    ],
  ],
  [
    ['envoy', 'envoy-grpc'],
    'alters',
    'it joins repeated headers that it knows',
    ['cors.yaml: refuses OPTIONS with two Origin headers'],
  ],
  [
    ['envoy'],
    'alters',
    'a check over HTTP has repeated headers as one',
    [
      'credential-kinds.yaml: refuses a repeated API key',
      'credentials-configured.yaml: refuses two Cookie headers with a bearer cookie',
      'key-pair.yaml: refuses a repeated key',
      'key-pair.yaml: refuses a repeated secret',
    ],
  ],
  [
    ['envoy'],
    'alters',
    'a check over HTTP has bytes that are not UTF-8 as "!"',
    ['key-pair.yaml: refuses a key with a trailing non-breaking space'],
  ],
  [
    ['nginx', 'envoy', 'envoy-grpc'],
    'drops',
    'names of headers may contain only letters, digits and hyphens',
    ['conditions.yaml: refuses a header repeated with a dot in its name'],
  ],
];

/** Null: none. `name`: `file.yaml: name of the case`. */
export function differenceOf(product: ProductName, name: string): DifferenceKind | null {
  const kinds = rows.flatMap(([products, kind, , cases]) =>
    (products.includes(product) || products.includes(familyOf(product))) && cases.includes(name) ? [kind] : [],
  );
  if (kinds.length > 1) throw new Error(`${product}, ${name}: several differences`);
  return kinds[0] ?? null;
}

/** Of every row. */
export const namedCases: readonly string[] = rows.flatMap(([, , , cases]) => cases);
