/** The contract of the stores of sessions, for those of one process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSqliteSessionStore } from '../../src/identity/sessions/sqlite-session-store.ts';
import { describeSessionStore } from './session-store.ts';

describeSessionStore(
  'sessions in memory',
  async () => ({
    open: async (settings) => createSqliteSessionStore({ ...settings, file: null }),
    close: async () => {},
  }),
  { shared: false },
);

describeSessionStore('sessions in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-sessions-'));
  return {
    open: async (settings) => createSqliteSessionStore({ ...settings, file: join(folder, 'sessions.db') }),
    close: () => rm(folder, { recursive: true }),
  };
});
