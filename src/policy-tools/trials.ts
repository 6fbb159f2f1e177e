/** Requests worth trying for one effect of a rule, the likeliest first. */

import type { Config } from '../config/config.ts';
import type { Identity } from '../core/identity/identity.ts';
import { otherMethods, ruleMethods } from '../core/policy/access.ts';
import { sourcesIn } from '../core/policy/conditions.ts';
import type { Route } from '../core/routing/route.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import { takerOf } from '../core/url/common-path.ts';
import { hasShape, takes } from '../core/url/param-form.ts';
import { formOfParam, type ParamName, placeOfParam, type Segment } from '../core/url/path-pattern.ts';
import { rulesOf } from '../policy-model/route-of-method.ts';
import { claimKey, claimTexts } from '../policy-model/samples/claim-values.ts';
import { listedAddresses, listedTexts, unlistedTexts } from '../policy-model/samples/list-samples.ts';
import { isTimeStep, momentsFor } from '../policy-model/samples/moments.ts';
import { numberTexts } from '../policy-model/samples/number-texts.ts';
import { samplesOf, withoutTextAround, withTextAround } from '../policy-model/samples/segment-samples.ts';
import { anyMoment, signInAges, signInKey } from '../policy-model/samples/sign-in-ages.ts';
import { literalsIn } from '../policy-model/samples/step-values.ts';
import { IdentityNames } from './identity-names.ts';
import { type Chosen, identitiesFor, own, type TrialGoal } from './trial-identities.ts';
import { besideRange, widerTimes } from './widening-mutants.ts';

export interface Trial {
  /** Name of the identity; null: no credential. */
  readonly as: string | null;
  readonly identity: Identity | null;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly client: string | null;
  /** A trusted proxy sends the request. */
  readonly trusted: boolean;
  /** Milliseconds; null: unknown. */
  readonly time: number | null;
}

/** `reach`: `far` also tries identities that only a change of the rules can distinguish. */
export function* trialsFor(
  config: Config,
  goal: TrialGoal,
  reach: 'near' | 'far',
  names = new IdentityNames(config.tests.identities.keys()),
): Generator<Trial> {
  const { route } = goal;
  const method = goal.method === otherMethods ? otherMethod(route) : goal.method;
  const values = valuesOf(config, route);
  const proxied = trustedHeaders(route);
  for (const choice of combinations(values)) {
    const client = choice.get('client') ?? null;
    const moment = choice.get('time') ?? null;
    const time = moment === null ? null : Number(moment);
    for (const [as, identity] of identitiesFor(config, goal, choice, reach, names)) {
      const chosen = new Map(
        [...choice].map(([key, value]) => [key, value === own ? (identity?.userId ?? null) : value]),
      );
      const target = targetOf(route, chosen);
      const headers = [...chosen].flatMap(([key, value]) =>
        key.startsWith('header ') && value !== null ? [key.slice(7), value] : [],
      );
      // Without a trusted proxy such a header has no effect, and requests without it are tried, too.
      const trusted = headers.some((name, at) => at % 2 === 0 && proxied.has(name));
      yield { as, identity, method, target, headers, client, trusted, time };
    }
  }
}

function trustedHeaders({ conditions }: Route): ReadonlySet<string> {
  const steps = (conditions ?? []).flatMap((criterion) => criterion.steps);
  const headers = steps.flatMap(sourcesIn).filter((source) => source.from === 'header');
  return new Set(headers.filter(({ trusted }) => trusted === true).map(({ name }) => name));
}

/** A method that has no rule of its own. */
export function otherMethod(route: Route): string {
  const named = new Set(rulesOf(route).map(([method]) => method));
  return ['GET', ...ruleMethods].find((one) => !named.has(one) && one !== 'HEAD') ?? 'GET';
}

/** Addresses, at least one of which is likely outside any range. */
const elsewhere = ['203.0.113.7', '198.51.100.7', '2001:db8::7'];

/** Possible values of each part of a request: path parameters, query, headers, client. */
type Choices = ReadonlyMap<string, readonly (string | null)[]>;

