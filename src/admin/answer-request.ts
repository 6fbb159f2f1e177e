/** The order in which a request to the admin port is judged: where it comes from, who sends it, what it asks for. */
import type { IncomingMessage } from 'node:http';
import type { AdminAnswer } from './answer.ts';
import { checkCaller } from './check-caller.ts';
import { checkToken } from './check-token.ts';
import type { Endpoint } from './endpoints.ts';
import { headerValues } from './header-values.ts';
import { takeBody } from './take-body.ts';

export interface AdminRules {
  /** Host names under which the port is reached, in lower case. */
  readonly hostNames: readonly string[];
  /** Null: everyone may read, nobody may change anything. */
  readonly token: string | null;
}

/** Null when nobody waits for an answer any more. Never rejects. */
export async function answerRequest(
  req: IncomingMessage,
  endpoints: ReadonlyMap<string, Endpoint>,
  rules: AdminRules,
): Promise<AdminAnswer | null> {
  const judged = judge(req, endpoints, rules);
  const body = await takeBody(req);
  if (body === 'broken') return null;
  if ('refused' in judged) return judged;
  if (body === 'too_large') return { refused: 'body_too_large' };
  try {
    const { rawHeaders } = req;
    const holdsToken = rules.token !== null && checkToken(rawHeaders, rules.token) === null;
    return await judged.answer({ rawHeaders, body, holdsToken });
  } catch (error) {
    return { refused: 'internal_error', cause: error };
  }
}

function judge(req: IncomingMessage, endpoints: ReadonlyMap<string, Endpoint>, rules: AdminRules) {
  const { rawHeaders } = req;
  const stranger = checkCaller(rawHeaders, req.httpVersion, rules.hostNames);
  if (stranger !== null) return { refused: stranger };
  const endpoint = endpoints.get(pathOf(req));
  if (endpoint?.access !== 'open' && endpoint?.access !== 'signed' && rules.token !== null) {
    const unknown = checkToken(rawHeaders, rules.token);
    if (unknown !== null) return { refused: unknown };
  }
  if (endpoint === undefined) return { refused: 'route_not_found' as const };
  const { method } = endpoint;
  if (req.method !== method && !(method === 'GET' && req.method === 'HEAD')) {
    return { refused: 'method_not_allowed' as const, allow: method === 'GET' ? 'GET, HEAD' : method };
  }
  if (method === 'POST') {
    if (rules.token === null && endpoint.access !== 'signed') return { refused: 'changes_disabled' as const };
    // No form and no simple request of a browser has this type.
    if (!isJson(rawHeaders)) return { refused: 'content_type_unsupported' as const };
  }
  return endpoint;
}

export function pathOf(req: IncomingMessage): string {
  const target = req.url ?? '';
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Parameters are ignored (RFC 8259 defines none). */
function isJson(rawHeaders: readonly string[]): boolean {
  const types = headerValues(rawHeaders, 'content-type');
  return types.length === 1 && /^application\/json[ \t]*(?:;|$)/i.test(types[0]!);
}
