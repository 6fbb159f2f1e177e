/** Values that were found for a request and an identity, by source, and the request and identity that result from them. */
import type { Authentication } from '../core/identity/authentication.ts';
import type { Identity } from '../core/identity/identity.ts';
import type { ConditionField, Truth, ValueSource } from '../core/policy/conditions.ts';
import type { ParamForm } from '../core/url/param-form.ts';
import { placeOfParam } from '../core/url/path-pattern.ts';
import { ignoresCase } from '../core/url/path-reading.ts';
import { canHave, constantOf, type IdentitySource, onlyValue } from './authentications.ts';
import type { Holder } from './callers.ts';
import { claimKey, claimsAmong, unlikeTexts } from './samples/claim-values.ts';
import { blank, sampleIdentity } from './samples/sample-identity.ts';
import { type SampleValue, unreadable } from './samples/sample-value.ts';
import { heldOn, scopePlace } from './samples/scoped-texts.ts';
import { textsLike, withoutTextAround, withTextAround } from './samples/segment-samples.ts';
import { anyMoment, signedInAt, signInKey } from './samples/sign-in-ages.ts';
import type { SimulatedRequest } from './simulate.ts';
import type { Assignment } from './solve.ts';
import { type Atom, formOf, type ParamPlaces } from './statements.ts';

/** Values by source; all others keep their defaults. */
export class Values {
  readonly #segments: string[];
  readonly #values = new Map<string, SampleValue>();
  /** Parameters with a capital letter, which is unclear if the service ignores letter case. */
  readonly #capital = new Set<string>();
  readonly #roles = new Set<string>();
  /** Segments that specify scopes. */
  readonly #scopes = new Set<number>();
  readonly #groups = new Set<string>();
  #by: readonly Authentication[] = [];

  readonly #userId: string;

  /** `userId`: of an identity whose user does not matter, without the prefix of its source. */
  constructor(path: string, userId = sampleIdentity.userId) {
    this.#segments = path.slice(1).split('/');
    this.#userId = userId;
  }

