/**
 * Changed settings that may let more in, and that no tool judges yet: a comparison of decisions takes sources, addresses and services
 * as given. Without this list a pull request that points `authApi.url` elsewhere passes `--fail-on newly-allowed`.
 */
import type { SettingChange } from '../../policy-tools/diff/setting-changes.ts';

export interface UnjudgedSettings {
  /** Names that make `--fail-on newly-allowed` fail. */
  readonly open: readonly string[];
  /** Names that `--accept` covers. */
  readonly accepted: readonly string[];
}

/** `accept`: names of settings, or of sections with everything in them. */
export function unjudgedSettings(changes: readonly SettingChange[], accept: readonly string[]): UnjudgedSettings {
  const names = [...new Set(changes.filter((change) => change.class !== 'neither').map(settingName))];
  const covered = (name: string) => accept.some((key) => name === key || name.startsWith(`${key}.`));
  return { open: names.filter((name) => !covered(name)), accepted: names.filter(covered) };
}

/** Such as `authApi.url`, or `routes.orders.upstream`. */
function settingName({ routeBefore, routeAfter, setting }: SettingChange): string {
  const route = routeAfter ?? routeBefore;
  return route === null ? setting : `routes.${route}.${setting}`;
}
