/** The dialects, and the endpoint of each. */
import { reasons } from '../core/outcome/reasons.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Refusal } from '../request-line/own-response.ts';
import type { CheckRequest, Dialect, DialectName, OriginalRequest } from './dialect.ts';
import { envoy } from './envoy.ts';
import { allManaged } from './managed-headers.ts';
import { original, readForwardedFields, readOriginalFields, takeField } from './read-fields.ts';

/**
 * Caddy `forward_auth`. It sends the client's headers with its own `X-Forwarded-*`, and forwards any refusal unchanged. A header that
 * `copy_headers` lists and the response lacks would reach the service as the text of a placeholder, so every one is sent, even if empty.
 */
const caddy: Dialect = {
  name: 'caddy',
  read: readForwardedFields,
  allow: allManaged,
};

/**
 * HAProxy with the script `config/haproxy/rolegate.lua`, which calls with `core.httpclient()`, forwards refusals unchanged, and sets or
 * deletes each header that the configuration lists.
 */
const haproxy: Dialect = {
  name: 'haproxy',
  read: readOriginalFields,
  allow: allManaged,
};

/**
 * Traefik `ForwardAuth`. It sends the client's headers with its own `X-Forwarded-*`, and forwards any refusal unchanged. Headers in
 * `authResponseHeaders` are deleted from the request and set from the response, so a credential that the service must not receive is absent
 * from the response.
 */
const traefik: Dialect = {
  name: 'traefik',
  read: readForwardedFields,
  allow: (managed) =>
    managed.flatMap(({ name, value, kind }) => (kind === 'credential' && value === null ? [] : [name, value ?? ''])),
};

/**
 * nginx `auth_request`. It forwards 401 and 403 of a check, without the body, and turns any other refusal into 500. So the check only
 * returns whether to continue, and nginx gets the refusal itself at a second path, by `error_page`.
 */
const nginx: Dialect = {
  name: 'nginx',
  read: readOriginalFields,
  allow: allManaged,
  /** Without a challenge, which nginx would send in addition to that of the whole refusal. */
  writeVerdict(response: WholeResponse, { reason, errorId, condition }: Refusal): number {
    const { status, message } = reasons[reason];
    const error = ['x-error', condition?.message ?? message, 'x-error-id', errorId];
    const headers = ['cache-control', 'no-store', ...error, 'content-length', '0'];
    // A configuration without the second request must not turn an outage into 403.
    response.writeHead(status === 401 || status >= 500 ? status : 403, null, headers);
    return response.end();
  },
};

/**
 * The `ExternalAuth` filter of the Gateway API as NGINX Gateway Fabric reads it: GET to the configured path, with the original method and
 * target in the headers `Method` and `Path`. It lacks the client address, so no address condition is met, and the scheme:
 * `X-Forwarded-Proto` is the client's own.
 */
const gatewayApi: Dialect = {
  name: 'gateway-api',
  read({ rawHeaders }: CheckRequest): OriginalRequest | null {
    const host = takeField(rawHeaders, 'host');
    const method = host === null ? null : takeField(host.rest, 'method');
    const target = method === null ? null : takeField(method.rest, 'path');
    if (host === null || method === null || target === null) return null;
    return original(method.value, target.value, host.value, withoutScheme(target.rest), null);
  },
  allow: allManaged,
};

function withoutScheme(rawHeaders: readonly string[]): string[] {
  const rest: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'x-forwarded-proto')) rest.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return rest;
}

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
  /** The endpoint for the whole refusal after a refused check. It never allows. */
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

/** `rest`: the target after the path of the endpoint. Null: no dialect has this endpoint. */
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
