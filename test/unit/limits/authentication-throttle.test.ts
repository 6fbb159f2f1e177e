/** Whether a source may be called, depending on earlier failures. */
import { describe, expect, test } from 'vitest';
import type { Credential } from '../../../src/core/credential/credential.ts';
import type { AttemptCounter } from '../../../src/limits/attempt-counter.ts';
import {
  type AuthenticationThrottle,
  type CheckResult,
  createAuthenticationThrottle,
  type ThrottleBounds,
} from '../../../src/limits/authentication-throttle.ts';
import { createMemoryCounter } from '../../../src/limits/memory-counter.ts';
import { heapInUse } from '../../support/heap-in-use.ts';

const bearer: Credential = { kind: 'bearer', token: 'any' };
const pairOf = (apiKey: string): Credential => ({ kind: 'keyPair', apiKey, apiSecret: 'any' });
const [office, home] = ['203.0.113.7', '198.51.100.9'];

interface Bench {
  readonly throttle: AuthenticationThrottle;
  /** Shared by replicas, and outlives them. */
  readonly counter: AttemptCounter;
  readonly clock: { nowMs: number };
  readonly lines: string[];
  /** Seconds to wait, or null: the credential was checked, with this result. */
  check(name: string, result: CheckResult, client?: string, credential?: Credential): Promise<number | null>;
}

function setUp(bounds: Partial<ThrottleBounds> = {}, earlier?: Bench): Bench {
  const clock = earlier?.clock ?? { nowMs: 1_000_000 };
  const lines: string[] = [];
  const now = () => clock.nowMs;
  const counter = earlier?.counter ?? createMemoryCounter(now);
  const throttle = createAuthenticationThrottle({
    bounds: { perClient: 3, perKey: 3, windowMs: 600_000, ...bounds },
    counter,
    secret: 'a secret of at least thirty-two characters',
    maxGood: 100_000,
    events: {
      throttled: (by) => lines.push(`throttled ${by}`),
      throttling: (by, client) => lines.push(`throttling ${by} ${client}`),
    },
    now,
  });
  return {
    throttle,
    counter,
    clock,
    lines,
    async check(name, result, client, credential = bearer) {
      const admission = await throttle.admit(name, credential, client);
      if (admission.retryAfterS === null) admission.end(result);
      return admission.retryAfterS;
    },
  };
}

/** Uses up the client's bound, and this second's single turn for new credentials. */
async function throttleOffice({ check }: Bench): Promise<void> {
  for (let at = 0; at < 4; at += 1) expect(await check(`guess ${at}`, 'rejected', office)).toBeNull();
  expect(await check('guess 4', 'rejected', office)).toBe(1);
}

