/**
 * Differences of settings. The schema gives each key a class: what it means for who gets access and who sees what. Every key that
 * decides or exposes counts as a difference, unless `comparePolicies` already covers it. Gateway keys are compared as the schema
 * parses them, route keys as they take effect, with defaults and for the same requests.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';
import type { KeyClass } from '../../config/schema/key.ts';
import type { Setting } from '../../config/settings.ts';
import type { Route } from '../../core/routing/route.ts';
import { Ambiguity } from '../../core/url/ambiguity.ts';
import type { MatchPair } from '../../policy-model/match-pairs.ts';
import type { Matching } from '../../policy-model/verdicts.ts';
import { comparedPairs } from './compared-pairs.ts';
import { readingChanges } from './reading-changes.ts';

/** A configuration with every key of its files. */
export interface ReadConfig {
  readonly config: Config;
  readonly settings: (without?: readonly string[]) => readonly Setting[];
}

export interface SettingChange {
  /** Ids of the routes that match the same requests before and after. One null: no route. Both null: the whole gateway. */
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  /** Such as `server.trustedProxies`, or `upstream` of a route. */
  readonly setting: string;
  /** `neither`: changes no decision and exposes nothing more. */
  readonly class: KeyClass;
  readonly before: string;
  readonly after: string;
}

interface RouteSetting {
  readonly name: string;
  readonly class: KeyClass;
  readonly value: (route: Route) => unknown;
}

/** Keys of routes, compared as they take effect. */
export const routeSettings: readonly RouteSetting[] = [
  { name: 'upstream', class: 'exposes', value: ({ upstream }) => upstream },
  { name: 'rewrite', class: 'exposes', value: ({ rewrite }) => rewrite },
  { name: 'forwardCredentials', class: 'exposes', value: ({ forwardCredentials }) => forwardCredentials },
  { name: 'forwardToken', class: 'exposes', value: ({ forwardToken }) => forwardToken ?? 'none' },
  { name: 'identityAssertion', class: 'exposes', value: ({ audience }) => audience },
  { name: 'websocket', class: 'decides', value: ({ websocket }) => websocket },
  { name: 'credentials', class: 'decides', value: ({ credentials }) => credentials.join(', ') },
  { name: 'challenges', class: 'exposes', value: challengesInWords },
  { name: 'signIn', class: 'exposes', value: ({ signIn }) => signIn },
  { name: 'cors', class: 'exposes', value: ({ cors }) => cors },
  { name: 'path', class: 'decides', value: pathInWords },
  { name: 'maxVerdictAge', class: 'decides', value: maxVerdictAgeInWords },
  { name: 'evict', class: 'decides', value: ({ evict }) => evict },
  { name: 'streams.recheck', class: 'decides', value: ({ recheckMs }) => seconds(recheckMs) },
  { name: 'responseHeaders', class: 'exposes', value: ({ response }) => response },
  { name: 'timeout', class: 'neither', value: ({ timeoutMs }) => seconds(timeoutMs) },
  {
    name: 'idleTimeout',
    class: 'neither',
    value: ({ idleTimeoutMs }) => (idleTimeoutMs === null ? 'default' : seconds(idleTimeoutMs || Infinity)),
  },
  {
    name: 'maxBody',
    class: 'neither',
    value: ({ maxBodyBytes }) => (Number.isFinite(maxBodyBytes) ? maxBodyBytes : 'no limit'),
  },
  { name: 'bodyBuffer', class: 'neither', value: ({ bodyBufferBytes }) => bodyBufferBytes },
  { name: 'bodyRate', class: 'neither', value: ({ bodyRate }) => bodyRate },
];

/** Keys of routes that `comparePolicies` covers. */
export const decidedRouteKeys = [
  'match',
  'access',
  'when',
  'maxAuthAge',
  'acr',
  'notBefore',
  'notAfter',
  'mode',
] as const;

/** Sections that are compared by their effect on routes or decisions, or not compared. */
const comparedElsewhere: ReadonlySet<string> = new Set([
  'routes',
  'defaults',
  'roles',
  'conditions',
  'policies',
  'tests',
  'include',
]);

/** The longest sections are not even listed. */
const longSections = ['routes', 'tests'];

const gateway = { routeBefore: null, routeAfter: null };

const conditionHeaders = 'conditions.headers';

/** Keys that decide come first, then keys that expose. */
export function settingChanges(
  before: ReadConfig,
  after: ReadConfig,
  matchPairs: Iterable<MatchPair> = comparedPairs(before.config.routes, after.config.routes),
): readonly SettingChange[] {
  const changes = [
    ...gatewayChanges(before.settings(longSections), after.settings(longSections)),
    ...pairsOf(before.config, after.config, matchPairs).flatMap(pairChanges),
    ...readingChanges(before.config.routes, after.config.routes),
  ];
  const order: readonly KeyClass[] = ['decides', 'exposes', 'neither'];
  return changes.sort((a, b) => order.indexOf(a.class) - order.indexOf(b.class));
}

