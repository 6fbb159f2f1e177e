/** Where each dialect asks, and how a check is finished there. */
import { type Decision, refuse } from '../core/decision.ts';
import { appendRequestHeaders } from '../core/forwarding/request-headers.ts';
import type { RequestContext } from '../proxy/request-context.ts';
import type { Finish } from '../proxy/serve.ts';
import type { withAssertion } from '../proxy/with-assertion.ts';
import { caddy } from './caddy.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { envoy } from './envoy.ts';
import { gatewayApi } from './gateway-api.ts';
import { haproxy } from './haproxy.ts';
import { type ManagedName, managedHeaders } from './managed-headers.ts';
import { nginx } from './nginx.ts';
import { traefik } from './traefik.ts';
import { unkept } from './unkept.ts';

const dialects: Readonly<Record<DialectName, Dialect>> = {
  nginx,
  traefik,
  caddy,
  haproxy,
  envoy,
  'gateway-api': gatewayApi,
};

export interface Endpoint {
  readonly dialect: Dialect;
  /** Where a proxy asks for the whole refusal, after its check was refused. Nothing is allowed there. */
  readonly refusesOnly: boolean;
}

/** By path. */
export type Endpoints = ReadonlyMap<string, Endpoint>;

export function endpointsOf(paths: { readonly [Name in DialectName]?: string | undefined }): Endpoints {
  const endpoints = new Map<string, Endpoint>();
  for (const dialect of Object.values(dialects)) {
    const path = paths[dialect.name];
    if (path === undefined) continue;
    endpoints.set(path, { dialect, refusesOnly: false });
    if (dialect.writeVerdict !== undefined) endpoints.set(`${path}/refusal`, { dialect, refusesOnly: true });
  }
  return endpoints;
}

/** `rest`: what the target holds behind the path of the endpoint. Null: no dialect asks there. */
export function findEndpoint(
  endpoints: Endpoints,
  target: string,
): { readonly endpoint: Endpoint; readonly rest: string } | null {
  const mark = target.indexOf('?');
  const exact = endpoints.get(mark < 0 ? target : target.slice(0, mark));
  if (exact !== undefined) return { endpoint: exact, rest: '' };
  for (const [path, endpoint] of endpoints) {
    if (endpoint.dialect.targetBehindPath === true && target.startsWith(`${path}/`))
      return { endpoint, rest: target.slice(path.length) };
  }
  return null;
}

/** How a check ends: with headers for the service, or with a refusal. Nothing but a decision to allow is a success. */
export function finishCheck(
  { dialect, refusesOnly }: Endpoint,
  managed: readonly ManagedName[],
  sign: typeof withAssertion,
): Finish {
  return (context, decision, { rules, assertion }, facts) => {
    if (decision.outcome !== 'allow') {
      // What the gateway responds to itself is a success, which would let the request through to the service.
      if (decision.outcome === 'refuse') context.fail(decision.reason, decision.cause);
      else refuseAfter(context, decision, decision.outcome === 'preflight' ? 'method_not_allowed' : 'route_not_found');
      return undefined;
    }
    const { request } = context;
    // A proxy that asks for the refusal of an allowed request could not reach its service, or access was granted after its check.
    const fault =
      unkept(request, decision, rules, context.peer.trusted) ?? (refusesOnly ? 'proxied_service_unavailable' : null);
    if (fault !== null) {
      refuseAfter(context, decision, fault);
      return undefined;
    }
    const allow = () => {
      const forwarded: string[] = [];
      appendRequestHeaders(forwarded, rules, decision, request.rawHeaders, facts);
      if (context.assertion !== null) forwarded.push(rules.assertionHeader!, context.assertion);
      const headers = dialect.allow(managedHeaders(managed, forwarded));
      const close = request.body === null ? [] : ['connection', 'close'];
      context.response.writeHead(200, null, ['cache-control', 'no-store', ...headers, 'content-length', '0', ...close]);
      context.response.end();
    };
    if (assertion !== null) return sign(context, assertion, decision, allow);
    allow();
    return undefined;
  };
}

function refuseAfter(context: RequestContext, decision: Decision, reason: Parameters<typeof refuse>[1]): void {
  context.decision = refuse(decision, reason);
  context.fail(reason);
}
