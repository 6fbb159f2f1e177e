/** Decides recorded requests again under the rules before and after a change. */
import { decide, type Policy } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import type { Resolution } from '../../core/identity/identity.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import { routeOfMethod } from '../../policy-model/route-of-method.ts';
import { sampleCredential } from '../../policy-model/samples/sample-credential.ts';
import { type Comparison, compareDecisions, comparisons, refusalOf } from '../shadow/compare-decisions.ts';
import { type DecisionRecord, type Reads, sourcesOf } from './decision-record.ts';

/** Plain data, serializable as JSON. */
export interface ReplayReport {
  readonly records: number;
  /** Lines that are not valid records. */
  readonly unreadable: number;
  /** Records that the earlier rules decide differently than recorded, so other rules were in use then. */
  readonly unlikeRecorded: number;
  readonly counts: Readonly<Record<Comparison, number>>;
  /** Most frequent first. */
  readonly differences: readonly ReplayDifference[];
}

export interface ReplayDifference {
  readonly difference: Exclude<Comparison, 'same'>;
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  /** Reason of the refusal; both are set if both sets of rules refuse. Null: the request is allowed, or the reason is unknown. */
  readonly reasonBefore: string | null;
  readonly reasonAfter: string | null;
  readonly count: number;
  /** The first examples. */
  readonly examples: readonly ReplayExample[];
}

export interface ReplayExample {
  readonly at: string;
  readonly request: string;
  /** Null: the identity is unknown. */
  readonly userId: string | null;
  readonly roles: readonly string[];
}

const maxExamples = 3;
const maxDifferences = 1000;

export class Replay {
  readonly #before: Policy;
  readonly #after: Policy;
  readonly #counts = Object.fromEntries(comparisons.map((one) => [one, 0])) as Record<Comparison, number>;
  readonly #differences = new Map<string, ReplayDifference & { count: number; examples: ReplayExample[] }>();
  #records = 0;
  #unlike = 0;

  constructor(before: Policy, after: Policy) {
    this.#before = before;
    this.#after = after;
  }

