/**
 * Metadata of the resources behind the gateway (RFC 9728): where clients get tokens for them, and for which scopes. A resource is a host, or
 * a path on it with everything below. The gateway responds to these requests itself, before any route is matched.
 */
import type { CanonicalRequest } from '../request/request-view.ts';

export interface ResourceSource {
  /** Scheme, host and port, as clients know them. */
  readonly origin: string;
  /** Canonical, such as `/mcp`; empty: the whole host. */
  readonly path: string;
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
}

export interface ProtectedResource {
  readonly path: string;
  readonly metadataUrl: string;
  /** JSON text. */
  readonly document: string;
  readonly scopes: readonly string[];
}

/** By host, the longest path first. */
export type ProtectedResources = ReadonlyMap<string, readonly ProtectedResource[]>;

/** RFC 9728 section 3: the path of a resource follows it. */
export const metadataPath = '/.well-known/oauth-protected-resource';

export function compileResource(
  { origin, path, authorizationServers, scopes }: ResourceSource,
  bearerMethods: readonly string[],
): ProtectedResource {
  const metadata = {
    resource: origin + path,
    ...(authorizationServers.length === 0 ? {} : { authorization_servers: authorizationServers }),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: bearerMethods,
  };
  return { path, metadataUrl: origin + metadataPath + path, document: JSON.stringify(metadata), scopes };
}

/** The metadata that the request is for; null: an ordinary request. */
export function resourceAsked(
  { method, path, host }: CanonicalRequest,
  resources: ProtectedResources,
): ProtectedResource | null {
  if (!path.startsWith(metadataPath) || (method !== 'GET' && method !== 'HEAD')) return null;
  return resources.get(host)?.find((resource) => path === metadataPath + resource.path) ?? null;
}

/** The resource that the request is within; null: none has metadata. */
export function resourceOf(
  { path, host }: Pick<CanonicalRequest, 'path' | 'host'>,
  resources: ProtectedResources,
): ProtectedResource | null {
  const within = (base: string) => base === '' || path === base || path.startsWith(`${base}/`);
  return resources.get(host)?.find((resource) => within(resource.path)) ?? null;
}
