/**
 * Roles that need a passkey (`passkeys.requiredForRoles` of the embedded Auth API). The Auth API withholds names that it stores, so no other way
 * to such a role may lead around it.
 */
import { rolesThatGrant } from '../../core/policy/roles.ts';
import type { ConfigFile } from '../schema.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';
import type { Location } from './location.ts';

const onItsRoutes = 'demand the passkey on its routes instead: "acr: [phr]"';

/** The Auth API has it, whether or not a rule uses it. */
const roleOfAdministrators = 'users_admin';

/** `at`: of the file. */
export function checkPasskeyRoles({ authApi, roles }: ConfigFile, declared: DeclaredRoles, at: Location): void {
  const required = authApi?.embedded?.passkeys?.requiredForRoles ?? [];
  required.forEach((name, index) => {
    const there = at.at('authApi', 'embedded', 'passkeys', 'requiredForRoles', index);
    if (name !== roleOfAdministrators) reportUndeclared(name, there, declared);
    const role = roles[name];
    if (role?.scopedBy !== undefined) {
      there.report(`the role ${there.quote(name)} has a scope, and its users have it under other names`, onItsRoutes);
    }
    if (role?.from !== undefined) {
      there.report(`other fields grant the role ${there.quote(name)} without a passkey ("from")`, onItsRoutes);
    }
    for (const heir of rolesThatGrant(name, declared.table)) {
      if (heir === name || required.includes(heir)) continue;
      const hint = 'list it, too';
      there.report(`the role ${there.quote(heir)} inherits ${there.quote(name)}, and needs no passkey`, hint);
    }
  });
}