describe('failures of a client', () => {
  test('limit it to one credential per second, and do not affect other clients', async () => {
    const bench = setUp();
    await throttleOffice(bench);
    const { check, clock, lines } = bench;
    expect(await check('guess 5', 'rejected', home)).toBeNull();
    expect(await check('guess 6', 'rejected', office)).toBe(1);
    // Those before it do not return.
    clock.nowMs += 5_000;
    expect(await check('guess 7', 'rejected', office)).toBeNull();
    expect(await check('guess 8', 'rejected', office)).toBe(1);
    expect(lines).toEqual([`throttling client ${office}`, ...new Array<string>(3).fill('throttled client')]);
  });

  test('end with the window', async () => {
    const bench = setUp();
    await throttleOffice(bench);
    bench.clock.nowMs += 600_000;
    for (let at = 0; at < 3; at += 1) expect(await bench.check(`later ${at}`, 'rejected', office)).toBeNull();
  });

  test('count while still pending, so concurrent ones cannot all get through', async () => {
    const { throttle } = setUp();
    const admissions = await Promise.all(
      Array.from({ length: 20 }, (_, at) => throttle.admit(`guess ${at}`, bearer, office)),
    );
    // Three within the bound, and the turn.
    expect(admissions.filter(({ retryAfterS }) => retryAfterS === null)).toHaveLength(4);
  });

  test('do not count when the source accepts, gives no result, or is not called', async () => {
    const { check } = setUp();
    for (let at = 0; at < 20; at += 1) {
      expect(await check(`good ${at}`, 'accepted', office)).toBeNull();
      expect(await check(`none ${at}`, 'unknown', office)).toBeNull();
    }
  });

  test('with the same credential count each time, and beyond the bound it is not checked', async () => {
    const { check, clock } = setUp();
    for (let at = 0; at < 3; at += 1) expect(await check('deleted', 'rejected', office)).toBeNull();
    expect(await check('deleted', 'rejected', office)).toBe(60);
    // Another one has the turn that it does not get.
    clock.nowMs += 5_000;
    expect(await check('new', 'accepted', office)).toBeNull();
  });

  test('with the same credential count ten times at most, and once for its key', async () => {
    const { check } = setUp({ perClient: 12, perKey: 3 });
    for (let at = 0; at < 50; at += 1) expect(await check('deleted', 'rejected', office)).toBeNull();
    for (let at = 0; at < 50; at += 1) {
      expect(await check('old secret', 'rejected', undefined, pairOf('key'))).toBeNull();
    }
    expect(await check('new secret', 'accepted', home, pairOf('key'))).toBeNull();
    for (let at = 0; at < 2; at += 1) expect(await check(`guess ${at}`, 'rejected', office)).toBeNull();
    expect(await check('deleted', 'rejected', office)).toBe(60);
  });

  test('with a once valid credential do not count: it expired and was not guessed', async () => {
    const { check } = setUp();
    for (let at = 0; at < 20; at += 1) {
      expect(await check(`ended ${at}`, 'accepted', office)).toBeNull();
      expect(await check(`ended ${at}`, 'rejected', office)).toBeNull();
    }
  });

  test('without a client do not count, except for their keys', async () => {
    const { check } = setUp();
    for (let at = 0; at < 20; at += 1) expect(await check(`guess ${at}`, 'rejected')).toBeNull();
    for (let at = 0; at < 4; at += 1) await check(`secret ${at}`, 'rejected', undefined, pairOf('key'));
    expect(await check('secret 4', 'rejected', undefined, pairOf('key'))).toBe(1);
  });

  test('are unbounded if the limit is 0', async () => {
    const { check } = setUp({ perClient: 0, perKey: 0 });
    for (let at = 0; at < 20; at += 1) expect(await check(`${at}`, 'rejected', office, pairOf('key'))).toBeNull();
  });
});

describe('failures with a key id', () => {
  test('count over all clients, and do not affect other keys', async () => {
    const { check, lines } = setUp();
    const clientOf = (at: number) => `10.0.0.${at}`;
    for (let at = 0; at < 3; at += 1) {
      expect(await check(`secret ${at}`, 'rejected', clientOf(at), pairOf('key'))).toBeNull();
    }
    expect(await check('secret 4', 'rejected', clientOf(4), pairOf('key'))).toBe(1);
    expect(await check('secret 5', 'accepted', clientOf(4), pairOf('another key'))).toBeNull();
    expect(lines).toEqual(['throttling key null', 'throttled key']);
  });

  test('throttled by the key do not count against the client', async () => {
    const { check } = setUp();
    for (let at = 0; at < 4; at += 1) await check(`secret ${at}`, 'rejected', `10.0.0.${at}`, pairOf('key'));
    for (let at = 4; at < 20; at += 1) await check(`secret ${at}`, 'rejected', office, pairOf('key'));
    for (let at = 0; at < 3; at += 1) expect(await check(`guess ${at}`, 'rejected', office)).toBeNull();
  });
});

