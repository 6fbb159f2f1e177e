/** What the admin port shows of a recorded request: its log line, who sent it, and the decision under the current rules. */
import { isCredentialKind } from '../core/credential/credential.ts';
import { reasons } from '../core/outcome/reasons.ts';
import { selectSource } from '../identity/sources/select-source.ts';
import type { DecisionRecord, RecordedRequest } from '../policy-tools/replay/decision-record.ts';
import { explainRecord, isAsExplained } from '../policy-tools/replay/explain-record.ts';
import { forwardingOf, policyOf } from '../policy-tools/run-cases.ts';
import type { KeptDecision } from '../telemetry/records/recent-decisions.ts';
import type { Runtime } from './create-runtime.ts';

/** Plain data. */
export interface FoundDecision {
  readonly request: RecordedRequest['request'];
  /** Digest of the configuration that was in use. */
  readonly config: string;
  /** Who sent the request; null: not known. */
  readonly identity: DecisionRecord['identity'];
  /** Under the current rules; null: it cannot be explained. */
  readonly explanation: object | null;
  /** The current rules decide differently. */
  readonly rulesChanged: boolean;
  /** Only the beginning of lists and texts was shared, and nothing that could be explained. */
  readonly shortened: boolean;
}

export function explainRecorded({ config: now }: Runtime, { text }: KeptDecision): FoundDecision {
  const { request, secure, config, decided, shortened } = JSON.parse(text) as RecordedRequest;
  if (decided === null) {
    const identity = shortened?.identity ?? null;
    return { request, config, identity, explanation: null, rulesChanged: false, shortened: shortened !== undefined };
  }
  if (!isReadable(decided)) {
    return { request, config, identity: decided.identity, explanation: null, rulesChanged: false, shortened: false };
  }
  const explanation = explainRecord(decided, secure, {
    policy: policyOf(now),
    roles: now.roles,
    rules: forwardingOf(now),
    sourceOf: (credential) => selectSource(credential, now.sourceRule),
  });
  const rulesChanged = !isAsExplained(decided, explanation);
  return { request, config, identity: decided.identity, explanation, rulesChanged, shortened: false };
}

/** Another version may have recorded a kind of credential under a name that this one does not know. */
function isReadable({ credential, identity }: DecisionRecord): boolean {
  const isSent = credential === null || isCredentialKind(credential) || Object.hasOwn(reasons, credential);
  return isSent && (identity === null || isCredentialKind(identity.kind));
}
