/** Differences that are no verdicts: where an allowed request goes, what goes with it, and how it is read. */
import type { Config } from '../../config/config.ts';
import type { Route } from '../../core/routing/route.ts';

export interface SettingChange {
  /** Id of the route; null: the whole gateway. */
  readonly route: string | null;
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
  ['path', ({ tolerates, reading }) => (tolerates === 0 && reading === null ? null : { tolerates, reading }), true],
  ['maxAge', ({ maxAgeMs }) => seconds(maxAgeMs)],
  ['timeout', ({ timeoutMs }) => seconds(timeoutMs)],
  ['maxBody', ({ maxBodyBytes }) => (Number.isFinite(maxBodyBytes) ? maxBodyBytes : 'no limit')],
  ['evict', ({ evict }) => evict],
  ['mode', ({ mode }) => mode],
];

const gatewaySettings: readonly Setting<Config>[] = [
  ['credentials', ({ credentials }) => credentials, true],
  ['identityHeaders', ({ identityHeaders }) => identityHeaders],
  ['via', ({ via }) => via, true],
];

/** Of routes that both have, by id, and of the gateway. */
export function settingChanges(before: Config, after: Config): readonly SettingChange[] {
  const later = new Map(after.routes.routes.map((route) => [route.id, route]));
  const routes = before.routes.routes.flatMap((route) => {
    const other = later.get(route.id);
    return other === undefined ? [] : changes(route.id, routeSettings, route, other);
  });
  return [...changes(null, gatewaySettings, before, after), ...routes, ...unlikeReadings(before, after)];
}

/** Routes of one configuration alone that read paths in their own way: ambiguous paths are decided by them. */
function unlikeReadings(before: Config, after: Config): readonly SettingChange[] {
  const own = ({ routes }: Config, other: Config) =>
    routes.routes.filter(
      ({ id, tolerates, reading }) =>
        (tolerates !== 0 || reading !== null) && !other.routes.routes.some((route) => route.id === id),
    );
  const change = ({ id }: Route, gone: boolean): SettingChange => ({
    route: id,
    setting: 'path',
    before: gone ? 'reads paths in its own way' : 'no such route',
    after: gone ? 'no such route' : 'reads paths in its own way',
    bearsOnVerdicts: true,
  });
  return [
    ...own(before, after).map((route) => change(route, true)),
    ...own(after, before).map((route) => change(route, false)),
  ];
}

function changes<T>(
  route: string | null,
  settings: readonly Setting<T>[],
  before: T,
  after: T,
): readonly SettingChange[] {
  return settings.flatMap(([setting, value, bearsOnVerdicts = false]) => {
    const [was, is] = [shown(value(before)), shown(value(after))];
    return was === is ? [] : [{ route, setting, before: was, after: is, bearsOnVerdicts }];
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
