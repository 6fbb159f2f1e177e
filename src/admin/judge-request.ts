/** The order in which a request to the admin port is judged: where it comes from, who sends it, what it asks for. */
import type { IncomingMessage } from 'node:http';
import { mediaType, readBody } from '../http-base/read-request.ts';
import { checkCaller, checkToken } from './check-caller.ts';
import { type Endpoint, endpointName } from './endpoints.ts';
import type { AdminResponse, Refused } from './responses.ts';

export interface AdminRules {
  /** Host names under which the port is reached, in lower case. */
  readonly hostNames: readonly string[];
  /** Null: reading is open to all, and nothing can be changed. */
  readonly token: string | null;
}

/** No caller has a reason to send more. */
const mostBodyBytes = 64 * 1024;

/**
 * Null when the caller is gone. The body is read to its end even where it is not wanted: closing a connection with unread
 * bytes would make TCP reset it, and the response would be lost with it. Never rejects.
 */
export async function judgeRequest(
  request: IncomingMessage,
  endpoints: ReadonlyMap<string, Endpoint>,
  rules: AdminRules,
): Promise<AdminResponse | null> {
  const endpoint = findEndpoint(request, endpoints, rules);
  const body = await readBody(request, mostBodyBytes);
  if (body === 'broken') return null;
  if ('refused' in endpoint) return endpoint;
  if (body === 'too_large') return { refused: 'body_too_large' };
  try {
    const { rawHeaders } = request;
    const holdsToken = rules.token !== null && checkToken(rawHeaders, rules.token) === null;
    const url = new URL(request.url ?? '/', 'http://admin');
    return await endpoint.respond({ url, rawHeaders, body, holdsToken });
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
  if (endpoint?.access !== 'open' && endpoint?.access !== 'signed' && rules.token !== null) {
    const unknown = checkToken(rawHeaders, rules.token);
    if (unknown !== null) return { refused: unknown };
  }
  if (endpoint === undefined) return { refused: 'route_not_found' };
  const { method } = endpoint;
  if (request.method !== method && !(method === 'GET' && request.method === 'HEAD')) {
    return { refused: 'method_not_allowed', allow: method === 'GET' ? 'GET, HEAD' : method };
  }
  if (method === 'GET') return endpoint;
  if (rules.token === null && endpoint.access !== 'signed') return { refused: 'changes_disabled' };
  // No form and no simple request of a browser has this type, where the token of operators counts.
  return mediaType(rawHeaders) === (endpoint.contentType ?? 'application/json')
    ? endpoint
    : { refused: 'content_type_unsupported' };
}

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}