function valuesOf({ tests, routes }: Config, route: Route): Choices {
  const choices = new Map<string, (string | null)[]>();
  if (route.signIn !== null) choices.set('header sec-fetch-mode', [null, 'navigate']);
  // A more specific route may match everything that follows.
  if (route.pattern.segments.at(-1)?.kind === 'rest') choices.set('rest', ['anything', null, 'anything/else']);
  for (const [at, segment] of route.pattern.segments.entries()) {
    if (segment.kind === 'param') choices.set(`param ${at}`, textsOfParam(routes, segment));
  }
  const groups = [...new Set([...tests.identities.values()].flatMap((identity) => identity.groups))].slice(0, 4);
  const offer = (key: string, ...values: (string | null)[]) => {
    choices.set(key, [...new Set([...(choices.get(key) ?? []), ...values])]);
  };
  const timed = (route.conditions ?? []).flatMap(({ steps }) => steps.filter(isTimeStep));
  // Includes times that a small change of the conditions can distinguish.
  const moments = momentsFor([...timed, ...timed.flatMap((step) => [...widerTimes(step)].map(([, wider]) => wider))]);
  if (timed.length > 0) choices.set('time', moments.map(String));
  const all = (route.conditions ?? []).flatMap(({ steps }) => steps);
  const ages = signInAges(all);
  if (ages.length > 0) {
    choices.set(signInKey, [...ages.map(String), null]);
    offer('time', ...(timed.length > 0 ? [] : [String(anyMoment)]));
  }
  for (const { steps } of route.conditions ?? []) {
    for (const step of steps) {
      if (step.kind === 'address') {
        const ranges = step.list === null ? step.ranges : [];
        const beside = ranges.flatMap((range) => besideRange(range)?.address ?? []);
        const listed = listedAddresses(all);
        offer('client', ...ranges.map((range) => range.split('/', 1)[0]!), ...listed, ...elsewhere, ...beside);
      } else if (step.kind === 'compare') {
        const { comparison } = step;
        const literals =
          comparison.operator === 'exists'
            ? [...(comparison.wanted ? [] : [null]), 'x']
            : 'literal' in comparison.operand
              ? [comparison.operand.literal, `${comparison.operand.literal}x`]
              : 'literals' in comparison.operand
                ? [
                    ...literalsIn(step),
                    ...listedTexts(all),
                    ...(comparison.operand.list === undefined ? [] : ['x', ...unlistedTexts(all, ['x'])]),
                  ]
                : 'number' in comparison.operand
                  ? [...numberTexts([comparison.operand.number]), 'x']
                  : [...groups, own, 'x'];
        for (const source of sourcesIn(step)) {
          if (source.from === 'identity') continue;
          if (source.from === 'param') {
            const key = `param ${placeOfParam(source, route.pattern)}`;
            const segment = route.pattern.segments[placeOfParam(source, route.pattern)];
            // The value that a policy reads can be a literal of the route.
            if (segment?.kind === 'literal') choices.set(key, [segment.text]);
            else {
              offer(key, ...literals.filter((text) => canBe(route, source, text)));
              const shape = formOfParam(source, route.pattern)?.shape ?? null;
              offer(key, ...unlistedTexts(all, textsIn(choices.get(key) ?? []), shape));
            }
          } else if (source.from === 'claim') {
            const alike = sourcesIn(step).flatMap((other) => {
              const key = other.from === 'param' ? `param ${placeOfParam(other, route.pattern)}` : '';
              return choices.get(key)?.slice(0, 1) ?? [];
            });
            const texts = claimTexts(source.type, textsIn([...alike, ...literals]));
            const unlisted = source.type === 'number' ? unlistedTexts(all, texts, 'number') : [];
            offer(claimKey(source), ...texts, ...unlisted, null);
          } else offer(`${source.from} ${source.name}`, ...literals, null);
        }
      }
    }
  }
  return choices;
}

/** Texts that the parameter matches, without those that another form matches first. */
function textsOfParam(table: RouteTable, segment: Extract<Segment, { kind: 'param' }>): string[] {
  const samples = samplesOf(table);
  const { name, form } = segment;
  const own = withTextAround(form, name);
  const taker = takerOf(segment, false);
  const fits = taker === null ? !samples.isNamed(own) : takes(taker, own) && samples.of(segment).length === 1;
  if (fits) return [name];
  return samples.of(segment).map((text) => withoutTextAround(form, text));
}

/** Whether the parameter can have the text. */
function canBe({ pattern }: Route, param: ParamName, text: string | null): boolean {
  const shape = formOfParam(param, pattern)?.shape ?? null;
  return shape === null || text === own || (text !== null && hasShape(shape, text));
}

function textsIn(literals: readonly (string | null)[]): readonly string[] {
  return literals.filter((text) => text !== null && text !== own) as readonly string[];
}

/** Combinations that differ from the first choices in one part come first, then those that differ in two, and so on. */
function* combinations(choices: Choices): Generator<Chosen> {
  const entries = [...choices];
  const walk = function* (index: number, others: number, chosen: Map<string, string | null>): Generator<Chosen> {
    const entry = entries[index];
    if (entry === undefined) {
      yield new Map(chosen);
      return;
    }
    const [key, values] = entry;
    for (const [place, value] of values.entries()) {
      const left = place === 0 ? others : others - 1;
      if (left >= 0 && left < entries.length - index) yield* walk(index + 1, left, chosen.set(key, value));
    }
  };
  for (let others = 0; others <= entries.length; others += 1) yield* walk(0, others, new Map());
}

function targetOf({ pattern }: Route, chosen: Chosen): string {
  const path = pattern.segments.flatMap((segment, at) => {
    if (segment.kind === 'literal') return encodeURIComponent(segment.text);
    if (segment.kind === 'rest') return chosen.get('rest') ?? [];
    return encodeURIComponent(withTextAround(segment.form, chosen.get(`param ${at}`) ?? segment.name));
  });
  const query = [...chosen].flatMap(([key, value]) =>
    key.startsWith('query ') && value !== null
      ? [`${encodeURIComponent(key.slice(6))}=${encodeURIComponent(value)}`]
      : [],
  );
  return `/${path.join('/')}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}
