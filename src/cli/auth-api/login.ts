/** `rolegate auth-api login`: prints a working bearer of a user, created through the database, for tests and development. */
import { CommandError, ExitCode } from '../exit-code.ts';
import { withAuthApi } from './with-auth-api.ts';

export interface LoginOptions {
  readonly config: string;
}

/** Only the bearer is written to standard output, so that a shell can assign it to a variable. */
export async function login(email: string, { config }: LoginOptions): Promise<ExitCode> {
  const bearer = await withAuthApi(config, async (api) => {
    const userId = await api.findUser(email);
    if (userId === null) {
      throw new CommandError(
        `no user has the verified address ${email}: create one with auth-api create-admin or import`,
      );
    }
    const user = await api.readUser(userId);
    if (user?.enabled !== true) throw new CommandError(`${email} is disabled: an administrator must enable it`);
    return (await api.createVerifiedSession(userId)).bearer;
  });
  process.stdout.write(`${bearer}\n`);
  return ExitCode.fine;
}
