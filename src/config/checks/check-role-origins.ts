/** Where roles come from (`from`): each names a field of the identity and the values that bring the role. */
import { compileRoleMapping, type RoleMapping, type RoleOrigin } from '../../core/policy/map-roles.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

type Role = NonNullable<NonNullable<Parts<ConfigFile>['roles']>[string]>;
type OriginEntry = Exclude<NonNullable<Role['from']>, readonly unknown[]>;

const mostOrigins = 1000;

export function checkRoleOrigins(roles: Parts<ConfigFile>['roles'], check: Check): RoleMapping | null {
  const origins: RoleOrigin[] = [];
  for (const [role, entry] of Object.entries(roles ?? {})) {
    const from = entry?.from;
    if (from === undefined) continue;
    const path = ['roles', role, 'from'];
    const listed = isList(from);
    if (listed && from.length === 0) check.at(path, 'an empty list gives the role to nobody', 'remove it');
    (listed ? from : [from]).forEach((origin, index) => {
      if (origin !== undefined) origins.push(...checkOrigin(role, origin, listed ? [...path, index] : path, check));
    });
  }
  if (origins.length > mostOrigins) check.at(['roles'], `at most ${mostOrigins} comparisons of "from" in all roles`);
  return compileRoleMapping(origins);
}

function checkOrigin(role: string, origin: OriginEntry, path: Path, check: Check): readonly RoleOrigin[] {
  const { field, equals } = origin;
  const several = origin.in;
  const [hasEquals, hasIn] = [check.has([...path, 'equals']), check.has([...path, 'in'])];
  if (hasEquals && hasIn) check.atKey([...path, 'in'], '"equals" and "in" exclude each other', 'keep one of the two');
  if (!hasEquals && !hasIn) check.at(path, 'expected "equals" or "in"', 'for example "equals: platform-admins"');
  if (several?.length === 0) check.at([...path, 'in'], 'an empty list gives the role to nobody', 'name a value');
  if (field === undefined) return [];
  const values = (several ?? [equals]).filter((value) => value !== undefined);
  values.forEach((value, index) => {
    if (field !== 'kind' || value === 'bearer' || value === 'key_pair') return;
    check.at(
      hasIn ? [...path, 'in', index] : [...path, 'equals'],
      'expected bearer or key_pair',
      'these are the kinds of credential',
    );
  });
  return values.length === 0 ? [] : [{ role, field, values: new Set(values) }];
}

function isList(from: NonNullable<Role['from']>): from is readonly (OriginEntry | undefined)[] {
  return Array.isArray(from);
}
