/**
 * A request and an identity of a class, put together from the values that were found for it, and decided under both
 * policies. Only what both decisions confirm is shown as an example.
 */
import { decide, type Policy } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Truth, ValueSource } from '../../core/policy/conditions.ts';
import type { ParamForm } from '../../core/url/param-form.ts';
import { placeOfParam } from '../../core/url/path-pattern.ts';
import { claimKey, claimsAmong, unlikeTexts } from '../claim-values.ts';
import { blank, somebody } from '../sample-identity.ts';
import { heldOn, scopePlace } from '../scoped-texts.ts';
import { withoutTextAround, withTextAround } from '../segment-samples.ts';
import { type SimulatedRequest, simulate } from '../simulate.ts';
import type { Assignment } from './assignments.ts';
import { type Atom, formOf, type ParamPlaces } from './atoms.ts';
import type { Holder } from './callers.ts';
import type { Meeting } from './meetings.ts';
import { type Given, unreadable } from './truths.ts';
import { type Caller, routeOf } from './verdicts.ts';

export interface Witness {
  readonly request: SimulatedRequest;
  /** Null: no credential, or two of them. */
  readonly identity: Identity | null;
  readonly caller: Caller['kind'];
  /** Of the decision that refuses. */
  readonly reason: string;
}

/** Who asks, and with which values. */
export interface Candidate {
  readonly caller: Caller['kind'];
  readonly holders: readonly Holder[];
  readonly assignment: Assignment;
}

/** Null: the decisions do not differ in this way. */
export function witnessOf(
  meeting: Meeting,
  kind: 'newlyAllowed' | 'newlyRefused',
  candidate: Candidate,
  policies: readonly [Policy, Policy],
): Witness | null {
  // The segments of the target may be the only ones that lead to these two routes.
  for (const params of ['assigned', 'asTarget'] as const) {
    const made = make(meeting, candidate, params);
    const reason = made === null ? null : reasonOf(made, meeting, kind, policies);
    if (made !== null && reason !== null) return { ...made, caller: candidate.caller, reason };
  }
  return null;
}

type Made = Pick<Witness, 'request' | 'identity'>;

/** Of the refusal; null: both routes are other ones, or the decisions do not differ in this way. */
function reasonOf(
  { request, identity }: Made,
  { before, after }: Meeting,
  kind: 'newlyAllowed' | 'newlyRefused',
  policies: readonly [Policy, Policy],
): string | null {
  const { view, resolution } = simulate(request, identity, policies[0].credentials);
  // Synchronous, because the resolver is.
  const [was, is] = policies.map((policy) => decide(view, policy, () => resolution)) as [Decision, Decision];
  if ((was.route?.id ?? null) !== (routeOf(before)?.id ?? null)) return null;
  if ((is.route?.id ?? null) !== (routeOf(after)?.id ?? null)) return null;
  const [allowing, refusing] = kind === 'newlyAllowed' ? [is, was] : [was, is];
  if (allowing.outcome !== 'allow' || refusing.outcome !== 'refuse') return null;
  return refusing.condition?.word ?? refusing.reason;
}

function make(
  { sent, target }: Meeting,
  { caller, holders, assignment }: Candidate,
  params: 'assigned' | 'asTarget',
): Made | null {
  const values = new Values(target.path);
  if (!values.hold(holders) || !values.assign(assignment)) return null;
  const headers = caller === 'unresolved' ? ['Authorization', 'Bearer one', 'api-key', 'two', 'api-secret', 'two'] : [];
  const path = params === 'assigned' ? values.path() : target.path;
  const request = {
    method: sent,
    host: target.host,
    secure: true,
    target: path + values.query(),
    headers: [...headers, ...values.headers()],
    ...values.circumstances(),
  };
  return { request, identity: caller === 'known' ? values.identity(path) : null };
}

/** Values by their source; whatever is not asked about stays as it is by default. */
class Values {
  readonly #segments: string[];
  readonly #given = new Map<string, Given>();
  /** Parameters with a capital letter, which is unclear where letter case does not count to the service. */
  readonly #capital = new Set<string>();
  readonly #roles = new Set<string>();
  /** Segments that name scopes. */
  readonly #scopes = new Set<number>();
  readonly #groups = new Set<string>();

