/** What the bundled Auth API needs, embedded or alone: its database, its mail server and its Redis, as far as they are configured. */
import type { AuthApiSettings } from '../../config/config.ts';
import type { Check } from './check.ts';
import { redisChecks } from './check-redis.ts';

/** `at`: what is before the names of its keys, such as `authApi.embedded.`. */
export function authApiChecks(
  { database, mail, outbox, redis }: AuthApiSettings,
  at: string,
  timeoutMs: number,
): readonly Check[] {
  const place = `${at}database`;
  // Clients of databases and of mail servers are loaded only where they are needed.
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
