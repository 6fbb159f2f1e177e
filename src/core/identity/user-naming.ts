/**
 * Whom the identities of a source stand for. Two issuers may give the same id to different users, so only source and id together identify
 * a user (OpenID Connect Core section 5.7).
 */
import { scopedRole, scopeOf } from './scoped-role.ts';

export interface UserNaming {
  /** Name of the source; of several with the same issuer, which name the same users, the first one in the configuration. */
  readonly source: string;
  /** Beginning of every user id. */
  readonly prefix: string;
  /** In lower case: beginnings of the user ids of other sources. No user of this source may have such an id. */
  readonly foreignPrefixes: readonly string[];
  /** Roles that its identities may have, in the form of rules; null: any. */
  readonly roles: readonly string[] | null;
}

/** The settings of one source. */
export interface NamingSettings {
  readonly name: string;
  readonly issuer: string | null;
  readonly userPrefix: string;
  readonly roles: readonly string[] | null;
}

/** By the name of each source. `settings`: in the order of the configuration. */
export function compileNaming(settings: readonly NamingSettings[]): ReadonlyMap<string, UserNaming> {
  return new Map(
    settings.map((own) => {
      const isSame = (one: NamingSettings) => one === own || (own.issuer !== null && one.issuer === own.issuer);
      const foreign = settings.filter((one) => !isSame(one) && one.userPrefix !== '');
      const foreignPrefixes = [...new Set(foreign.map(({ userPrefix }) => userPrefix.toLowerCase()))].sort();
      const { name, userPrefix: prefix, roles } = own;
      return [name, { source: settings.find(isSame)?.name ?? name, prefix, foreignPrefixes, roles }];
    }),
  );
}

const maxUserId = 256;

/** The id of the user for services, rules and logs; null: it is too long, or it would be that of a user of another source. */
export function userIdOf({ prefix, foreignPrefixes }: UserNaming, id: string): string | null {
  const userId = prefix + id;
  if (userId.length > maxUserId) return null;
  if (foreignPrefixes.length === 0) return userId;
  const folded = userId.toLowerCase();
  return foreignPrefixes.some((foreign) => folded.startsWith(foreign)) ? null : userId;
}

/** Those of `names` that the source may give. */
export function rolesFrom({ roles }: Pick<UserNaming, 'roles'>, names: readonly string[]): readonly string[] {
  if (roles === null) return names;
  const scoped = roles.flatMap((role) => scopedRole(role) ?? []);
  const isAllowed = (role: string) => roles.includes(role) || scoped.some((form) => scopeOf(form, role) !== null);
  return names.every(isAllowed) ? names : names.filter(isAllowed);
}