function gatewayChanges(before: readonly Setting[], after: readonly Setting[]): readonly SettingChange[] {
  const [was, is] = [before, after].map(byPath) as [ReadonlyMap<string, Setting>, ReadonlyMap<string, Setting>];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((setting) => {
    const [a, b] = [was.get(setting), is.get(setting)];
    if (isDeepStrictEqual(a?.value, b?.value)) return [];
    // An upstream that only one side has matters only if a route uses it.
    if (setting.startsWith('upstreams.') && (a === undefined || b === undefined)) return [];
    const [from, to] = [a?.shown ?? 'not set', b?.shown ?? 'not set'];
    // Secrets are masked, so two of them look the same.
    const texts = from === to ? { before: 'one value', after: 'another' } : { before: from, after: to };
    return [{ ...gateway, setting, class: (a ?? b)!.class, ...texts }];
  });
}

function byPath(settings: readonly Setting[]): ReadonlyMap<string, Setting> {
  return new Map(
    settings.flatMap((setting): [string, Setting][] => {
      const name = setting.path.join('.');
      if (name === conditionHeaders) return [[name, trustedOnly(setting)]];
      return comparedElsewhere.has(setting.path[0]!) ? [] : [[name, setting]];
    }),
  );
}

/** Trusted headers are also removed from requests of other peers, whether or not a condition reads them. */
function trustedOnly(setting: Setting): Setting {
  const value = Object.entries(setting.value ?? {}).filter(([, from]) => from === 'trusted');
  return { ...setting, value, shown: `[${value.map(([name]) => name).join(', ')}]` };
}

/** Null: no route, or none for the method. */
type Pair = readonly [before: Route | null, after: Route | null];

function pairsOf(before: Config, after: Config, matchPairs: Iterable<MatchPair>): readonly Pair[] {
  const later = new Map(after.routes.routes.map((route) => [route.id, route]));
  const pairs = new Map<string, Pair>();
  const add = (a: Route | null, b: Route | null) => pairs.set(JSON.stringify([a?.id, b?.id]), [a, b]);
  for (const route of before.routes.routes) {
    const other = later.get(route.id);
    if (other !== undefined) add(route, other);
  }
  for (const { before: a, after: b } of matchPairs) add(matchedBy(a), matchedBy(b));
  return [...pairs.values()];
}

function matchedBy(matching: Matching): Route | null {
  return typeof matching === 'string' || 'allow' in matching ? null : matching.route;
}

function pairChanges([a, b]: Pair): readonly SettingChange[] {
  const where = { routeBefore: a?.id ?? null, routeAfter: b?.id ?? null };
  return routeSettings.flatMap(({ name, class: keyClass, value }) => {
    // Without a route only a preflight got a response, before any rule was checked.
    if ((a === null || b === null) && name !== 'cors') return [];
    const [before, after] = [a, b].map((route) => textOf(route === null ? null : value(route))) as [string, string];
    return before === after ? [] : [{ ...where, setting: name, class: keyClass, before, after }];
  });
}

function maxVerdictAgeInWords({ maxVerdictAgeMs, maxVerdictAgeMsByMethod }: Route): string {
  const own = [...(maxVerdictAgeMsByMethod ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = seconds(maxVerdictAgeMs ?? Infinity);
  return own.length === 0 ? all : [...own.map(([method, age]) => `${method}: ${seconds(age)}`), `*: ${all}`].join(', ');
}

/** As written, without defaults. */
function challengesInWords({ challenges: { bearer, basic } }: Route): string {
  return [...(bearer ? ['bearer'] : []), ...(basic ? ['basic'] : [])].join(', ');
}

function pathInWords({ tolerates, reading }: Route): string | null {
  const keeps = (bit: number) => (tolerates & bit) !== 0;
  const slash = reading?.decodesSlash === true ? 'decode' : keeps(Ambiguity.encodedSlash) ? 'keep' : null;
  const words = [
    slash === null ? null : `encodedSlash: ${slash}`,
    keeps(Ambiguity.semicolon) ? 'semicolon: keep' : null,
    keeps(Ambiguity.doubleEncoding) ? 'doubleEncoding: keep' : null,
    (reading?.literals ?? null) === null ? null : 'caseSensitive: false',
    reading?.exactCase === true ? 'caseSensitive: true' : null,
    reading?.mergesSlashes === false ? 'mergeSlashes: false' : null,
  ].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(', ');
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Set) return [...part];
    if (part instanceof Map) return [...part];
    return typeof part === 'function' ? undefined : part;
  });
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${ms / 1000}s` : 'none';
}
