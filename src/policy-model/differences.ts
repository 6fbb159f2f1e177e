/**
 * Whether two policies decide some request by another route, for another reason or with another identity, and such requests. Every request
 * belongs to a pair of matching rules, a caller and an outcome under each policy.
 */
import type { Policy } from '../core/decide.ts';
import type { Authentication } from '../core/identity/authentication.ts';
import type { Route } from '../core/routing/route.ts';
import type { PolicyModel } from './authentications.ts';
import { alwaysHeld, marksOf } from './callers.ts';
import {
  type Destination,
  type Example,
  type ExampleCallers,
  examplesOf,
  type WaysOfCaller,
} from './example-requests.ts';
import { findIn, type MatchPair, matchPairsOf } from './match-pairs.ts';
import { anyWay, type Outcome, outcomesOf } from './outcomes.ts';
import { pathLike } from './path-like.ts';
import { bitsOf, largestFor, Search, type Way } from './search.ts';
import { Budget } from './solve.ts';
import { type Matching, routeOf, setsOf } from './verdicts.ts';

/** Maximum search steps for one pair of rules. With more, the pair counts as different. */
const maxSteps = 50_000;
/** Maximum ways for one caller and two outcomes. */
const maxWays = 4_096;

/** Whether some request is decided differently; also true if that was not decided. */
export function differ(before: PolicyModel, after: Policy): boolean {
  return unlikePairs(before, after).some((pair) => {
    const budget = new Budget(maxSteps);
    const isPossible = searchesOf(pair, before, after, budget).some(({ ways, roles, authentications, kind }) => {
      const known = kind === 'known';
      const always = known ? alwaysHeld(...roles, authentications) : [0n];
      const marks = known ? marksOf(...roles, authentications) : [];
      const search = new Search([], { authentications, budget });
      for (const way of ways) {
        const canBe = always.some((bits) => (bits & way.forbidden) === 0n);
        if ((canBe && search.isPossibleBy(way, bitsOf(largestFor(way, marks)))) || budget.exhausted) return true;
      }
      return false;
    });
    return isPossible || budget.exhausted;
  });
}

/** Requests that should be decided differently. `methods`: to try, the preferred ones first. */
export function* examplesOfDifference(
  before: PolicyModel,
  after: Policy,
  callers: ExampleCallers,
  methods: readonly string[],
): Generator<Example> {
  const places = methods.map((method) => [method, method] as const);
  for (const pair of unlikePairs(before, after, places)) yield* examplesOfPair(pair, before, after, callers);
}

/** The same for the requests to one target. */
export function* examplesAt(
  target: MatchPair['target'],
  before: PolicyModel,
  after: Policy,
  callers: ExampleCallers,
  methods: readonly string[],
): Generator<Example> {
  for (const method of methods) {
    const [a, b] = [findIn(before.routes, target, method), findIn(after.routes, target, method)];
    yield* examplesOfPair({ method, sent: method, target, before: a, after: b, pair: '' }, before, after, callers);
  }
}

function* examplesOfPair(
  pair: MatchPair,
  before: PolicyModel,
  after: Policy,
  callers: ExampleCallers,
): Generator<Example> {
  const routes = [routeOf(pair.after), routeOf(pair.before)].filter((route) => route !== null);
  const likely = routes.map((route) => ({ host: pair.target.host, path: pathLike(before.routes, route) }));
  const leads = ({ host, path }: MatchPair['target']) =>
    [before, after].every(({ routes: table }, at) => {
      return isLike(findIn(table, { host, path }, pair.sent), at === 0 ? pair.before : pair.after);
    });
  const { path } = likely.find(leads) ?? pair.target;
  const kinds = [...new Set(routes.flatMap(({ credentials }) => credentials))];
  for (const { headers, authentications, ...ways } of searchesOf(pair, before, after, new Budget(maxSteps))) {
    const accepted = authentications.map(({ kind }) => kind);
    const others = kinds.filter((kind) => accepted.includes(kind));
    const destination: Destination = {
      method: pair.sent,
      host: pair.target.host,
      path,
      headers,
      kinds: [...others, ...accepted],
    };
    yield* examplesOf(ways, destination, { ...callers, authentications });
  }
}

