/** Explains a recorded decision: what `rolegate explain` says about the same request under the current rules. */
import type { Policy } from '../../core/decide.ts';
import { type Explanation, explain } from '../../core/explain.ts';
import type { ForwardingRules } from '../../core/forwarding/forwarding-rules.ts';
import type { RoleTable } from '../../core/policy/roles.ts';
import { simulate } from '../../policy-model/simulate.ts';
import type { DecisionRecord } from './decision-record.ts';
import { credentialHeadersOf, notAsked, resolutionOf } from './replay-decisions.ts';

type AskedSource = Parameters<typeof explain>[1]['sourceOf'];

export interface ExplainParts {
  readonly policy: Policy;
  readonly roles: RoleTable;
  readonly rules: ForwardingRules;
  readonly sourceOf: AskedSource;
}

/** `secure`: the client used HTTPS. */
export function explainRecord(record: DecisionRecord, secure: boolean, parts: ExplainParts): Explanation {
  const { method, host, path, query = '', headers = [], client = null, trusted = false } = record;
  const { credentials } = parts.policy;
  const request = {
    ...{ method, host, secure, target: path + query, client, trusted, time: Date.parse(record.at) },
    headers: [...headers, ...credentialHeadersOf(record, credentials)],
  };
  const { view, facts } = simulate(request, null, credentials);
  return explain(view, { ...parts, resolution: resolutionOf(record) ?? notAsked, facts });
}

/** Whether an explanation matches the record. The rules may have changed since. */
export function isAsExplained({ outcome, reason, route }: DecisionRecord, explanation: Explanation): boolean {
  const explained = explanation.condition ?? explanation.reason;
  const recorded = outcome === 'refuse' ? reason : null;
  return explained === recorded && explanation.route === route;
}
