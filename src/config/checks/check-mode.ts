/** `mode: shadow`: that there is something to try out. */
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import type { ReadAccess } from './check-access.ts';

/** `conditions`: how many the route has; `route`: where it stands. */
export function checkMode(
  mode: 'enforce' | 'shadow' | undefined,
  access: ReadAccess | null,
  conditions: number,
  route: Path,
  check: Check,
): void {
  if (mode !== 'shadow' || access === null) return;
  const path = [...route, 'mode'];
  const { source } = access;
  const rules = source instanceof Map ? [...source.values()] : [source];
  if (rules.every((rule) => rule === 'deny')) {
    check.at(path, 'nothing is tried out here: what is denied stays denied', 'give the route the rule under "access"');
  } else if (conditions === 0 && rules.every((rule) => rule === 'deny' || rule === 'public' || rule === 'optional')) {
    check.at(path, 'nothing is tried out here: the rule refuses nobody', 'remove it');
  }
}
