/** `rolegate auth-api create-admin`: creates an administrator, or gives an existing user the role. */
import { z } from 'zod';
import { AccountTakenError, type AuthApi } from '../../auth-api/auth-api.ts';
import { administratorRole } from '../../auth-api/credentials/administrator-role.ts';
import { accountFields, firstGroups, firstRoles } from '../../auth-api/operations/account-fields.ts';
import { paths } from '../../sign-in/paths.ts';
import { CommandError, ExitCode, usageError } from '../exit-code.ts';
import { readPagesOrigin, withAuthApi } from './with-auth-api.ts';

export interface CreateAdminOptions {
  readonly config: string;
  readonly email: string;
  /** For a new user; if unset, both are derived from the address. */
  readonly fullName?: string;
  readonly alias?: string;
}

export async function createAdmin(options: CreateAdminOptions): Promise<ExitCode> {
  const pages = readPagesOrigin(options.config);
  const text = await withAuthApi(options.config, async (api) => {
    const { done, userId } = await makeAdministrator(api, options);
    const link = pages === null ? null : await api.createLink(userId);
    return link === null ? done : `${done}\n\n${invitation}\n${pages}${paths.link}?link=${link}`;
  });
  process.stdout.write(`${text}\n`);
  return ExitCode.fine;
}

const invitation =
  'To add a passkey, open this link in a browser. It works once, within 24 hours, and ends an earlier one:';

/** `done`: in words. */
async function makeAdministrator(
  api: AuthApi,
  options: CreateAdminOptions,
): Promise<{ readonly done: string; readonly userId: string }> {
  const { email } = options;
  const known = await api.findUser(email);
  if (known === null) {
    const { userId, alias } = await create(api, options);
    const roles = administratorRoles.join(', ');
    return { userId, done: `created the administrator ${email} (user ${userId}, alias ${alias}, roles ${roles})` };
  }
  const user = await api.readUser(known);
  if (user?.enabled === false) throw new CommandError(`${email} is disabled: another administrator must enable it`);
  const added = await api.grant(known, { roles: [administratorRole], groups: [] });
  if (added === null) throw new CommandError(`${email} was removed in the meantime`);
  const what = added.roles.length > 0 ? `gave ${administratorRole} to` : 'nothing to do:';
  const rest = added.roles.length > 0 ? '' : ' is an administrator';
  return { userId: known, done: `${what} ${email} (user ${known})${rest}` };
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
