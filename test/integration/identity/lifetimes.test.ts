/** How long verdicts live: randomized, and as the Auth API's own responses require. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type FakeAuthApi, fakeSessionId, fakeUserId, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { bearer } from '../../unit/identity/samples.ts';
import { type Clock, makeResolver, type TestResolver } from '../../unit/identity/test-resolver.ts';

const any = Number.POSITIVE_INFINITY;
let api: FakeAuthApi;
let clock: Clock;

beforeEach(async () => {
  api = await startFakeAuthApi();
  onTestFinished(api.close);
  api.addSession(bearer().token);
  clock = { nowMs: Date.now() };
});

function resolver(honorCacheControl: boolean, random = 0): TestResolver {
  const made = makeResolver(api.url, clock, {}, { honorCacheControl }, () => random);
  onTestFinished(made.close);
  return made;
}

function says(status: number, headers: Readonly<Record<string, string | string[]>>): Promise<void> {
  const body = {
    sessionID: fakeSessionId,
    userID: fakeUserId,
    expireAt: 4_000_000_000,
    verified: true,
    roles: [],
    groups: [],
  };
  return api.behave({
    kind: 'answers',
    status,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

describe('the life of a verdict', () => {
  it.each<[string, number, number]>([
    ['the whole life at best', 0, 30_000],
    ['a twentieth shorter', 0.5, 28_500],
    ['at most a tenth shorter', 1, 27_000],
  ])('%s', async (_, random, expected) => {
    const one = resolver(false, random);
    await one.resolve(bearer(), any);
    clock.nowMs += expected - 1;
    expect(one.resolve(bearer(), any)).toMatchObject({ source: 'memory' });
    clock.nowMs += 1;
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
  });

  it.each<[string, number, Readonly<Record<string, string | string[]>>, boolean, number]>([
    ['max-age', 200, { 'cache-control': 'max-age=10' }, true, 10_000],
    ['s-maxage less the age', 200, { 'cache-control': 's-maxage=10, max-age=1', age: '4' }, true, 6_000],
    ['a rejection with max-age', 401, { 'cache-control': 'max-age=2' }, true, 2_000],
    ['longer than configured', 200, { 'cache-control': 'max-age=3600' }, true, 30_000],
    ['a rejection, longer than configured', 401, { 'cache-control': 'max-age=3600' }, true, 5_000],
    ['in two lines, the shorter', 200, { 'cache-control': ['max-age=10', 'max-age=20'] }, true, 10_000],
    ['the first of two ages', 200, { 'cache-control': 'max-age=10', age: ['4', '9'] }, true, 6_000],
    ['in two lines, not honored', 200, { 'cache-control': ['max-age=10', 'no-store'] }, false, 30_000],
    ['not honored', 200, { 'cache-control': 'no-store' }, false, 30_000],
  ])('follows the response: %s', async (_, status, headers, honored, expected) => {
    await says(status, headers);
    const one = resolver(honored);
    await one.resolve(bearer(), any);
    clock.nowMs += expected - 1;
    expect(one.resolve(bearer(), any)).toMatchObject({ source: 'memory' });
    clock.nowMs += 1;
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
    expect(api.calls.session).toBe(2);
  });

  it.each([
    ['no-store', 200],
    ['no-cache', 200],
    ['no-store', 401],
    ['max-age=0', 200],
    [['private', 'no-store'], 200],
    [['max-age=10', 'max-age=0'], 401],
  ])('is zero when the response has %s (%d)', async (directive, status) => {
    await says(status, { 'cache-control': directive });
    const one = resolver(true);
    const together = await Promise.all([one.resolve(bearer(), any), one.resolve(bearer(), any)]);
    expect(together.map(({ source }) => source)).toEqual(['auth-api', 'auth-api']);
    expect(api.calls.session).toBe(1);
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
    expect(one.stats()).toMatchObject({ accepted: 0, rejected: 0 });
  });

  it('ends an earlier verdict when the new one must not be cached', async () => {
    const one = resolver(true);
    await one.resolve(bearer(), any);
    await says(200, { 'cache-control': 'no-store' });
    clock.nowMs += 100;
    await one.resolve(bearer(), 50);
    expect(one.stats()).toMatchObject({ accepted: 0 });
  });
});
