/** The endpoint of each dialect. */
import { caddy } from './caddy.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { envoy } from './envoy.ts';
import { gatewayApi } from './gateway-api.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { traefik } from './traefik.ts';

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