describe('on a throttled network', () => {
  test('checks a previously accepted credential at once', async () => {
    const bench = setUp();
    const { check, throttle, clock } = bench;
    expect(await check('mine', 'accepted', office)).toBeNull();
    throttle.accepted('of another replica');
    await throttleOffice(bench);
    for (let at = 0; at < 20; at += 1) {
      expect(await check('mine', 'accepted', office)).toBeNull();
      expect(await check('of another replica', 'accepted', office)).toBeNull();
    }
    clock.nowMs += 86_400_000;
    await throttleOffice(bench);
    expect(await check('mine', 'accepted', office)).toBe(1);
  });

  /** Whether a good credential gets in within a minute, while each guess is sent so often, a second apart. */
  async function getsIn(bench: Bench, times: number, of: (name: string) => Promise<number | null>): Promise<boolean> {
    for (let second = 0; second < 60; second += 1) {
      for (let loop = 0; loop < 20; loop += 1) {
        // Not all loops begin a guess in the same second.
        const guess = `guess of ${loop} in ${Math.floor((second + loop) / times)}`;
        await bench.check(guess, 'rejected', office);
      }
      if ((await of('new sign-in')) === null) return true;
      bench.clock.nowMs += 1_000;
    }
    return false;
  }

  test.each([1, 2, 3, 60])(
    'gives a credential that keeps returning its turn, while guesses are sent %i times',
    async (times) => {
      const bench = setUp();
      await throttleOffice(bench);
      expect(await getsIn(bench, times, (name) => bench.check(name, 'accepted', office))).toBe(true);
    },
  );

  test('gives a turn beside two credentials that would each wait for the other: in the line of the client, and of a key', async () => {
    const bench = setUp();
    await throttleOffice(bench);
    const pair = pairOf('key');
    // The key is throttled only after the first of the two waits for its client.
    expect(await bench.check('one', 'rejected', office, pair)).toBe(1);
    for (let at = 0; at < 4; at += 1) await bench.check(`guess at home ${at}`, 'rejected', home, pair);
    expect(await bench.check('other', 'rejected', office, pair)).toBe(1);
    const repeated = async () => {
      await bench.check('other', 'rejected', office, pair);
      await bench.check('one', 'rejected', office, pair);
    };
    let inAfterS = 0;
    for (; inAfterS < 60; inAfterS += 1) {
      bench.clock.nowMs += 1_000;
      await repeated();
      if ((await bench.check('new sign-in', 'accepted', office)) === null) break;
    }
    expect(inAfterS).toBeLessThan(10);
  });

  test('gives the owner of a key a turn in its own network, while others guess the secret', async () => {
    const bench = setUp({ perClient: 0 });
    for (let at = 0; at < 4; at += 1) await bench.check(`guess ${at}`, 'rejected', office, pairOf('key'));
    expect(await bench.check('of the owner', 'accepted', home, pairOf('key'))).toBe(1);
    bench.clock.nowMs += 1_000;
    // Control: in the network of the guesses it waits for them.
    expect(await bench.check('guess 3', 'rejected', office, pairOf('key'))).toBeNull();
    expect(await bench.check('in the office', 'accepted', office, pairOf('key'))).toBe(1);
    expect(await bench.check('of the owner', 'accepted', home, pairOf('key'))).toBeNull();
  });

  test('gives the owner of a key a turn, while guesses from other networks use up all places that are shared', async () => {
    const bench = setUp({ perClient: 0 });
    const ofOwner = () => bench.check('of the owner', 'accepted', home, pairOf('key'));
    for (let at = 0; at < 3; at += 1) await bench.check(`first ${at}`, 'rejected', office, pairOf('key'));
    // Each second, one network after the other sends the same guesses again.
    const repeat = async (networks: number, each: number) => {
      for (let network = 0; network < networks; network += 1) {
        for (let at = 0; at < each; at += 1) {
          await bench.check(`guess ${network} ${at}`, 'rejected', `10.0.${network}.1`, pairOf('key'));
        }
      }
    };
    for (const [networks, each] of [
      [1, 11_000],
      [20, 600],
    ] as const) {
      await repeat(networks, each);
      expect(await ofOwner()).toBe(1);
      bench.clock.nowMs += 1_000;
      await repeat(networks, each);
      expect(await ofOwner()).toBeNull();
      // Forgotten, so that it is new again.
      bench.clock.nowMs += 86_400_000;
      for (let at = 0; at < 3; at += 1) await bench.check(`again ${at}`, 'rejected', office, pairOf('key'));
    }
  });

  test('knows what an earlier process has accepted, as long as it did not end', async () => {
    const earlier = setUp();
    for (const name of ['mine', 'ended']) expect(await earlier.check(name, 'accepted', office)).toBeNull();
    expect(await earlier.check('ended', 'rejected', office)).toBeNull();
    await throttleOffice(earlier);
    const later = setUp({}, earlier);
    for (let at = 0; at < 10; at += 1) expect(await later.check('mine', 'accepted', office)).toBeNull();
    expect(await later.check('ended', 'rejected', office)).toBe(1);
  });

  test('gives a failed credential no turn', async () => {
    const bench = setUp();
    await throttleOffice(bench);
    bench.clock.nowMs += 5_000;
    expect(await bench.check('guess 0', 'rejected', office)).toBe(60);
    expect(await bench.check('new sign-in', 'accepted', office)).toBeNull();
  });
});

test('a hundred thousand clients with one credential each use bounded memory', async () => {
  const { check } = setUp();
  const flood = async (from: number) => {
    for (let at = from; at < from + 100_000; at += 1) {
      const name = `${at}`.padStart(43, 'x');
      await check(name, 'rejected', `2001:db8:${at.toString(16)}::/64`, pairOf(`key ${at}`));
    }
  };
  await flood(0);
  const before = heapInUse();
  await flood(100_000);
  expect(heapInUse() - before).toBeLessThan(4 * 1024 * 1024);
}, 60_000);