/** Pairs of rules that are not the same, each once. */
function* unlikePairs(
  before: PolicyModel,
  after: Policy,
  methods?: Parameters<typeof matchPairsOf>[2],
): Generator<MatchPair> {
  const seen = new Set<string>();
  for (const pair of matchPairsOf(before.routes, after.routes, methods)) {
    if (seen.has(pair.pair)) continue;
    seen.add(pair.pair);
    if (before.roleMapping !== after.roleMapping || !isLike(pair.before, pair.after)) yield pair;
  }
}

/** Whether both are one rule of a route that the change does not affect. */
function isLike(a: Matching, b: Matching): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  if ('allow' in a || 'allow' in b) return 'allow' in a && 'allow' in b && a.route.id === b.route.id;
  const [conditions, others] = [a.route.conditions ?? [], b.route.conditions ?? []];
  return (
    a.rule === b.rule &&
    a.route.id === b.route.id &&
    a.route.pattern === b.route.pattern &&
    a.route.credentials === b.route.credentials &&
    a.route.signIn === b.route.signIn &&
    conditions.length === others.length &&
    conditions.every((criterion, at) => criterion === others[at])
  );
}

interface SearchOfCaller extends WaysOfCaller {
  readonly authentications: readonly Authentication[];
  readonly headers: readonly string[];
}

/** A navigation in a browser. */
export const navigation = ['sec-fetch-mode', 'navigate'];

function searchesOf(
  { before: a, after: b }: MatchPair,
  { roleMapping, authentications }: PolicyModel,
  after: Policy,
  budget: Budget,
): readonly SearchOfCaller[] {
  const [routeA, routeB] = [routeOf(a), routeOf(b)];
  const [setsA, setsB] = [setsOf(a), setsOf(b)];
  const roles: WaysOfCaller['roles'] = [
    { sets: setsA, mapping: roleMapping },
    { sets: setsB, mapping: after.roleMapping },
  ];
  const anonymous = { kind: 'anonymous' as const, roles, authentications, headers: [] };
  if (routeA?.id !== routeB?.id) return [{ ...anonymous, ways: [anyWay] }];
  const waysFor = (kind: WaysOfCaller['kind'], accepted: readonly [boolean, boolean]) =>
    waysToDiffer(
      outcomesOf({ matching: a, offset: 0 }, kind, accepted[0]),
      outcomesOf({ matching: b, offset: setsA.length }, kind, accepted[1]),
      (matching) =>
        kind === 'known' && typeof matching === 'object' && 'rule' in matching && matching.rule.kind !== 'public',
      [a, b],
      budget,
    );
  const takes = (route: Route | null, { kind }: Authentication) => route?.credentials.includes(kind) === true;
  const groups = Map.groupBy(authentications, (by) => `${takes(routeA, by)} ${takes(routeB, by)}`);
  return [
    ...(routeA?.signIn?.url === routeB?.signIn?.url ? [] : [{ ...anonymous, headers: navigation, ways: [anyWay] }]),
    { ...anonymous, ways: waysFor('anonymous', [true, true]) },
    ...[...groups.values()].map((some): SearchOfCaller => {
      const accepted = [takes(routeA, some[0]!), takes(routeB, some[0]!)] as const;
      return { kind: 'known', roles, authentications: some, headers: [], ways: waysFor('known', accepted) };
    }),
  ];
}

/** `knows`: whether a service receives the caller's identity. */
function* waysToDiffer(
  before: readonly Outcome[],
  after: readonly Outcome[],
  knows: (matching: Matching) => boolean,
  [a, b]: readonly [Matching, Matching],
  budget: Budget,
): Generator<Way> {
  for (const one of before) {
    for (const other of after) {
      if (one.word === other.word && (one.word !== null || knows(a) === knows(b))) continue;
      if (one.ways === null || other.ways === null || one.ways.length * other.ways.length > maxWays) {
        budget.giveUp();
        continue;
      }
      for (const way of one.ways) {
        for (const second of other.ways) {
          yield {
            forbidden: way.forbidden | second.forbidden,
            sets: [...way.sets, ...second.sets],
            clauses: [...way.clauses, ...second.clauses],
            unmet: [...way.unmet, ...second.unmet],
          };
        }
      }
    }
  }
}
