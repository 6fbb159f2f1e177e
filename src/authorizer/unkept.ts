/**
 * What the gateway would settle while it forwards, and a proxy that only asks does not: it sends the target as it came, and deletes
 * headers by one spelling. A request whose safety depends on either is refused.
 */
import type { Allow } from '../core/decision.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import { treatmentOf } from '../core/forwarding/request-headers.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { handshakeFault } from '../core/request/websocket-handshake.ts';
import { endsHere } from '../core/routing/route.ts';
import type { RequestHead } from '../http1/grammar/request-head.ts';

/** Null: what the proxy sends is what was decided. `trusted`: the peer of the proxy is a trusted proxy. */
export function unkept(
  request: Pick<RequestHead, 'target' | 'rawHeaders' | 'upgrade'>,
  decision: Allow,
  rules: ForwardingRules,
  trusted: boolean,
): ReasonCode | null {
  const { route } = decision;
  // What the gateway does itself, such as showing public keys, is not behind the proxy.
  if (endsHere(route.upstream)) return 'route_not_found';
  if (!isAsDecided(request.target, decision)) return 'path_ambiguous';
  if (hasOtherSpelling(request.rawHeaders, decision, rules, trusted)) return 'header_invalid';
  if (request.upgrade !== 'websocket') return null;
  return route.websocket ? handshakeFault(request.rawHeaders) : 'upgrade_unsupported';
}

const hexEscape = /%[0-9A-Fa-f]{2}/g;

/** Whether the target that the proxy will send is the canonical one, up to the case of hex digits. */
function isAsDecided(target: string, { request: { path, query } }: Allow): boolean {
  if (target === path + query) return true;
  const mark = target.indexOf('?');
  const sent = mark < 0 ? target : target.slice(0, mark);
  return sent.replace(hexEscape, (hex) => hex.toUpperCase()) === path;
}

const odd = /[^A-Za-z0-9-]/;

/**
 * Whether a header that must not reach the service as it is has a name with other signs between its words than the one that the proxy
 * deletes: services read `user_id` as `user-id` (RFC 3875 section 4.1.18).
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
