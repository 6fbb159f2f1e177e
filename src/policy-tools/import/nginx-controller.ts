/** What the `ConfigMap` of the controller requires of all requests, unless an Ingress overrides it. */
import type { Leftover } from './imported-rule.ts';
import { readRanges } from './read-values.ts';
import { child, entriesOf, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

export interface ControllerDemands {
  /** `global-auth-url`; null: none. */
  readonly authUrl: string | null;
  /** Addresses that may connect if an Ingress lists none; null: every address. */
  readonly ranges: readonly string[] | null;
  /** Why everything is denied; null: it is not. */
  readonly closed: string | null;
}

/** Settings that restrict no access. */
const harmless = new RegExp(
  `^(?:${[
    'add-headers|hide-headers|allow-(?:backend|cross|snippet)|annotation|bind-address|brotli|client-|custom-http-errors',
    'debug-connections|default-type|generate-request-id|global-allowed-response-headers|grpc-|gzip|hsts|http-redirect-code',
    'http2-|ignore-invalid|jaeger|keep-alive|large-client|load-balance|log-format|lua-|map-hash|max-worker|nginx-status',
    'no-tls-redirect|opentelemetry|otel|otlp|proxy-(?!protocol|real-ip)|relative-redirects|retry-non|reuse-port|server-name',
    'server-tokens|service-upstream|skip-access-log|ssl-|strict-validate|syslog|upstream-keepalive|variables-hash|worker-',
    '(?:http-|stream-)?access-log|disable-(?:access|ipv6)|error-log|force-ssl-redirect',
    'enable-(?:access-log|aio|brotli|multi|ocsp|opentelemetry|serial|syslog|underscores)|use-(?:geoip|gzip|http2)',
  ].join('|')})`,
);
/** Settings that matter to allowed requests. */
const telling =
  /^(?:limit-|use-forwarded|compute-full|forwarded-for|enable-real-ip|use-proxy-protocol|proxy-(?:protocol|real-ip)|no-auth-locations|global-auth-(?!url|snippet))/;
/** Settings that can refuse requests. */
const closing = /^(?:.*-snippet|block-.*|denylist-.*|enable-(?:owasp-)?modsecurity.*|modsecurity-.*)$/;

export function readController(resources: readonly SourceNode[], lost: Leftover[]): ControllerDemands {
  let demands: ControllerDemands = { authUrl: null, ranges: null, closed: null };
  for (const map of resources.filter(isOfController)) {
    const what = textOf(child(map, 'metadata', 'name')) ?? 'ConfigMap';
    for (const [key, value] of entriesOf(child(map, 'data'))) {
      const text = textOf(value) ?? '';
      if (text === '' || text === 'false' || harmless.test(key)) continue;
      const ranges = key === 'whitelist-source-range' && demands.ranges === null ? readRanges(text) : null;
      if (key === 'global-auth-url' && demands.authUrl === null) demands = { ...demands, authUrl: text };
      else if (ranges !== null) demands = { ...demands, ranges };
      else if (telling.test(key)) {
        lost.push({ kind: 'lost', file: value.file, line: value.line, what, why: `its "${key}" has no equivalent` });
      } else demands = { ...demands, closed: `"${key}" of the controller may refuse requests` };
    }
  }
  return demands;
}

/** Files often contain the `ConfigMap` of applications, too. */
function isOfController(resource: SourceNode): boolean {
  if (textOf(child(resource, 'kind')) !== 'ConfigMap') return false;
  const own = [harmless, telling, closing, /^(?:global-auth-url|whitelist-source-range)$/];
  return entriesOf(child(resource, 'data')).some(([key]) => own.some((expression) => expression.test(key)));
}