  /** The caller is this identity. False: it has other values. */
  identify({ userId, groups, sessionId, keyId }: Identity): boolean {
    const fields = Object.entries({ userId, groups, sessionId, keyId });
    return fields.every(([field, value]) => this.#set(`identity ${field}`, value));
  }

  /** False: no identity can have all of them. */
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

  /** Assigns single values first, because comparisons of two values use those that exist; then it makes values alike. */
  assign({ by, values }: Assignment): boolean {
    this.#by = by;
    const alone = values.filter(({ value }) => value !== undefined);
    const pairs = values.filter(({ value }) => value === undefined);
    const joined = [...pairs.filter(({ truth }) => truth === 'met'), ...pairs.filter(({ truth }) => truth !== 'met')];
    return (
      alone.every(({ atom, value }) => this.#assignOne(atom, value!)) &&
      joined.every(({ atom, truth }) => this.#assignTwo(atom, truth))
    );
  }

  path(): string {
    const segments = this.#segments.map((segment, at) => {
      const key = `param ${at}`;
      const value = this.#values.get(key);
      if (value === unreadable) return notUtf8;
      const own = this.#scopes.has(at) ? `${segment}${at}` : segment;
      const text = typeof value === 'string' ? encodeURIComponent(value) : own;
      return this.#capital.has(key) ? text.toUpperCase() : text;
    });
    return `/${segments.join('/')}`;
  }

  query(): string {
    const parts = this.#of('query').flatMap(([name, value]) => {
      const part = `${encodeURIComponent(name)}=`;
      if (value === unreadable) return [`${part}1`, `${part}2`];
      return typeof value === 'string' ? [part + encodeURIComponent(value)] : [];
    });
    return parts.length === 0 ? '' : `?${parts.join('&')}`;
  }

  headers(): readonly string[] {
    const sent = new Map([...this.#of('header'), ...this.#of('trusted').filter(([, value]) => value !== null)]);
    return [...sent].flatMap(([name, value]) => {
      if (value === unreadable) return [name, '1', name, '2'];
      return typeof value === 'string' ? [name, value] : [];
    });
  }

  /** Where the request comes from, through whom, and when. */
  circumstances(): Pick<SimulatedRequest, 'client' | 'trusted' | 'time'> {
    const [client, time] = ['client', 'time'].map((key) => this.#values.get(key));
    return {
      client: typeof client === 'string' ? client : null,
      // A header may count only if a trusted proxy sends it.
      trusted: this.#of('trusted').some(([, value]) => value !== null),
      time:
        typeof time === 'string' ? Number(time) : typeof this.#values.get(signInKey) === 'string' ? anyMoment : null,
    };
  }

  /** `path`: of the request. `preferred`: kinds of credentials. Null: no source returns such an identity. */
  identity(path: string, preferred: readonly Identity['kind'][]): Identity | null {
    const order = [...this.#by].sort((a, b) => rank(preferred, a) - rank(preferred, b));
    const by = order.find((one) => this.#fields(one).every(([field, value]) => canHave(one, field, value)));
    if (by === undefined) return null;
    const text = (field: 'userId' | 'sessionId' | 'keyId') => {
      const value = this.#values.get(`identity ${field}`) ?? onlyValue(by, { from: 'identity', field });
      return typeof value === 'string' ? value : null;
    };
    const groups = onlyValue(by, { from: 'identity', field: 'groups' });
    return {
      ...blank,
      kind: by.kind,
      userId: text('userId') ?? `${by.users.prefix}${this.#userId}`,
      source: by.users.source,
      acceptedBy: by.acceptedBy,
      roles: constantOf(by.fields.roles) ?? heldOn(path, [...this.#roles]),
      groups: isTexts(groups) ? groups : [...this.#groups],
      sessionId: text('sessionId'),
      keyId: text('keyId'),
      claims: claimsAmong(this.#values),
      authenticatedAtMs: signedInAt(this.#values.get(signInKey), this.circumstances().time ?? null),
    };
  }

  /** What is known of the identity. */
  #fields(by: Authentication): readonly (readonly [IdentitySource, SampleValue])[] {
    const fields = [...this.#values].flatMap(([key, value]): readonly (readonly [IdentitySource, SampleValue])[] => {
      const [, field] = /^identity (\w+)$/.exec(key) ?? [];
      return field === undefined ? [] : [[{ from: 'identity', field: field as ConditionField }, value]];
    });
    const only = onlyValue(by, { from: 'identity', field: 'groups' });
    const isHeld = isTexts(only) && [...this.#groups].every((group) => only.includes(group));
    return isHeld || this.#groups.size === 0
      ? fields
      : [...fields, [{ from: 'identity', field: 'groups' }, [...this.#groups]]];
  }

  #of(from: 'query' | 'header' | 'trusted'): readonly (readonly [name: string, value: SampleValue])[] {
    const prefix = `${from} `;
    return [...this.#values].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    );
  }

  /** False: the source already has another value. */
  #set(key: string, value: SampleValue): boolean {
    if (Array.isArray(value) && !key.startsWith('claim ')) {
      for (const group of value) this.#groups.add(group);
      return true;
    }
    const known = this.#values.get(key);
    this.#values.set(key, value);
    return known === undefined || String(known) === String(value);
  }

  #assignOne({ step, places }: Atom, value: SampleValue): boolean {
    if (
      value === unreadable &&
      step.kind === 'compare' &&
      step.subject.from === 'param' &&
      ignoresCase(places.reading)
    ) {
      this.#capital.add(keyOf(step.subject, places));
      return true;
    }
    switch (step.kind) {
      case 'address':
        return this.#set('client', value);
      case 'signIn':
        return this.#set(signInKey, value);
      case 'window':
      case 'stretch':
        return this.#set('time', value);
      case 'compare':
        return this.#set(keyOf(step.subject, places), asSegment(value, formOf(step.subject, places.pattern)));
    }
  }

  /** Assigns values to a statement that compares two. */
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
      // A path segment without other requirements has a text of its own.
      const [one, two] = unlikeTexts([subject!.source, other!.source], this.#userId);
      const segment = a === null ? this.#segmentOf(subject!.source, places) : null;
      // Another parameter with this text must be one of the groups, so this one needs a different text.
      if (segment !== null && isGroups(other!.source) && this.#groups.has(segment)) {
        const [unlike] = textsLike(segment, subject!.form?.shape ?? null, 2);
        return unlike !== undefined && this.#setText(subject!, unlike);
      }
      const different = a !== null || segment !== null || this.#setText(subject!, one);
      return different && (b !== null || isGroups(other!.source) || this.#setText(other!, two));
    }
    const own =
      a ?? this.#segmentOf(subject!.source, places) ?? unlikeTexts([subject!.source, other!.source], this.#userId)[2];
    const text = this.#isChosen(other!) ? (b ?? own) : (a ?? b ?? own);
    const beginning = operator === 'startsWith' && a === null ? `${text}-1` : text;
    return this.#setText(subject!, a ?? beginning) && this.#setText(other!, text);
  }

  /** The value so far; null: none. */
  #text({ source, key, form }: PlacedSource): string | null {
    if (isGroups(source)) return this.#groups.values().next().value ?? null;
    const value = this.#values.get(key);
    if (Array.isArray(value)) return value[0] ?? null;
    if (typeof value === 'string') return withoutTextAround(form, value);
    const fixed = source.from === 'identity' && (source.field === 'userId' || source.field === 'source');
    return fixed ? { ...sampleIdentity, userId: this.#userId }[source.field] : null;
  }

  /** Whether another statement requires a value of it. */
  #isChosen({ source, key }: PlacedSource): boolean {
    return isGroups(source) || this.#values.has(key);
  }

  /** The segment of the target that a parameter matches; null: it is not a parameter. */
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
  /** Form of a parameter. */
  readonly form: ParamForm | null;
}

/** Stores parameters as the whole segments that contain them. */
function asSegment(value: SampleValue, form: ParamForm | null): SampleValue {
  return typeof value === 'string' ? withTextAround(form, value) : value;
}

/** Those that are not preferred come last. */
function rank(preferred: readonly Identity['kind'][], { kind }: Authentication): number {
  const at = preferred.indexOf(kind);
  return at < 0 ? preferred.length : at;
}

function isTexts(value: SampleValue | undefined): value is readonly string[] {
  return Array.isArray(value);
}

const notUtf8 = '%FF';

function isGroups(source: ValueSource): boolean {
  return source.from === 'identity' && source.field === 'groups';
}

function canBeMissing(source: ValueSource): boolean {
  if (source.from === 'claim') return true;
  if (source.from === 'identity') return source.field === 'sessionId' || source.field === 'keyId';
  return source.from !== 'param';
}

/** Identifies parameters by their place, because the routes of the two policies may name them differently. */
function keyOf(source: ValueSource, { pattern }: ParamPlaces): string {
  if (source.from === 'identity') return `identity ${source.field}`;
  if (source.from === 'claim') return claimKey(source);
  // A header from a trusted proxy and one of the same name from any client are separate values.
  if (source.from === 'header' && source.trusted === true) return `trusted ${source.name}`;
  if (source.from !== 'param') return `${source.from} ${source.name}`;
  return `param ${placeOfParam(source, pattern)}`;
}
