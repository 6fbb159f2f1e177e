/**
 * Routes that are only tried out (`mode: shadow`): a request that the rule refuses is let through, as by
 * `access: optional` without `when`. What does not depend on the rule is refused as always: how a request is read, which
 * methods exist, ambiguous credentials, an unavailable Auth API. `deny` stays closed too.
 */
import { allow, type Decision, type Refuse } from './decision.ts';
import { type ReasonCode, reasons } from './outcome/reasons.ts';

/** The decision on such a route, or `allow` in its place. */
export function allowInShadow(decision: Decision): Decision {
  if (decision.outcome !== 'refuse' || !isRefusedByRule(decision)) return decision;
  const { stage, request, route, identity, source } = decision;
  if (request === null || route === null) return decision;
  return { ...allow({ stage, request, route, identity, source }, request, route, false), shadowed: decision };
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
      // Where `optional` takes a caller for anonymous: no credential, or a malformed one.
      return reasons[reason].status === 401;
    case 'resolve':
      // The Auth API's rejection alone; everything else means that it is not known who asks.
      return reason === 'credential_rejected';
    case 'authorize':
      return ruleReasons.has(reason);
    default:
      return false;
  }
}