  constructor(path: string) {
    this.#segments = path.slice(1).split('/');
  }

  /** False: an identity cannot have all of it. */
  hold(holders: readonly Holder[]): boolean {
    for (const { field, value } of holders) {
      const scope = field === 'roles' ? scopePlace(value) : null;
      if (scope !== null) this.#scopes.add(scope.at);
      if (scope?.isUnread === true && !this.#set(`param ${scope.at}`, unreadable)) return false;
      if (field === 'roles') this.#roles.add(value);
      else if (field === 'groups') this.#groups.add(value);
      else if (!this.#set(`identity ${field}`, value)) return false;
    }
    return true;
  }

  /** Values for themselves first, since what compares two values goes by those that are there. */
  assign({ values }: Assignment): boolean {
    const alone = values.filter(({ given }) => given !== undefined);
    const joined = values.filter(({ given }) => given === undefined);
    return (
      alone.every(({ atom, given }) => this.#assignOne(atom, given!)) &&
      joined.every(({ atom, truth }) => this.#assignTwo(atom, truth))
    );
  }

  path(): string {
    const segments = this.#segments.map((written, at) => {
      const key = `param ${at}`;
      const given = this.#given.get(key);
      if (given === unreadable) return notUtf8;
      const own = this.#scopes.has(at) ? `${written}${at}` : written;
      const text = typeof given === 'string' ? encodeURIComponent(given) : own;
      return this.#capital.has(key) ? text.toUpperCase() : text;
    });
    return `/${segments.join('/')}`;
  }

  query(): string {
    const parts = this.#of('query').flatMap(([name, given]) => {
      const part = `${encodeURIComponent(name)}=`;
      if (given === unreadable) return [`${part}1`, `${part}2`];
      return typeof given === 'string' ? [part + encodeURIComponent(given)] : [];
    });
    return parts.length === 0 ? '' : `?${parts.join('&')}`;
  }

