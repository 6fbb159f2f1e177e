/** The requirements of every verdict store, whatever its implementation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credential } from '../../src/core/credential/credential.ts';
import { verdictOf } from '../../src/identity/lifetimes.ts';
import type { Verdict, VerdictStore } from '../../src/identity/verdict.ts';
import { bearer, identity, keyPair } from '../unit/identity/samples.ts';

export interface OpenStore {
  readonly store: VerdictStore;
  close(): Promise<void>;
}

const lifetimes = { acceptedMs: 30_000, rejectedMs: 5_000 };

/** Runs the suite; `open` creates an empty, working store. */
export function describeVerdictStore(name: string, open: () => Promise<OpenStore>): void {
  describe(`${name} as a verdict store`, () => {
    let opened: OpenStore;
    let nowMs: number;

    beforeEach(async () => {
      opened = await open();
      nowMs = Date.now();
    });

    afterEach(() => opened.close());

    async function find(credential: Credential, atMs = nowMs): Promise<Verdict | null> {
      const found = await opened.store.find(credential, atMs);
      return found === null ? null : { identity: found.identity, askedAtMs: found.askedAtMs, endMs: found.endMs };
    }

    const keyPairIdentity = identity({ kind: 'keyPair', sessionId: null, keyId: 'key-1' });
    it.each<[string, Credential, () => Verdict]>([
      ['an accepted bearer', bearer(), () => verdictOf(identity(), nowMs, lifetimes)],
      ['an accepted key pair', keyPair(), () => verdictOf(keyPairIdentity, nowMs, lifetimes)],
      ['a rejected bearer', bearer(), () => verdictOf(null, nowMs, lifetimes)],
      ['a rejected key pair', keyPair(), () => verdictOf(null, nowMs, lifetimes)],
      [
        'an identity that expires before its verdict would',
        bearer(),
        () => verdictOf(identity({ expireAtMs: nowMs + 2_000 }), nowMs, lifetimes),
      ],
      [
        'an identity without roles, groups and names',
        bearer(),
        () =>
          verdictOf(
            identity({ roles: [], groups: [], alias: null, fullName: null, sessionId: null }),
            nowMs,
            lifetimes,
          ),
      ],
      ['a verdict looked up a while ago', bearer(), () => verdictOf(identity(), nowMs - 10_000, lifetimes)],
    ])('returns %s', async (_, credential, make) => {
      const verdict = make();
      expect(await find(credential)).toBeNull();
      opened.store.keep(credential, verdict, nowMs);
      expect(await find(credential)).toEqual(verdict);
    });

    it('finds a verdict only by its exact credential', async () => {
      opened.store.keep(keyPair('ab', 'cd'), verdictOf(identity({ kind: 'keyPair' }), nowMs, lifetimes), nowMs);
      opened.store.keep(bearer('token'), verdictOf(identity(), nowMs, lifetimes), nowMs);
      for (const other of [
        keyPair('ab', 'ce'),
        keyPair('abc', 'd'),
        keyPair('cd', 'ab'),
        bearer('abcd'),
        bearer('2:abcd'),
        bearer('Token'),
        bearer('toke'),
        keyPair('token', ''),
      ]) {
        expect(await find(other), JSON.stringify(other)).toBeNull();
      }
    });

    it.each<[string, () => Verdict, number]>([
      ['accepted', () => verdictOf(identity(), nowMs, lifetimes), 30_000],
      ['rejected', () => verdictOf(null, nowMs, lifetimes), 5_000],
      [
        'accepted, of an expiring credential',
        () => verdictOf(identity({ expireAtMs: nowMs + 700 }), nowMs, lifetimes),
        700,
      ],
    ])('finds it until its end, and not at its end: %s', async (_, make, lifeMs) => {
      opened.store.keep(bearer(), make(), nowMs);
      expect(await find(bearer(), nowMs + lifeMs - 1)).not.toBeNull();
      expect(await find(bearer(), nowMs + lifeMs)).toBeNull();
    });

    it('does not keep expired verdicts', async () => {
      opened.store.keep(bearer(), verdictOf(identity(), nowMs - 30_000, lifetimes), nowMs);
      expect(await find(bearer())).toBeNull();
      expect(await find(bearer(), nowMs - 1)).toBeNull();
    });

    it('lets a later verdict replace an earlier one, in both directions', async () => {
      const yes = verdictOf(identity(), nowMs - 3, lifetimes);
      const no = verdictOf(null, nowMs - 2, lifetimes);
      const yesAgain = verdictOf(identity({ roles: ['admin'] }), nowMs - 1, lifetimes);
      for (const verdict of [yes, no, yesAgain]) {
        opened.store.keep(bearer(), verdict, nowMs);
        expect(await find(bearer())).toEqual(verdict);
      }
    });
  });
}
