/**
 * What the gateway would normalize while it forwards, and a checking proxy does not: it forwards the target unchanged, and deletes headers
 * by one spelling. A request whose safety depends on either is refused.
 */
import type { Allow } from '../core/decision.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import { treatmentOf } from '../core/forwarding/request-headers.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { handshakeFault } from '../core/request/websocket-handshake.ts';
import { endsHere } from '../core/routing/route.ts';
import type { RequestHead } from '../http1/grammar/request-head.ts';

/** Null: the proxy forwards exactly what was decided. `trusted`: the peer of the proxy is a trusted proxy. */
export function proxiedFault(
  request: Pick<RequestHead, 'method' | 'target' | 'rawHeaders' | 'upgrade'>,
  decision: Allow,
  rules: ForwardingRules,
  trusted: boolean,
): ReasonCode | null {
  const { route } = decision;
  // The gateway's own functions, such as public keys, are not available behind the proxy.
  if (endsHere(route.upstream)) return 'route_not_found';
  if (!isAsDecided(request.target, decision)) return 'path_ambiguous';
  if (hasOtherSpelling(request.rawHeaders, decision, rules, trusted)) return 'header_invalid';
  if (request.upgrade !== 'websocket') return null;
  if (!route.websocket) return 'upgrade_unsupported';
  // With another method it is no handshake (RFC 6455 section 4.1), and a body would be read as the first frames.
  return request.method === 'GET' ? handshakeFault(request.rawHeaders) : 'websocket_handshake_invalid';
}

const hexEscape = /%[0-9A-Fa-f]{2}/g;

/** Whether the proxy's target is the canonical one, except for the case of hex digits in the path. */
function isAsDecided(target: string, { request: { path, query } }: Allow): boolean {
  if (target === path + query) return true;
  const mark = target.indexOf('?');
  const [sent, sentQuery] = mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark)];
  return sent.replace(hexEscape, (hex) => hex.toUpperCase()) === path && sentQuery === query;
}

const odd = /[^A-Za-z0-9-]/;

/**
 * Whether a managed header has separators between its words other than the name that the proxy deletes: services read `user_id` as
 * `user-id` (RFC 3875 section 4.1.18).
 */
function hasOtherSpelling(
  rawHeaders: readonly string[],
  { route }: Allow,
  rules: ForwardingRules,
  trusted: boolean,
): boolean {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!odd.test(name)) continue;
    const treatment = treatmentOf(rules, name);
    if (treatment === 'pass' || (treatment === 'proxy' && trusted)) continue;
    if (treatment === 'credential' && route.forwardCredentials) continue;
    return true;
  }
  return false;
}
