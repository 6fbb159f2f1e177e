/**
 * `rolegate auth-api import`: creates the users of a file, and gives existing ones the roles and groups that they lack. It removes nothing
 * and may be run again; a user who cannot be imported does not affect others.
 */
import { AccountTakenError, type AuthApi } from '../../auth-api/auth-api.ts';
import type { Names } from '../../auth-api/store/user-store.ts';
import { ExitCode } from '../exit-code.ts';
import { problemsError } from '../read-config.ts';
import { readUsersFile, type UserOfFile } from './users-file.ts';
import { withAuthApi } from './with-auth-api.ts';

export interface ImportOptions {
  readonly config: string;
  readonly file: string;
  /** Only reports what would be done. */
  readonly dryRun?: boolean;
}

type Outcome =
  | { readonly kind: 'made' | 'unchanged' }
  | { readonly kind: 'changed'; readonly added: Names }
  | { readonly kind: 'failed'; readonly reason: string };

export async function importUsers(options: ImportOptions): Promise<ExitCode> {
  const { file, dryRun = false } = options;
  const read = readUsersFile(file);
  if (!read.ok) throw problemsError(read.problems);
  return withAuthApi(options.config, async (api) => {
    const counts = { made: 0, changed: 0, unchanged: 0, failed: 0 };
    for (const user of read.users) {
      const outcome = await (dryRun ? foresee(api, user) : importUser(api, user));
      counts[outcome.kind] += 1;
      const line = describe(user, outcome, file);
      if (line !== null) (outcome.kind === 'failed' ? process.stderr : process.stdout).write(`${line}\n`);
    }
    const { made: additions, changed, unchanged, failed } = counts;
    const summary = `${additions} created, ${changed} changed, ${unchanged} unchanged, ${failed} not imported`;
    process.stdout.write(`${dryRun ? 'dry run, nothing was written: ' : ''}${summary}\n`);
    return failed === 0 ? ExitCode.fine : ExitCode.failed;
  });
}

async function importUser(api: AuthApi, user: UserOfFile): Promise<Outcome> {
  const userId = await api.findUser(user.email);
  if (userId === null) {
    try {
      await api.createUser(user);
      return { kind: 'made' };
    } catch (error) {
      if (error instanceof AccountTakenError) return taken(error.taken);
      throw error;
    }
  }
  const added = await api.grant(userId, user);
  if (added === null) return { kind: 'failed', reason: 'the user was removed in the meantime' };
  return changeOf(added);
}

async function foresee(api: AuthApi, user: UserOfFile): Promise<Outcome> {
  const userId = await api.findUser(user.email);
  if (userId === null) {
    const conflict = await api.findTaken(user);
    return conflict === null ? { kind: 'made' } : taken(conflict);
  }
  const entry = await api.readUser(userId);
  const lacking = (wanted: readonly string[], has: readonly string[] = []) =>
    [...new Set(wanted)].filter((name) => !has.includes(name)).sort();
  return changeOf({ roles: lacking(user.roles, entry?.roles), groups: lacking(user.groups, entry?.groups) });
}

function changeOf(added: Names): Outcome {
  return added.roles.length + added.groups.length === 0 ? { kind: 'unchanged' } : { kind: 'changed', added };
}

function taken(what: 'email' | 'alias'): Outcome {
  const reason =
    what === 'alias'
      ? 'the alias belongs to another account'
      : 'the address belongs to a registration that is not complete';
  return { kind: 'failed', reason };
}

/** Null: nothing worth a line. */
function describe(user: UserOfFile, outcome: Outcome, file: string): string | null {
  switch (outcome.kind) {
    case 'made':
      return `created ${user.email}`;
    case 'changed': {
      const { roles, groups } = outcome.added;
      const parts = [
        roles.length > 0 ? `roles ${roles.join(', ')}` : '',
        groups.length > 0 ? `groups ${groups.join(', ')}` : '',
      ];
      return `changed ${user.email}: ${parts.filter((part) => part !== '').join('; ')}`;
    }
    case 'unchanged':
      return null;
    case 'failed':
      return `${file}:${user.line} ${user.email}: ${outcome.reason}`;
  }
}
