/** Sessions and their tokens: who waits for a refresh, who makes it, and what an outage or a refusal of the provider changes. */
import { describe, expect, test } from 'vitest';
import type { NamedSessionSource } from '../../../../src/config/source-config.ts';
import type { StoredSession } from '../../../../src/identity/sessions/session-store.ts';
import { createSqliteSessionStore } from '../../../../src/identity/sessions/sqlite-session-store.ts';
import type { Refreshed } from '../../../../src/identity/sources/session/refreshed.ts';
import { createSessionSource } from '../../../../src/identity/sources/session/session-source.ts';
import { closedAfterEach } from '../../../support/closed-after-each.ts';

const running = closedAfterEach();
const tokenLifeMs = 60_000;

const rule = (path: string, optional: boolean) => ({ places: [{ path, steps: [path], split: null }], optional });
const provider = {
  name: 'corp',
  kind: 'session',
  issuer: 'https://id.example.test',
  client: { id: 'web', secret: 'secret' },
  scopes: ['openid'],
  timeoutMs: 1_000,
  maxClaimsAgeMs: null,
  tls: null,
  users: { source: 'corp', prefix: '', foreignPrefixes: [], roles: null },
  fields: {
    userId: rule('name', false),
    roles: rule('roles', true),
    groups: null,
    expireAt: null,
    sessionId: null,
    keyId: null,
    tokenId: null,
    issuedAt: null,
    authenticatedAt: null,
    alias: null,
    fullName: null,
    claims: [],
  },
} as unknown as NamedSessionSource;

async function world(refresh: (session: StoredSession) => Promise<Refreshed>, token: string | null = 'refresh-1') {
  let clockMs = 1_700_000_000_000;
  const now = () => clockMs;
  const store = createSqliteSessionStore({
    file: null,
    bounds: { maxIdleMs: 3_600_000, maxLifetimeMs: 86_400_000, maxPerPerson: 20, max: 100 },
    secret: 'a secret of the gateway with 32 characters',
    previousSecrets: [],
    onEvict() {},
    now,
  });
  running.push(store);
  const id = await store.open({
    provider: 'corp',
    issuer: provider.issuer,
    subject: 'ann',
    claims: { name: 'ann', roles: ['reader'] },
    providerSession: null,
    authenticatedAtMs: clockMs,
    openedAtMs: clockMs,
    transaction: 'sign-in-1',
    usedAtMs: clockMs,
    device: '',
    address: '',
    tokens: { access: 'a', id: null, refresh: token, expiresAtMs: clockMs + tokenLifeMs, receivedAtMs: clockMs },
  });
  let calls = 0;
  const make = () =>
    createSessionSource({
      accounts: null,
      providers: [provider],
      sessions: {
        store,
        maxLifetimeMs: 86_400_000,
        endOf: async () => [],
        refresh: (_, session) => {
          calls += 1;
          return refresh(session);
        },
      },
      events: { sourceCall() {}, claimUnreadable() {} } as never,
      now,
      steady: () => clockMs,
    });
  const [source, other] = [make(), make()];
  const check = (by = source) => by.check({ kind: 'session', id });
  return { check, source, other, store, id, now, calls: () => calls, later: (ms: number) => (clockMs += ms) };
}

const renewed = (nowMs: number): Refreshed => ({
  kind: 'signed-in',
  claims: { name: 'ann', roles: ['admin'] },
  tokens: { access: 'b', id: null, refresh: 'refresh-2', expiresAtMs: nowMs + tokenLifeMs, receivedAtMs: nowMs },
});

