/**
 * Routes in `mode: shadow`: a request that the rule refuses is allowed, as with `access: optional` without `when`. Everything that does not
 * depend on the rule is still refused: invalid requests, unlisted methods, ambiguous credentials, an unavailable Auth API. `deny` still
 * refuses too.
 */
import { allow } from './authorize.ts';
import type { Decision, Refuse } from './decision.ts';
import { type ReasonCode, reasons } from './outcome/reasons.ts';

/** The decision on such a route, or `allow` instead. */
export function allowInShadow(decision: Decision): Decision {
  if (decision.outcome !== 'refuse' || !isRefusedByRule(decision)) return decision;
  const { stage, request, route, identity, source, resolution } = decision;
  if (request === null || route === null) return decision;
  return {
    ...allow({ stage, request, route, identity, source, resolution }, request, route, false),
    shadowed: decision,
  };
}

const ruleReasons: ReadonlySet<ReasonCode> = new Set([
  'role_missing',
  'role_forbidden',
  'condition_failed',
  'access_not_active',
  'sign_in_too_old',
]);

/** Whether the rule of the route refused, and nothing else. */
function isRefusedByRule({ stage, reason }: Refuse): boolean {
  switch (stage) {
    case 'extract':
      // As with `optional`, the caller is anonymous: no credential, or a malformed one.
      return reasons[reason].status === 401;
    case 'resolve':
      // Only the Auth API's rejection; anything else means that the caller is unknown.
      return reason === 'credential_rejected';
    case 'authorize':
      return ruleReasons.has(reason);
    default:
      return false;
  }
}
