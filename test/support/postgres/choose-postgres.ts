/**
 * Chooses once per run where PostgreSQL comes from: `TEST_POSTGRES_URL`, Docker, installed server programs, apt.
 * `TEST_POSTGRES_FROM` restricts it to one source (`containers`, `server` or `none`), so each can be tried on one
 * machine.
 */
import { fromContainers } from './from-containers.ts';
import { fromApt, fromPrograms } from './from-server.ts';
import { answers, type PostgresWay } from './running-postgres.ts';

/** Why tests are skipped without PostgreSQL. */
export const noPostgres =
  'no PostgreSQL: set TEST_POSTGRES_URL, start Docker, or install the server (Debian: apt-get install postgresql; macOS: brew install postgresql@17)';

/**
 * Null: none is available. Rejects when `TEST_POSTGRES_URL` is set and no server responds: that is not a reason to
 * skip.
 */
export async function choosePostgres(env: NodeJS.ProcessEnv): Promise<PostgresWay | null> {
  const url = env['TEST_POSTGRES_URL'];
  if (url !== undefined && url !== '') {
    if (!(await answers(url))) throw new Error('TEST_POSTGRES_URL is set, but no PostgreSQL answers there');
    return { name: 'TEST_POSTGRES_URL', start: async () => ({ url, dispose: async () => {} }) };
  }
  const only = env['TEST_POSTGRES_FROM'] ?? '';
  switch (only) {
    case 'containers':
      return fromContainers();
    case 'server':
      return (await fromPrograms()) ?? (await fromApt());
    case 'none':
      return null;
    case '':
      return (await fromContainers()) ?? (await fromPrograms()) ?? (await fromApt());
    default:
      throw new Error(`TEST_POSTGRES_FROM is "${only}"; it can be "containers", "server" or "none"`);
  }
}
