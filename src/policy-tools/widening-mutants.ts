/**
 * Changes of a route that let in more requests: another role that grants access, more methods, paths below or beside it, parameters
 * of any shape, and conditions that read another value, omit "not", cover more addresses, accept older sign-ins or exempt one more
 * role.
 */
import { type AccessRule, ruleMethods } from '../core/policy/access.ts';
import {
  type AddressStep,
  type Criterion,
  type NumberOperator,
  type SignInStep,
  type Step,
  sourcesIn,
} from '../core/policy/conditions.ts';
import { rolesIn } from '../core/policy/role-expression.ts';
import { type RoleTable, rolesThatGrant } from '../core/policy/roles.ts';
import { minutesOfDay } from '../core/policy/time-window.ts';
import type { Route } from '../core/routing/route.ts';
import { compileTrustedProxies, parseCidr } from '../core/syntax/addresses.ts';
import { compilePattern } from '../core/url/compile-pattern.ts';
import { formInWords, type ParamForm, type Shape } from '../core/url/param-form.ts';
import type { RoutePattern } from '../core/url/path-pattern.ts';
import { addressText } from '../policy-model/samples/list-samples.ts';
import type { TimeStep } from '../policy-model/samples/moments.ts';
import { type Change, withWeakerRoles } from './role-mutants.ts';

/** A rule that more roles meet. */
export function* widerRules(
  rule: AccessRule,
  roles: RoleTable,
  params: readonly string[],
): Generator<Change<AccessRule>> {
  if (rule.kind === 'deny') yield ['no credential is required', { kind: 'public' }];
  if (rule.kind !== 'roles') return;
  yield ['no credential is required', { kind: 'public' }];
  yield* withWeakerRoles(rule.source, roles, params);
}

/** More methods. */
export function* widerMatches({ access, methods: listed }: Route): Generator<Change<Partial<Route>>> {
  if (access.every !== null) {
    if (listed !== null) yield ['its list of methods is removed', { methods: null }];
  } else {
    const [first] = access.byMethod.values();
    const byMethod = new Map(access.byMethod);
    for (const method of ruleMethods) if (!byMethod.has(method) && method !== 'HEAD') byMethod.set(method, first!);
    yield ['its list of methods is removed', { access: { ...access, byMethod }, methods: null }];
  }
}

/** More paths. */
export function* widerPatterns(route: Route): Generator<Change<Route>> {
  for (const [words, pattern] of widerForms(route.pattern)) yield [words, { ...route, pattern }];
  const { host, path, segments } = route.pattern;
  const parts = path.replace(/\/$/, '').split('/');
  for (let at = segments.length - 1; at >= 0; at -= 1) {
    if (segments[at]!.kind === 'rest') continue;
    const widened = `${parts.slice(0, at + 1).join('/')}/**`;
    const pattern = compilePattern(host, widened);
    if (!paramsRead(route).every((name) => pattern.params.includes(name))) return;
    const literals = route.reading?.literals?.slice(0, at) ?? null;
    const reading = route.reading === null ? null : { ...route.reading, literals };
    yield [`its path becomes ${widened}`, { ...route, pattern, reading }];
  }
}

/** A parameter without its shape, or without the text around it. */
function* widerForms(pattern: RoutePattern): Generator<Change<RoutePattern>> {
  for (const [at, segment] of pattern.segments.entries()) {
    if (segment.kind !== 'param' || segment.form === null) continue;
    const { name, form } = segment;
    if (form.shape !== null) {
      yield [`the parameter ${name} accepts any text`, withForm(pattern, at, name, { ...form, shape: null })];
    }
    if (form.before + form.after === '') continue;
    const words = formInWords(name, form);
    yield [`${words} loses the text around it`, withForm(pattern, at, name, { ...form, before: '', after: '' })];
  }
}

/** A parameter without one of its alternatives. */
export function* fewerAlternatives(pattern: RoutePattern): Generator<Change<RoutePattern>> {
  for (const [at, segment] of pattern.segments.entries()) {
    if (segment.kind !== 'param' || segment.form?.shape?.kind !== 'words') continue;
    const { name, form } = segment;
    const { words } = segment.form.shape;
    for (const word of words.length < 2 ? [] : words) {
      const shape: Shape = { kind: 'words', words: words.filter((other) => other !== word) };
      yield [`the parameter ${name} no longer accepts ${word}`, withForm(pattern, at, name, { ...form!, shape })];
    }
  }
}

function withForm({ host, path }: RoutePattern, at: number, name: string, form: ParamForm): RoutePattern {
  const parts = path.slice(1).split('/');
  return compilePattern(host, `/${parts.with(at, formInWords(name, form)).join('/')}`);
}

/** Parameters that the route uses. */
function paramsRead({ conditions, evict, pattern }: Route): readonly string[] {
  if (evict !== null) return pattern.params;
  const sources = (conditions ?? []).flatMap(({ steps }) => steps.flatMap(sourcesIn));
  return sources.flatMap((source) => (source.from === 'param' && source.pattern === undefined ? [source.name] : []));
}

