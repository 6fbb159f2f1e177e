/** The dependencies of the bundled Auth API, embedded or alone: its database, mail server and Redis, if configured. */
import type { AuthApiSettings } from '../../config/config.ts';
import type { Check } from './check.ts';
import { redisChecks } from './check-redis.ts';

/** `at`: prefix of its keys, such as `authApi.embedded.`. */
export function authApiChecks(
  { database, mail, outbox, redis }: AuthApiSettings,
  at: string,
  timeoutMs: number,
): readonly Check[] {
  const place = `${at}database`;
  // Clients of databases and mail servers are loaded only if needed.
  const databaseCheck: Check = {
    group: 'database',
    subject: place,
    run: async () => await (await import('./check-database.ts')).checkDatabase(database, place, timeoutMs),
  };
  const mailCheck = (config: NonNullable<typeof mail>): Check => ({
    group: 'mail',
    subject: `${at}mail`,
    run: async () => await (await import('./check-mail.ts')).checkMail(config, `${at}mail`, timeoutMs),
  });
  return [
    databaseCheck,
    ...(mail === null || outbox !== 'mail' ? [] : [mailCheck(mail)]),
    ...redisChecks(redis, `${at}redis`, timeoutMs),
  ];
}
