/**
 * Metadata of the hosts behind the gateway (RFC 9728): where clients get tokens for them. The gateway responds to these requests
 * itself, before any route is matched.
 */
import type { CanonicalRequest } from '../request/request-view.ts';

export interface ResourceSource {
  /** Scheme, host and port, as clients know them. */
  readonly resource: string;
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
}

export interface ProtectedResource {
  readonly metadataUrl: string;
  /** JSON text. */
  readonly document: string;
}

/** RFC 9728 section 3: for a resource identifier without a path. */
export const metadataPath = '/.well-known/oauth-protected-resource';

export function compileResource(
  { resource, authorizationServers, scopes }: ResourceSource,
  bearerMethods: readonly string[],
): ProtectedResource {
  const metadata = {
    resource,
    ...(authorizationServers.length === 0 ? {} : { authorization_servers: authorizationServers }),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: bearerMethods,
  };
  return { metadataUrl: resource + metadataPath, document: JSON.stringify(metadata) };
}

/** The metadata that the request is for, by its host; null: an ordinary request. */
export function resourceAsked(
  { method, path, host }: CanonicalRequest,
  resources: ReadonlyMap<string, ProtectedResource>,
): ProtectedResource | null {
  if (path !== metadataPath || (method !== 'GET' && method !== 'HEAD')) return null;
  return resources.get(host) ?? null;
}
