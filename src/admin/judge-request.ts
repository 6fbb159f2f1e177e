/** The order in which a request to the admin port is checked: its origin, its sender, its target. */
import type { IncomingMessage } from 'node:http';
import type { AdminToken } from '../config/config.ts';
import { clientNetwork } from '../core/forwarding/client-address.ts';
import { mediaType, readBody } from '../operations/read-request.ts';
import { checkCaller, findToken, includesScope } from './check-caller.ts';
import { type Endpoint, endpointName } from './endpoints.ts';
import type { AdminResponse, Refused } from './responses.ts';

export interface AdminRules {
  /** Host names of the port, in lower case. */
  readonly hostNames: readonly string[];
  /** Empty: anyone may read, and nothing can be changed. */
  readonly tokens: readonly AdminToken[];
}

/** No caller has a reason to send more. */
const maxBodyBytes = 64 * 1024;

/**
 * Null if the caller is gone. The body is always read to its end: closing a connection with unread bytes would make TCP reset it, and the
 * response would be lost. Never rejects.
 */
export async function judgeRequest(
  request: IncomingMessage,
  endpoints: ReadonlyMap<string, Endpoint>,
  rules: AdminRules,
): Promise<AdminResponse | null> {
  const endpoint = findEndpoint(request, endpoints, rules);
  const body = await readBody(request, maxBodyBytes);
  if (body === 'broken') return null;
  if ('refused' in endpoint) return endpoint;
  if (body === 'too_large') return { refused: 'body_too_large' };
  try {
    const { rawHeaders } = request;
    const held = findToken(rawHeaders, rules.tokens);
    const mayRead = typeof held !== 'string' && includesScope(held.scope, 'read');
    const url = new URL(request.url ?? '/', 'http://admin');
    const client = clientNetwork(request.socket.remoteAddress ?? '');
    const by = typeof held === 'string' ? null : held.name;
    return await endpoint.respond({ url, rawHeaders, body, client, mayRead, by });
  } catch (error) {
    return { refused: 'internal_error', cause: error };
  }
}

function findEndpoint(
  request: IncomingMessage,
  endpoints: ReadonlyMap<string, Endpoint>,
  rules: AdminRules,
): Endpoint | Refused {
  const { rawHeaders } = request;
  const stranger = checkCaller(request, rules.hostNames);
  if (stranger !== null) return { refused: stranger };
  const endpoint = endpoints.get(endpointName(pathOf(request), endpoints));
  const access = endpoint?.access ?? 'metrics';
  const held =
    access === 'open' || access === 'signed' || rules.tokens.length === 0 ? null : findToken(rawHeaders, rules.tokens);
  if (typeof held === 'string') return { refused: held };
  if (endpoint === undefined) return { refused: 'route_not_found' };
  const { method } = endpoint;
  if (request.method !== method && !(method === 'GET' && request.method === 'HEAD')) {
    return { refused: 'method_not_allowed', allow: method === 'GET' ? 'GET, HEAD' : method };
  }
  if (held !== null && access !== 'open' && access !== 'signed' && !includesScope(held.scope, access)) {
    return { refused: 'admin_scope_missing' };
  }
  if (rules.tokens.length === 0 && (access === 'write' || endpoint.evenReading === true))
    return { refused: 'changes_disabled' };
  if (method === 'GET') return endpoint;
  // Browser forms and simple requests cannot have this type.
  return mediaType(rawHeaders) === (endpoint.contentType ?? 'application/json')
    ? endpoint
    : { refused: 'content_type_unsupported' };
}

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}
