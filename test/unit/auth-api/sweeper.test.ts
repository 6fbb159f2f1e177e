/** Sweeping in the background. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuthStore } from '../../../src/auth-api/store/auth-store.ts';
import { openSqliteStore } from '../../../src/auth-api/store/sqlite-store.ts';
import { startSweeper } from '../../../src/auth-api/store/sweeper.ts';

let store: AuthStore;
const count = 1_200;

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  const user = { id: randomUUID(), emailId: randomUUID(), email: 'ana@example.test', alias: 'ana', fullName: 'Ana' };
  await store.users.create({ ...user, roles: [], groups: [], createdAtMs: 0, verifyByMs: null }, null);
  for (let at = 0; at < count; at += 1) {
    const session = { id: randomUUID(), userId: user.id, emailId: null, bearerHash: String(at), ip: '', userAgent: '' };
    const times = { createdAtMs: 0, expireAtMs: 1_000, verifyByMs: 1_000 };
    await store.sessions.create({ ...session, ...times, openedBy: 'code' }, null);
  }
});

afterEach(() => store.close());

const rows = async () => (await store.sessions.page({ limit: 1, page: 1 }, 0)).total;

describe('startSweeper', () => {
  it('removes everything that has expired, in several batches, and keeps the rest', async () => {
    let nowMs = 999;
    const failed = vi.fn();
    const ended = vi.fn();
    const sweeper = startSweeper(store, { intervalMs: 5, now: () => nowMs, failed, ended });
    expect(await rows()).toBe(count);
    nowMs = 1_000;
    await vi.waitFor(async () => expect(await rows()).toBe(0));
    await sweeper.close();
    expect(failed).not.toHaveBeenCalled();
    expect(new Set(ended.mock.calls.map(([{ kind, id }]) => `${kind} ${id}`)).size).toBe(count);
  });

  it('reports a fault and continues', async () => {
    let faults = 0;
    const now = () => {
      if (faults < 2) throw new Error('the clock is broken');
      return 1_000;
    };
    const failed = () => {
      faults += 1;
    };
    const sweeper = startSweeper(store, { intervalMs: 5, now, failed });
    await vi.waitFor(async () => expect(await rows()).toBe(0));
    await sweeper.close();
    expect(faults).toBe(2);
  });

  it('does nothing once it is closed', async () => {
    const sweeper = startSweeper(store, { intervalMs: 5, now: () => 1_000, failed: () => {} });
    await sweeper.close();
    expect(await rows()).toBe(count);
  });
});