  headers(): readonly string[] {
    return this.#of('header').flatMap(([name, given]) => {
      if (given === unreadable) return [name, '1', name, '2'];
      return typeof given === 'string' ? [name, given] : [];
    });
  }

  /** Where it comes from, through whom, and when. */
  circumstances(): Pick<SimulatedRequest, 'client' | 'trusted' | 'time'> {
    const [client, time] = ['client', 'time'].map((key) => this.#given.get(key));
    return {
      client: typeof client === 'string' ? client : null,
      // A header may count only if a trusted proxy sends it.
      trusted: this.#given.has('trusted'),
      time: typeof time === 'string' ? Number(time) : null,
    };
  }

  /** `path`: of the request. */
  identity(path: string): Identity {
    const text = (field: string) => this.#given.get(`identity ${field}`);
    const keyId = text('keyId');
    const kind = text('kind') ?? (typeof keyId === 'string' ? 'key_pair' : 'bearer');
    const sessionId = text('sessionId');
    const userId = text('userId');
    return {
      ...blank,
      kind: kind as Identity['kind'],
      userId: typeof userId === 'string' ? userId : somebody.userId,
      roles: heldOn(path, [...this.#roles]),
      groups: [...this.#groups],
      sessionId: typeof sessionId === 'string' ? sessionId : null,
      keyId: typeof keyId === 'string' ? keyId : null,
      claims: claimsAmong(this.#given),
    };
  }

  #of(from: 'query' | 'header'): readonly (readonly [name: string, given: Given])[] {
    const prefix = `${from} `;
    return [...this.#given].flatMap(([key, given]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), given]] : [],
    );
  }

  /** False: it has another value already. */
  #set(key: string, given: Given): boolean {
    if (Array.isArray(given) && !key.startsWith('claim ')) {
      for (const group of given) this.#groups.add(group);
      return true;
    }
    const known = this.#given.get(key);
    this.#given.set(key, given);
    return known === undefined || String(known) === String(given);
  }

  #assignOne({ step, places }: Atom, given: Given): boolean {
    if (given === unreadable && step.kind === 'compare' && step.subject.from === 'param' && ignoresCase(places)) {
      this.#capital.add(keyOf(step.subject, places));
      return true;
    }
    if (step.kind === 'address') return this.#set('client', given);
    if (step.kind !== 'compare') return this.#set('time', given);
    if (step.subject.from === 'header' && step.subject.trusted === true) this.#given.set('trusted', null);
    return this.#set(keyOf(step.subject, places), asSegment(given, formOf(step.subject, places.pattern)));
  }

  /** A statement that compares two values. */
  #assignTwo({ step, places }: Atom, truth: Truth): boolean {
    if (step.kind !== 'compare' || step.comparison.operator === 'exists') return false;
    const { operator, operand } = step.comparison;
    if (!('source' in operand)) return false;
    const [subject, other] = [step.subject, operand.source].map((source) => {
      return { source, key: keyOf(source, places), form: formOf(source, places.pattern) };
    });
    const [a, b] = [subject!, other!].map((value) => this.#text(value));
    if (truth === 'unclear') {
      const missing = [other!, subject!].find(({ source }) => canBeMissing(source));
      return missing !== undefined && this.#set(missing.key, null);
    }
    if (truth === 'unmet') {
      // A segment of the path that nothing else is asked of has a text of its own.
      const [one, two] = unlikeTexts(subject!.source, other!.source);
      const different = a !== null || subject!.source.from === 'param' || this.#setText(subject!, one);
      return different && (b !== null || isGroups(other!.source) || this.#setText(other!, two));
    }
    const text = b ?? a ?? this.#segmentOf(subject!.source, places) ?? unlikeTexts(subject!.source, other!.source)[2];
    const beginning = operator === 'startsWith' && a === null ? `${text}-1` : text;
    return this.#setText(subject!, a ?? beginning) && this.#setText(other!, b ?? text);
  }

  /** Its value so far; null: none. */
  #text({ source, key, form }: PlacedSource): string | null {
    if (isGroups(source)) return this.#groups.values().next().value ?? null;
    const given = this.#given.get(key);
    if (Array.isArray(given)) return given[0] ?? null;
    if (typeof given === 'string') return withoutTextAround(form, given);
    return source.from === 'identity' && source.field === 'userId' ? somebody.userId : null;
  }

  /** The segment of the target that a parameter takes; null: it is no parameter. */
  #segmentOf(source: ValueSource, { pattern }: ParamPlaces): string | null {
    const at = source.from === 'param' ? placeOfParam(source, pattern) : -1;
    return at < 0 ? null : withoutTextAround(formOf(source, pattern), decodeURIComponent(this.#segments[at] ?? ''));
  }

  #setText({ source, key, form }: PlacedSource, text: string): boolean {
    if (source.from === 'claim') return this.#set(key, source.type === 'list' ? [text] : text);
    if (!isGroups(source)) return this.#set(key, withTextAround(form, text));
    this.#groups.add(text);
    return true;
  }
}

interface PlacedSource {
  readonly source: ValueSource;
  readonly key: string;
  /** Of a parameter. */
  readonly form: ParamForm | null;
}

/** Parameters are kept as the segments that they stand in. */
function asSegment(given: Given, form: ParamForm | null): Given {
  return typeof given === 'string' ? withTextAround(form, given) : given;
}

const notUtf8 = '%FF';

function ignoresCase({ reading }: ParamPlaces): boolean {
  return (reading?.literals ?? null) !== null;
}

function isGroups(source: ValueSource): boolean {
  return source.from === 'identity' && source.field === 'groups';
}

function canBeMissing(source: ValueSource): boolean {
  if (source.from === 'claim') return true;
  if (source.from === 'identity') return source.field === 'sessionId' || source.field === 'keyId';
  return source.from !== 'param';
}

/** Parameters by their place, as the routes of both policies may name them differently. */
function keyOf(source: ValueSource, { pattern }: ParamPlaces): string {
  if (source.from === 'identity') return `identity ${source.field}`;
  if (source.from === 'claim') return claimKey(source);
  if (source.from !== 'param') return `${source.from} ${source.name}`;
  return `param ${placeOfParam(source, pattern)}`;
}