describe('a session', () => {
  test('is not refreshed in the first half of its token, and its result is kept until then at most', async () => {
    const { check, calls, later } = await world(async () => renewed(0));
    later(20_000);
    const result = await check();
    expect(result.identity).toMatchObject({ userId: 'ann', roles: ['reader'], kind: 'session' });
    expect(result.keepableMs).toBe(10_000);
    expect(calls()).toBe(0);
  });

  test('is refreshed in the second half by one process, while nobody waits', async () => {
    const held = Promise.withResolvers<Refreshed>();
    const { check, other, store, id, now, calls, later } = await world(() => held.promise);
    later(40_000);
    const results = await Promise.all([check(), check(), check(other), check(other)]);
    for (const { identity } of results) expect(identity).toMatchObject({ roles: ['reader'] });
    held.resolve(renewed(now()));
    await expect.poll(async () => (await store.find(id))?.tokens.refresh).toBe('refresh-2');
    // As old as its sign-in: a revocation of its user before the refresh still counts.
    expect((await check(other)).identity).toMatchObject({ roles: ['admin'], issuedAtMs: now() - 40_000 });
    expect(calls()).toBe(1);
  });

  test('waits for the refresh when its token has ended', async () => {
    const { check, now, later } = await world(async () => renewed(now()));
    later(tokenLifeMs + 1);
    expect((await check()).identity).toMatchObject({ roles: ['admin'] });
  });

  test('goes on to the end of its token when the provider refuses to refresh it, and then ends', async () => {
    const { check, store, id, later } = await world(async () => ({ kind: 'refused', detail: 'invalid_grant' }));
    later(40_000);
    expect((await check()).identity).toMatchObject({ userId: 'ann' });
    later(tokenLifeMs);
    expect(await check()).toMatchObject({ identity: null, reason: 'credential_rejected', rejection: 'expired' });
    expect(await store.find(id)).toBeNull();
  });

  test('is unavailable, and kept, while the provider is away after the end of its token', async () => {
    const { check, store, id, later } = await world(async () => ({ kind: 'unavailable', detail: 'no response' }));
    later(tokenLifeMs + 1);
    expect(await check()).toMatchObject({ identity: null, reason: 'auth_unavailable', failure: { source: 'corp' } });
    expect(await store.find(id)).not.toBeNull();
  });

  test.each<[string, (nowMs: number) => Refreshed]>([
    ['the new token of a process that was paused', renewed],
    ['the refusal of the token that another one has used', () => ({ kind: 'refused', detail: 'invalid_grant' })],
  ])('that another process has refreshed meanwhile is not ended by %s', async (_, late) => {
    const resumed = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let first = true;
    const { check, other, store, id, now, later } = await world(async () => {
      if (!first) return renewed(now());
      first = false;
      begun.resolve();
      await resumed.promise;
      return late(now());
    });
    later(tokenLifeMs + 1);
    const paused = check();
    await begun.promise;
    later(60_001);
    expect((await check(other)).identity).toMatchObject({ roles: ['admin'] });
    resumed.resolve();
    expect((await paused).identity).toMatchObject({ roles: ['admin'] });
    expect(await store.find(id)).toMatchObject({ tokens: { refresh: 'refresh-2' } });
  });

  test('without a refresh token lives to its own bounds', async () => {
    const { check, calls, later } = await world(async () => renewed(0), null);
    later(10 * tokenLifeMs);
    expect((await check()).identity).toMatchObject({ userId: 'ann' });
    expect(calls()).toBe(0);
  });

  test('gives a service its token while it is good, and waits for a new one afterwards', async () => {
    const { source, id, now, calls, later } = await world(async () => renewed(now()));
    expect(await source.tokens.of(id, 'access')).toEqual({ token: 'a' });
    expect(calls()).toBe(0);
    later(tokenLifeMs + 1);
    expect(await source.tokens.of(id, 'access')).toEqual({ token: 'b' });
    expect(calls()).toBe(1);
  });

  test.each(['access', 'id'] as const)(
    'ends with its %s token where a service needs it and there is no new one',
    async (which) => {
      const { source, store, id, later } = await world(async () => renewed(0), null);
      later(tokenLifeMs + 1);
      expect(await source.tokens.of(id, which)).toEqual({ token: null, reason: 'credential_rejected', failure: null });
      expect(await store.find(id)).toBeNull();
    },
  );

  test('gives no token, and is kept, while the provider is away after the end of the token', async () => {
    const { source, store, id, later } = await world(async () => ({ kind: 'unavailable', detail: 'no response' }));
    later(tokenLifeMs + 1);
    expect(await source.tokens.of(id, 'access')).toMatchObject({ token: null, reason: 'auth_unavailable' });
    expect(await store.find(id)).not.toBeNull();
  });

  test('of a store that does not respond is unavailable', async () => {
    const { check, other, source, store, id } = await world(async () => renewed(0));
    expect(await other.status()).toEqual({ reachable: true, failures: [] });
    running.splice(running.indexOf(store), 1);
    await store.close();
    expect(await check()).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(await source.tokens.of(id, 'access')).toMatchObject({
      reason: 'auth_unavailable',
      failure: { source: 'signIn' },
    });
    expect(await source.status()).toMatchObject({ reachable: false, failures: [{ source: 'signIn' }] });
  });

  test('that was revoked ends in the store', async () => {
    const { source, store, id } = await world(async () => renewed(0));
    source.revoked!({ kind: 'session', id });
    await expect.poll(() => store.find(id)).toBeNull();
  });
});