  /** `reads`: what was recorded about requests at that time. */
  add(record: DecisionRecord, reads: Reads): void {
    this.#records += 1;
    const before = decideRecord(record, reads, this.#before);
    const after = decideRecord(record, reads, this.#after);
    if (before !== null && !isAsRecorded(before, record)) this.#unlike += 1;
    const comparison = before === null ? 'undecided' : compareDecisions(before, after);
    this.#counts[comparison] += 1;
    if (comparison !== 'same') this.#differ(comparison, record, before, after);
  }

  report(unreadable: number): ReplayReport {
    const differences = [...this.#differences.values()].sort((a, b) => b.count - a.count);
    const order = (one: ReplayDifference) => comparisons.indexOf(one.difference);
    differences.sort((a, b) => order(a) - order(b));
    return {
      records: this.#records,
      unreadable,
      unlikeRecorded: this.#unlike,
      counts: { ...this.#counts },
      differences,
    };
  }

  #differ(
    difference: ReplayDifference['difference'],
    { at, method, host, path, identity }: DecisionRecord,
    before: Decision | null,
    after: Decision | null,
  ): void {
    const kind = {
      difference,
      routeBefore: before?.route?.id ?? null,
      routeAfter: after?.route?.id ?? null,
      reasonBefore: before === null ? null : refusalOf(before),
      reasonAfter: after === null ? null : refusalOf(after),
    };
    const key = JSON.stringify(kind);
    let known = this.#differences.get(key);
    if (known === undefined) {
      if (this.#differences.size >= maxDifferences) return;
      known = { ...kind, count: 0, examples: [] };
      this.#differences.set(key, known);
    }
    known.count += 1;
    if (known.examples.length >= maxExamples) return;
    const request = `${method} http://${host}${path}`;
    known.examples.push({ at, request, userId: identity?.userId ?? null, roles: identity?.roles ?? [] });
  }
}

function isAsRecorded(decision: Decision, { outcome, reason, route }: DecisionRecord): boolean {
  return (
    (decision.outcome === 'refuse' ? 'refuse' : 'allow') === outcome &&
    refusalOf(decision) === reason &&
    (decision.route?.id ?? null) === route
  );
}

/** Null: the decision depends on something that was not recorded. */
function decideRecord(record: DecisionRecord, reads: Reads, policy: Policy): Decision | null {
  let known = true;
  const view = {
    method: record.method,
    target: record.path + (record.query ?? ''),
    rawHeaders: [
      ...(record.host === '' ? [] : ['Host', record.host]),
      ...(record.headers ?? []),
      ...credentialHeadersOf(record, policy.credentials),
    ],
    httpVersion: record.host === '' ? ('1.0' as const) : ('1.1' as const),
    address: record.client ?? null,
    trusted: record.trusted === true,
    now: () => Date.parse(record.at),
  };
  const decision = decide(view, policy, () => {
    const resolution = resolutionOf(record);
    if (resolution !== null) return resolution;
    known = false;
    return notAsked;
  }) as Decision;
  return known && !readsMore(decision, reads) ? decision : null;
}

export const notAsked: Resolution = { identity: null, reason: 'auth_unavailable', retryAfterS: null, source: 'none' };

/** What a record does not contain of an identity. */
const unrecorded = {
  alias: null,
  fullName: null,
  tokenId: null,
  issuedAtMs: null,
  authenticatedAtMs: null,
  claims: {},
  expireAtMs: Number.POSITIVE_INFINITY,
};

export function resolutionOf({ verdict, identity }: DecisionRecord): Resolution | null {
  if (verdict === 'accepted' && identity !== null) {
    // A record of an earlier version has no source. Another source of the same issuer may have accepted it, with the same allow-list.
    const { identitySource: source = 'authApi', ...recorded } = identity;
    const full = { ...unrecorded, ...recorded, source, acceptedBy: source };
    return { identity: full, reason: null, stale: false, source: 'auth-api' };
  }
  if (verdict === null || verdict === 'accepted') return null;
  return { identity: null, reason: verdict, retryAfterS: null, source: 'auth-api' } as Resolution;
}

/** Reasons that may depend on a condition about something that was not recorded. */
const byConditions: ReadonlySet<string | null> = new Set([
  null,
  'condition_failed',
  'sign_in_too_old',
  'sign_in_too_weak',
]);

function readsMore(
  { route, request, reason }: Decision,
  { query, headers, client, claims = [], signIn }: Reads,
): boolean {
  if (route?.conditions == null || !byConditions.has(reason)) return false;
  const applying = routeOfMethod(route, request?.method ?? '').conditions ?? [];
  return sourcesOf(applying).some((source) => {
    if (source === 'client') return !client;
    if (source === 'signIn') return signIn === undefined;
    if (source.from === 'query') return !query.includes(source.name);
    if (source.from === 'claim') return !claims.includes(source.name);
    return source.from === 'header' && !headers.includes(source.name);
  });
}

/** A credential that is parsed, or fails to parse, as the recorded one did. */
export function credentialHeadersOf(
  { credential }: DecisionRecord,
  credentials: Policy['credentials'],
): readonly string[] {
  switch (credential) {
    case null:
      return [];
    case 'bearer':
    case 'keyPair':
    case 'apiKey':
    case 'session':
    case 'certificate':
      return sampleCredential(credential, credentials);
    default:
      return unreadable(credential, credentials);
  }
}

/** Headers with a credential that is refused for the same reason before any source is called. */
function unreadable(reason: ReasonCode, { keyPair, bearerCookie }: Policy['credentials']): readonly string[] {
  const bearer = ['Authorization', 'Bearer replayed'];
  const half = keyPair === null ? [] : [keyPair.apiKeyHeader, 'replayed'];
  switch (reason) {
    case 'credential_scheme_unsupported':
      return ['Authorization', 'Unknown replayed'];
    case 'credential_incomplete':
      return half;
    case 'credential_malformed':
      return ['Authorization', 'Bearer'];
    case 'credential_conflict':
      return [...bearer, ...half];
    case 'cross_site_request':
      return bearerCookie === null ? [] : ['Cookie', `${bearerCookie}=replayed`, 'Sec-Fetch-Site', 'cross-site'];
    default:
      return [...bearer, ...bearer];
  }
}
