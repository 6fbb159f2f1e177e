/**
 * Requests and identities that cover every possible result of some conditions. Conditions compare texts with each other and with
 * texts of their author. So it only matters which of those texts a value equals, begins with, or differs from.
 */
import type { ClaimType } from '../../core/identity/claims.ts';
import type { Identity } from '../../core/identity/identity.ts';
import {
  type ConditionFacts,
  type Criterion,
  type Step,
  sourcesIn,
  type ValueSource,
} from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { parseCidr } from '../../core/syntax/addresses.ts';
import { hasShape, innerText, type ParamForm, type Shape } from '../../core/url/param-form.ts';
import { formOfParam, type ParamName, placeOfParam } from '../../core/url/path-pattern.ts';
import { foldCase } from '../../core/url/path-reading.ts';
import { claimKey, claimsAmong, claimTexts } from '../../policy-model/samples/claim-values.ts';
import { addressText, listedTexts, unlistedTexts } from '../../policy-model/samples/list-samples.ts';
import { isTimeStep, momentsFor } from '../../policy-model/samples/moments.ts';
import { numberTexts } from '../../policy-model/samples/number-texts.ts';
import { shapedTexts, withTextAround } from '../../policy-model/samples/segment-samples.ts';
import { anyMoment, signedInAt, signInAges } from '../../policy-model/samples/sign-in-ages.ts';
import { boundsIn, literalsAmong, literalsIn } from '../../policy-model/samples/step-values.ts';
import { identitiesOf, subsetsOf } from './condition-identities.ts';

/** Null: there are too many combinations to try, or too many for these address ranges. */
export function requestsFor(
  criteria: readonly Criterion[],
  route: Route,
  host: string,
  { anonymous, known }: { readonly anonymous: boolean; readonly known: boolean },
  most: number,
): Iterable<ConditionFacts> | null {
  const steps = criteria.flatMap((criterion) => criterion.steps);
  const ignoresCase = (route.reading?.literals ?? null) !== null;
  const written = [...textsOf(steps, ignoresCase), ...shapedTextsOf(steps, route)];
  const texts = [...new Set([...written, ...textsAround(steps, written, route), ...claimedTexts(steps, written)])];
  const variables = [...variablesOf(steps, texts, route)];
  // Trying every list of this many texts is feasible.
  if (variables.some(({ values }) => values.length > most)) return null;
  const addresses = addressesOf(steps);
  const ages = [...signInAges(steps), null];
  const timed = momentsFor(steps.filter(isTimeStep));
  const moments = [...(timed.length === 0 && ages.length > 1 ? [anyMoment] : timed), null];
  if (addresses === null) return null;
  const identities = identitiesOf(steps, texts, route, { anonymous, known }, most);
  if (identities === null) return null;
  const ways = variables.reduce(
    (product, { values }) => product * values.length,
    addresses.length * identities.length * moments.length * ages.length,
  );
  if (ways > most) return null;
  return everyWay(route, { host, ignoresCase, variables, addresses, identities, moments, ages });
}

interface Variable {
  readonly source: Exclude<ValueSource, { readonly from: 'identity' }>;
  readonly key: string;
  readonly values: readonly Value[];
}

type Value = string | readonly string[] | null;

/** The author's texts, longer texts that begin with them, and an unrelated text. */
function textsOf(steps: readonly Step[], ignoresCase: boolean): readonly string[] {
  const texts = new Set<string>();
  for (const step of steps) {
    for (const literal of literalsIn(step)) {
      if (literal === '') continue;
      texts.add(literal);
      if (isBeginning(step)) texts.add(`${literal}x`);
      if (ignoresCase) texts.add(foldCase(literal));
    }
  }
  for (const text of listedTexts(steps)) {
    texts.add(text);
    if (ignoresCase) texts.add(foldCase(text));
  }
  for (const text of numbersIn(steps)) texts.add(text);
  // As many as there are values, so that all of them can differ, and one more that begins with another.
  const others = new Set(steps.flatMap(sourcesIn).map((source) => JSON.stringify(source))).size + 1;
  let stem = 'other';
  while ([...texts].some((text) => text.startsWith(stem) || stem.startsWith(text))) stem = `z${stem}`;
  const made = [
    ...texts,
    ...Array.from({ length: others }, (_, n) => `${String.fromCharCode(97 + n)}${stem}`),
    `a${stem}x`,
  ];
  return [...made, ...unlistedTexts(steps, made)];
}

