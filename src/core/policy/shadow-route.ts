/**
 * Routes that are tried out (`mode: shadow`): whom the rule refuses is let through, as `access: optional` without `when`
 * would. What does not hang on the rule stays as it is: how a request is read, which methods there are, ambiguous
 * credentials, an Auth API that is away. `deny` stays closed too.
 */
import type { Allow, Decision, Refuse } from '../outcome/decision.ts';
import { reasons } from '../outcome/reasons.ts';

/** The decision itself, or what becomes of it in the shadow. */
export function throughShadow(decision: Decision): Decision {
  if (decision.outcome !== 'refuse' || decision.route?.mode !== 'shadow') return decision;
  return passesShadow(decision) ? allowed(decision) : decision;
}

/** Whether the rule of the route refused, and nothing else. */
function passesShadow({ stage, reason }: Refuse): boolean {
  switch (stage) {
    case 'extract':
      // Where `optional` takes a caller for anonymous: no credential, or one that is none.
      return reasons[reason].status === 401;
    case 'resolve':
      // The clear no of the Auth API alone; everything else is a question without an answer.
      return reason === 'credential_rejected';
    case 'authorize':
      return reason === 'role_missing' || reason === 'role_forbidden' || reason === 'condition_failed';
    default:
      return false;
  }
}

function allowed(refused: Refuse): Decision {
  const { request, route, identity, source, stage } = refused;
  if (request === null || route === null) return refused;
  const decision: Allow = {
    outcome: 'allow',
    reason: null,
    stage,
    request,
    route,
    identity,
    source,
    stale: false,
    shadowed: refused,
  };
  return decision;
}
