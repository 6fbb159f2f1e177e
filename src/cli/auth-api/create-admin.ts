/** `rolegate auth-api create-admin`: creates an administrator, or gives an existing user the role. */
import { z } from 'zod';
import { AccountTakenError, type AuthApi } from '../../auth-api/auth-api.ts';
import { administratorRole } from '../../auth-api/credentials/administrator-role.ts';
import { accountFields, firstGroups, firstRoles } from '../../auth-api/operations/account-fields.ts';
import { CommandError, ExitCode, usageError } from '../exit-code.ts';
import { withAuthApi } from './with-auth-api.ts';

export interface CreateAdminOptions {
  readonly config: string;
  readonly email: string;
  /** For a new user; if unset, both are derived from the address. */
  readonly fullName?: string;
  readonly alias?: string;
}

export async function createAdmin(options: CreateAdminOptions): Promise<ExitCode> {
  process.stdout.write(`${await withAuthApi(options.config, (api) => makeAdministrator(api, options))}\n`);
  return ExitCode.fine;
}

/** Returns what was done, in words. */
async function makeAdministrator(api: AuthApi, options: CreateAdminOptions): Promise<string> {
  const { email } = options;
  const known = await api.findUser(email);
  if (known === null) {
    const { userId, alias } = await create(api, options);
    return `created the administrator ${email} (user ${userId}, alias ${alias}, roles ${administratorRoles.join(', ')})`;
  }
  const user = await api.readUser(known);
  if (user?.enabled === false) throw new CommandError(`${email} is disabled: another administrator must enable it`);
  const added = await api.grant(known, { roles: [administratorRole], groups: [] });
  if (added === null) throw new CommandError(`${email} was removed in the meantime`);
  const what = added.roles.length > 0 ? `gave ${administratorRole} to` : 'nothing to do:';
  const rest = added.roles.length > 0 ? '' : ' is an administrator';
  return `${what} ${email} (user ${known})${rest}`;
}

/** Of a new user. */
const administratorRoles = [...firstRoles, administratorRole];

const optionOf = { email: '--email', fullName: '--full-name', alias: '--alias' } as const;

async function create(api: AuthApi, options: CreateAdminOptions): Promise<{ userId: string; alias: string }> {
  const local = options.email.slice(0, options.email.lastIndexOf('@'));
  const { fullName = local, alias = local } = options;
  const checked = z.object(accountFields).safeParse({ email: options.email, fullName, alias });
  if (!checked.success) {
    const wrong = new Set(checked.error.issues.map(({ path: [field] }) => optionOf[field as keyof typeof optionOf]));
    throw usageError(`not valid: ${[...wrong].join(', ')}`);
  }
  try {
    const { userId } = await api.createUser({
      email: options.email,
      fullName,
      alias,
      roles: administratorRoles,
      groups: firstGroups,
    });
    return { userId, alias };
  } catch (error) {
    if (!(error instanceof AccountTakenError)) throw error;
    const message =
      error.taken === 'alias'
        ? `the alias "${alias}" is taken: choose another one with --alias`
        : `a registration of ${options.email} is in progress: complete it or wait until it expires, then try again`;
    throw new CommandError(message);
  }
}