/** A condition that more requests meet. */
export function* widerConditions(
  criterion: Criterion,
  route: Pick<Route, 'access' | 'pattern'>,
  roles: RoleTable,
): Generator<Change<Criterion>> {
  const { word, steps, unless, unlessSource } = criterion;
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'not') {
      const rest = steps.filter((_, index) => index !== at);
      const moved = rest.map((one, index) => ({ ...one, end: one.end - (index >= at || one.end >= at ? 1 : 0) }));
      yield [`the condition ${word} loses "not"`, { ...criterion, steps: moved }];
    } else if (step.kind === 'address') {
      for (const [words, wider] of widerRanges(step)) {
        yield [`the condition ${word} ${words}`, { ...criterion, steps: steps.with(at, wider) }];
      }
    } else if (step.kind === 'window' || step.kind === 'stretch') {
      for (const [words, wider] of widerTimes(step)) {
        yield [`the condition ${word} ${words}`, { ...criterion, steps: steps.with(at, wider) }];
      }
    } else if (step.kind === 'signIn') {
      for (const [words, wider] of widerSignIns(step)) {
        yield [`the condition ${word} ${words}`, { ...criterion, steps: steps.with(at, wider) }];
      }
    } else if (step.kind === 'compare' && 'operand' in step.comparison && 'number' in step.comparison.operand) {
      const { operator, operand } = step.comparison;
      const other = ({ lt: 'lte', lte: 'lt', gt: 'gte', gte: 'gt' } as const)[operator as NumberOperator];
      const changed: Step = { ...step, comparison: { operator: other, operand } };
      yield [
        `the condition ${word} compares by ${other} instead of ${operator}`,
        { ...criterion, steps: steps.with(at, changed) },
      ];
    } else if (step.kind === 'compare' && step.subject.from === 'param') {
      const { name } = step.subject;
      const { params } = step.subject.pattern ?? route.pattern;
      const other = params.find((param) => param !== name);
      if (other === undefined) continue;
      const changed: Step = { ...step, subject: { ...step.subject, name: other } };
      yield [
        `the condition ${word} reads ${other} instead of ${name}`,
        { ...criterion, steps: steps.with(at, changed) },
      ];
    }
  }
  for (const role of rolesNear(route, unlessSource, roles)) {
    if (unless?.has(role) === true) continue;
    const names = [...unlessSource, role];
    const exempt = new Set(names.flatMap((name) => [...rolesThatGrant(name, roles)]));
    yield [`role ${role} is also exempt from ${word}`, { ...criterion, unless: exempt, unlessSource: names }];
  }
}

/** An hour more at either end, every day, or no limit. */
function* widerTimes(step: TimeStep): Generator<Change<TimeStep>> {
  if (step.kind === 'stretch') {
    const { fromMs, toMs } = step.stretch;
    if (fromMs !== null) yield ['has no start', { ...step, stretch: { fromMs: null, toMs } }];
    if (toMs !== null) yield ['has no end', { ...step, stretch: { fromMs, toMs: null } }];
    return;
  }
  const { window } = step;
  const { days, from, to } = window;
  const isWhole = from === 0 && to === minutesOfDay;
  const later = (to + 60) % minutesOfDay;
  if (!isWhole && from >= 60) yield ['begins an hour earlier', { ...step, window: { ...window, from: from - 60 } }];
  if (!isWhole && later !== from && to !== minutesOfDay)
    yield ['ends an hour later', { ...step, window: { ...window, to: later } }];
  if (days.length < 7) yield ['applies on every day', { ...step, window: { ...window, days: [0, 1, 2, 3, 4, 5, 6] } }];
}

/** Each range with one bit less, unless the other ranges already contain the added addresses. */
function* widerRanges({ contains, ranges, ...step }: AddressStep): Generator<Change<AddressStep>> {
  // The ranges of a file change as a whole.
  if (step.list !== null) return;
  for (const [index, range] of ranges.entries()) {
    const beside = besideRange(range);
    if (beside === null || contains(beside.address)) continue;
    const wider = ranges.with(index, beside.wider);
    yield [
      `accepts ${beside.wider} instead of ${range}`,
      { ...step, ranges: wider, contains: compileTrustedProxies(wider) },
    ];
  }
}

/** The range of twice the size, and an address that is only in it; null: the range already contains every address. */
export function besideRange(range: string): { readonly wider: string; readonly address: string } | null {
  const read = parseCidr(range);
  if (read === null || read.prefix === 0) return null;
  const { value, bits, prefix } = read;
  const flipped = value ^ (1n << BigInt(bits - prefix));
  const first = value < flipped ? value : flipped;
  return { wider: `${addressText(first, bits)}/${prefix - 1}`, address: addressText(flipped, bits) };
}

/** Roles that are plausible mistakes: those that the route requires, and those that exempt roles inherit. */
function rolesNear(
  { access }: Pick<Route, 'access'>,
  exempt: readonly string[],
  roles: RoleTable,
): ReadonlySet<string> {
  const rules = [...(access.every === null ? [] : [access.every]), ...access.byMethod.values()];
  const names = rules.flatMap((rule) => (rule.kind === 'roles' ? rolesIn(rule.source, 'wanted') : []));
  return new Set([...names, ...exempt.flatMap((role) => roles.get(role) ?? [])]);
}

/** Doubles the maximum age. */
function* widerSignIns(step: SignInStep): Generator<Change<SignInStep>> {
  yield ['accepts sign-ins twice as old', { ...step, maxMs: step.maxMs * 2 }];
}
