/**
 * The Auth API with a PostgreSQL that crashes, stalls and comes back: refusals that report an outage, and no details of
 * the database.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuthApi } from '../../../src/auth-api/auth-api.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { openStore } from '../../../src/auth-api/store/open-store.ts';
import { StoreUnavailableError } from '../../../src/auth-api/store/store-errors.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { type BreakableRelay, startBreakableRelay } from '../../support/breakable-relay.ts';
import { type TestDatabase, usePostgres } from '../../support/postgres.ts';

const lines: string[] = [];
const note = (fields: object, message: string) => {
  lines.push(JSON.stringify([fields, message], (_, value) => (value instanceof Error ? `${value.stack}` : value)));
};
const log = { info: note, warn: note, error: note };

let database: TestDatabase;
let relay: BreakableRelay;
let url: URL;
let api: AuthApi;
let base: string;
let bearer: string;

beforeAll(async () => {
  database = await usePostgres();
  url = new URL(database.url);
  relay = await startBreakableRelay({ host: url.hostname, port: Number(url.port) });
  url.host = `127.0.0.1:${relay.port}`;
  api = await createAuthApi({ settings: { ...authApiSettings, database: url.href }, log, printCode: () => {} });
  const account = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', roles: ['user'], groups: ['public'] };
  ({ bearer } = await api.createVerifiedSession((await api.createUser(account)).userId));
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${port}`;
}, 60_000);

afterAll(async () => {
  await api?.close();
  await relay?.close();
  await database?.dispose();
});

const check = () => fetch(`${base}/api/auth/v2/session`, { headers: { authorization: `Bearer ${bearer}` } });
const ready = async () => (await fetch(`${base}/health/ready`)).status;

async function expectOutage(answer: Response): Promise<void> {
  const body = await answer.text();
  expect(answer.status, body).toBe(503);
  expect(answer.headers.get('x-error')).toBe('The store does not respond');
  expect(answer.headers.get('retry-after')).toBe('2');
  expect(JSON.parse(body)).toMatchObject({ code: 'store_unavailable' });
}

describe('a failing PostgreSQL', () => {
  afterEach(async () => {
    relay.mend();
    await vi.waitFor(async () => expect((await check()).status).toBe(200), { timeout: 10_000 });
  });

  it('that is disconnected causes 503, and is used again when it is back', async () => {
    expect([(await check()).status, await ready()]).toEqual([200, 200]);
    relay.cut();
    await expectOutage(await check());
    const opened = { method: 'POST', body: JSON.stringify({ email: 'ana@example.test' }) };
    await expectOutage(await fetch(`${base}/api/auth/v2/session`, opened));
    expect(await ready()).toBe(503);
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
  });

  it('that is disconnected during many requests fails each of them separately', async () => {
    const asked = Array.from({ length: 40 }, check);
    await Promise.race(asked);
    relay.cut();
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  });

  it('that stalls is given up in bounded time, and its dead connections are not reused', async () => {
    await Promise.all(Array.from({ length: 10 }, check));
    relay.freeze();
    // In less time than this test's timeout, although the first ones wait for each of their connections in turn.
    for (const answer of await Promise.all(Array.from({ length: 10 }, check))) await expectOutage(answer);
    relay.mend();
    const after = await Promise.all(Array.from({ length: 10 }, check));
    expect(after.map(({ status }) => status)).toEqual(new Array(10).fill(200));
  }, 30_000);

  it('that closes idle connections is reconnected', async () => {
    await check();
    const ended = await database.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    expect(ended.length).toBeGreaterThan(0);
    await vi.waitFor(async () => expect((await check()).status).toBe(200));
  });

  it('is not awaited at start', async () => {
    relay.cut();
    await expect(openStore(url.href)).rejects.toThrow(StoreUnavailableError);
  });

  it('never reveals its address or credentials', async () => {
    const failures = await Promise.all(
      [
        url.href.replace(url.password, 'not-the-password'),
        url.href.replace(/\w+$/, 'not_a_database'),
        `${url.href}?sslmode=require`,
        `${url.href}?sslmode=verify-full&sslrootcert=not-a-file.pem`,
        'postgres://ann:not-the-password@127.0.0.1:port/x',
        'postgres://ann:not-the-password@127.0.0.1:1/x',
        'postgresql://ann:not-the-password@not a host/x',
      ].map((wrong) => openStore(wrong).catch((error: Error) => error)),
    );
    const told = failures.map((error) => (error instanceof StoreUnavailableError ? error.message : String(error)));
    expect(told).toEqual([
      'the database does not respond: it refuses these credentials (28P01)',
      'the database does not respond: it has no such database (3D000)',
      'the database does not respond: it does not speak TLS',
      'the database does not respond: a file that its URL names cannot be read',
      'the database does not respond: its URL is not valid',
      'the database does not respond: ECONNREFUSED',
      expect.stringMatching(/^the database does not respond: (?:ENOTFOUND|EAI_AGAIN)$/),
    ]);
    const logged = lines.join('\n');
    expect(logged).toContain('store_unavailable');
    for (const secret of [url.password, url.host, database.url, bearer]) expect(logged).not.toContain(secret);
  });
});
