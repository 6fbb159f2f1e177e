/** Differences that are no verdicts: where an allowed request goes, what goes with it, and how it is read. */
import type { Config } from '../../config/config.ts';
import type { Route } from '../../core/routing/route.ts';
import { Ambiguity } from '../../core/url/canonical-path.ts';
import { type Meeting, meetingsOf } from './meetings.ts';
import { readingChanges } from './reading-changes.ts';
import type { Found } from './verdicts.ts';

export interface SettingChange {
  /** Ids of the routes that have the same requests before and after; one is null: no route. Both: the whole gateway. */
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  /** Such as `upstream`. */
  readonly setting: string;
  readonly before: string;
  readonly after: string;
  /** It may decide requests otherwise, though no class of `comparePolicies` shows it. */
  readonly bearsOnVerdicts: boolean;
}

type Setting<T> = readonly [name: string, value: (of: T) => unknown, bearsOnVerdicts?: boolean];

const routeSettings: readonly Setting<Route>[] = [
  ['upstream', ({ upstream }) => upstream],
  ['rewrite', ({ rewrite }) => rewrite],
  ['forwardCredentials', ({ forwardCredentials }) => forwardCredentials],
  ['websocket', ({ websocket }) => websocket, true],
  ['cors', ({ cors }) => cors, true],
  ['path', pathInWords, true],
  ['maxAge', ({ maxAgeMs }) => seconds(maxAgeMs ?? Infinity)],
  ['timeout', ({ timeoutMs }) => seconds(timeoutMs)],
  ['maxBody', ({ maxBodyBytes }) => (Number.isFinite(maxBodyBytes) ? maxBodyBytes : 'no limit')],
  ['evict', ({ evict }) => evict],
  ['mode', ({ mode }) => mode],
  ['responseHeaders', ({ response }) => response],
  ['bodyBuffer', ({ bodyBufferBytes }) => bodyBufferBytes],
  ['bodyRate', ({ bodyRate }) => bodyRate],
  ['streams.recheck', ({ recheckMs }) => seconds(recheckMs)],
];

const gatewaySettings: readonly Setting<Config>[] = [
  ['credentials', ({ credentials }) => credentials, true],
  ['authApi', ({ authApi }) => (authApi.kind === 'remote' ? authApi.urls : 'embedded')],
  ['authApi.fields', ({ authApi }) => authApi.fields, true],
  ['identityHeaders', ({ identityHeaders }) => identityHeaders],
  ['via', ({ via }) => via, true],
];

/** Of the gateway, of its upstreams, and of routes that have the same id or that the same requests go to. */
export function settingChanges(
  before: Config,
  after: Config,
  meetings: Iterable<Meeting> = meetingsOf(before.routes, after.routes),
): readonly SettingChange[] {
  const gateway = { routeBefore: null, routeAfter: null };
  const targets = [...before.upstreams.values()].flatMap((upstream) => {
    const other = after.upstreams.get(upstream.name);
    const name = `upstream ${upstream.name}`;
    return other === undefined ? [] : changes(gateway, [[name, (one: typeof other) => one.targets]], upstream, other);
  });
  return [
    ...changes(gateway, gatewaySettings, before, after),
    ...targets,
    ...pairsOf(before, after, meetings).flatMap(pairChanges),
    ...readingChanges(before.routes, after.routes),
  ];
}

/** Null: no route, or none for the method. */
type Pair = readonly [before: Route | null, after: Route | null];

function pairsOf(before: Config, after: Config, meetings: Iterable<Meeting>): readonly Pair[] {
  const later = new Map(after.routes.routes.map((route) => [route.id, route]));
  const pairs = new Map<string, Pair>();
  const add = (a: Route | null, b: Route | null) => pairs.set(JSON.stringify([a?.id, b?.id]), [a, b]);
  for (const route of before.routes.routes) {
    const other = later.get(route.id);
    if (other !== undefined) add(route, other);
  }
  for (const { before: a, after: b } of meetings) add(matchedBy(a), matchedBy(b));
  return [...pairs.values()];
}

function matchedBy(found: Found): Route | null {
  return typeof found === 'string' || 'allow' in found ? null : found.route;
}

function pairChanges([a, b]: Pair): readonly SettingChange[] {
  const where = { routeBefore: a?.id ?? null, routeAfter: b?.id ?? null };
  if (a !== null && b !== null) return changes(where, routeSettings, a, b);
  // A preflight is answered before anybody is let in or kept out.
  const cors: Setting<Route | null> = ['cors', (route) => route?.cors ?? null, true];
  return a === b ? [] : changes(where, [cors], a, b);
}

/** As written, without what is so by default. */
function pathInWords({ tolerates, reading }: Route): string | null {
  const keeps = (bit: number) => (tolerates & bit) !== 0;
  const slash = reading?.decodesSlash === true ? 'decode' : keeps(Ambiguity.encodedSlash) ? 'keep' : null;
  const words = [
    slash === null ? null : `encodedSlash: ${slash}`,
    keeps(Ambiguity.semicolon) ? 'semicolon: keep' : null,
    keeps(Ambiguity.doubleEncoding) ? 'doubleEncoding: keep' : null,
    (reading?.literals ?? null) === null ? null : 'caseSensitive: false',
    reading?.mergesSlashes === false ? 'mergeSlashes: false' : null,
  ].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(', ');
}

function changes<T>(
  where: Pick<SettingChange, 'routeBefore' | 'routeAfter'>,
  settings: readonly Setting<T>[],
  before: T,
  after: T,
): readonly SettingChange[] {
  return settings.flatMap(([setting, value, bearsOnVerdicts = false]) => {
    const [was, is] = [shown(value(before)), shown(value(after))];
    return was === is ? [] : [{ ...where, setting, before: was, after: is, bearsOnVerdicts }];
  });
}

function shown(value: unknown): string {
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