/** Texts for claims of other types than text, for the values that they are compared with. */
function claimedTexts(steps: readonly Step[], texts: readonly string[]): readonly string[] {
  const types = steps.flatMap(sourcesIn).flatMap((source) => (source.from === 'claim' ? [source.type] : []));
  return types.flatMap((type) => {
    if (type !== 'boolean' && type !== 'number') return [];
    const claimed = claimTexts(type, texts);
    return type === 'boolean' ? claimed : [...claimed, ...unlistedTexts(steps, claimed, 'number')];
  });
}

/** For parameters with a shape: the author's texts, longer texts that begin with them, and an unrelated text. */
function shapedTextsOf(steps: readonly Step[], route: Route): readonly string[] {
  return steps.flatMap((step) => {
    const shapes = sourcesIn(step).flatMap((source) => shapeOf(source, route) ?? []);
    const literals = [...literalsIn(step), ...listedTexts(steps), ...numbersIn(steps)];
    const begun = isBeginning(step) ? literals : [];
    return shapes.flatMap((shape) => {
      const made = shapedTexts(shape, literals, begun);
      return [...made, ...unlistedTexts(steps, made, shape)];
    });
  });
}

/** A policy treats the text around a route's parameter as part of the value, so this returns the texts with and without it. */
function textsAround(steps: readonly Step[], texts: readonly string[], route: Route): readonly string[] {
  return steps.flatMap(sourcesIn).flatMap((source) => {
    const form = source.from === 'param' && source.pattern !== undefined ? surroundedBy(source, route) : null;
    if (form === null) return [];
    const inner = [...texts, ...texts.flatMap((text) => innerText(form, text) ?? [])];
    const fitting = inner.filter((text) => text !== '' && (form.shape === null || hasShape(form.shape, text)));
    return fitting.flatMap((text) => [text, withTextAround(form, text)]);
  });
}

/** The form of the route's own parameter in that place, if literal text surrounds it. */
function surroundedBy(param: ParamName, { pattern }: Route): ParamForm | null {
  const given = pattern.segments[placeOfParam(param, pattern)];
  const form = given?.kind === 'param' ? given.form : null;
  return form === null || form.before + form.after === '' ? null : form;
}

function isBeginning(step: Step): boolean {
  return step.kind === 'compare' && step.comparison.operator === 'startsWith';
}

/**
 * Numbers around every bound and every text that is compared as a number. At least one is within all bounds and equals none of the
 * texts.
 */
function numbersIn(steps: readonly Step[]): readonly string[] {
  const bounds = steps.flatMap(boundsIn);
  if (bounds.length === 0) return [];
  const written = literalsAmong(steps).map(Number).filter(Number.isFinite);
  return numberTexts([...bounds, ...written]);
}

function shapeOf(source: ValueSource, route: Route): Shape | null {
  if (source.from !== 'param') return null;
  return (surroundedBy(source, route) ?? formOfParam(source, route.pattern))?.shape ?? null;
}

/** Identifies parameters by position, because a policy may name them differently than the route. */
function keyOf(source: Variable['source'], { pattern }: Pick<Route, 'pattern'>): string {
  if (source.from === 'claim') return claimKey(source);
  return source.from === 'param' ? `param ${placeOfParam(source, pattern)}` : `${source.from} ${source.name}`;
}

function* variablesOf(steps: readonly Step[], texts: readonly string[], route: Route): Generator<Variable> {
  const seen = new Set<string>();
  for (const source of steps.flatMap(sourcesIn)) {
    if (source.from === 'identity') continue;
    const key = keyOf(source, route);
    if (seen.has(key)) continue;
    seen.add(key);
    if (source.from === 'claim') {
      yield { source, key, values: [...claimValues(source.type, texts), null] };
      continue;
    }
    const shape = shapeOf(source, route);
    const fitting = texts.filter((text) => text !== '' && (shape === null || hasShape(shape, text)));
    yield { source, key, values: source.from === 'param' ? fitting : [...texts, null] };
  }
}

/** Limited to 16 texts: more would make too many lists. */
function claimValues(type: ClaimType, texts: readonly string[]): readonly Value[] {
  if (type !== 'list') return claimTexts(type, texts, texts.length);
  return subsetsOf(texts.filter((text) => text !== '').slice(0, 16));
}

/** Both ends of every range, and one address outside. With two ranges this covers every case; with more it might not. */
function addressesOf(steps: readonly Step[]): readonly (string | null)[] | null {
  const asked = steps.filter((step) => step.kind === 'address');
  if (asked.length === 0) return [null];
  const ranges = asked.flatMap((step) => (step.list === null ? step.ranges : step.ranges.slice(0, 1)));
  // A single condition is met in any of its ranges.
  if (asked.length > 1 && ranges.length > 2) return null;
  return [...ranges.flatMap(endsOf), '203.0.113.7', '198.51.100.7', '192.0.2.7', '2001:db8:ffff::7', null];
}

/** The first address of a range, and the last one for IPv4. */
function endsOf(range: string): readonly string[] {
  const [first = ''] = range.split('/', 1);
  const read = parseCidr(range);
  if (read === null || read.bits === 128 || read.prefix === 32) return [first];
  return [first, addressText(read.value + (1n << BigInt(32 - read.prefix)) - 1n, 32)];
}

interface Ways {
  readonly host: string;
  readonly ignoresCase: boolean;
  readonly variables: readonly Variable[];
  readonly addresses: readonly (string | null)[];
  readonly identities: readonly (Identity | null)[];
  /** Null: unknown. */
  readonly moments: readonly (number | null)[];
  /** Age of the sign-in; null: unknown. */
  readonly ages: readonly (number | null)[];
}

function* everyWay(
  { pattern }: Route,
  { host, ignoresCase, variables, addresses, identities, moments, ages }: Ways,
): Generator<ConditionFacts> {
  for (const chosen of choices(variables, 0, new Map())) {
    const path = pattern.segments.map((segment, at) => {
      if (segment.kind === 'literal') return encodeURIComponent(segment.text);
      if (segment.kind === 'rest') return 'rest';
      return encodeURIComponent(withTextAround(segment.form, textOf(chosen.get(`param ${at}`)) ?? 'any'));
    });
    const query: string[] = [];
    const rawHeaders: string[] = ['Host', host];
    for (const { source, key } of variables) {
      const value = textOf(chosen.get(key));
      if (value === null) continue;
      if (source.from === 'query') query.push(`${encodeURIComponent(source.name)}=${encodeURIComponent(value)}`);
      if (source.from === 'header') rawHeaders.push(source.name, value);
    }
    const request = {
      method: 'GET',
      host,
      authority: host,
      path: `/${path.join('/')}`,
      unmerged: null,
      query: query.length === 0 ? '' : `?${query.join('&')}`,
      ambiguities: 0,
    };
    const claims = claimsAmong(chosen);
    for (const address of addresses) {
      for (const identity of identities) {
        for (const nowMs of moments) {
          for (const age of identity === null ? [null] : ages) {
            const authenticatedAtMs = signedInAt(age === null ? null : String(age), nowMs);
            const known = identity === null ? null : { ...identity, claims, authenticatedAtMs };
            yield { request, pattern, ignoresCase, rawHeaders, address, identity: known, trusted: true, nowMs };
          }
        }
      }
    }
  }
}

/** Text of a part of a request; null if the part is missing. */
function textOf(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function* choices(
  variables: readonly Variable[],
  index: number,
  chosen: Map<string, Value>,
): Generator<ReadonlyMap<string, Value>> {
  const variable = variables[index];
  if (variable === undefined) {
    yield chosen;
    return;
  }
  const { key, values } = variable;
  for (const value of values) yield* choices(variables, index + 1, chosen.set(key, value));
}
