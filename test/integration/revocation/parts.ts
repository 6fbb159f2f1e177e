/**
 * Only the revocation part of gateways, with a real Redis, for cases that are hard to produce through a whole gateway.
 */
import { Redis } from 'ioredis';
import { expect, onTestFinished, vi } from 'vitest';
import type { RedisConfig } from '../../../src/config/config.ts';
import { createRevocations, type Revocations } from '../../../src/identity/revocation/create-revocations.ts';
import type { VerdictSubject } from '../../../src/identity/revocation/tombstones.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { type RecordedEvents, recordEvents } from '../../unit/identity/recorded-events.ts';

export const sessionId = '11111111-2222-4333-8444-000000000001';
export const subject: VerdictSubject = { lookups: ['a-name'], sessionId, keyId: null, userId: 'ann', issued: null };

export interface Part extends Revocations {
  readonly events: RecordedEvents;
  /** Whether a verdict on this session, looked up at that time, would be dropped. */
  drops(askedAtMs: number, foreign?: boolean): boolean;
  /** The same of an identity of that source: `issuer`, whose tokens are verified here, or `asked`. */
  dropsOf(source: 'issuer' | 'asked', askedAtMs: number, foreign?: boolean, issuedAtMs?: number): boolean;
  hears(yes: boolean): Promise<void>;
  /** Resolves once an event was recorded. */
  happened(line: string): Promise<void>;
}

/** Closed at the end of the test. */
export function startPart(port: number, keyPrefix: string, whileDisconnectedMs = 400): Part {
  return startPartOn(redisConfig(`redis://127.0.0.1:${port}`, keyPrefix, 500), whileDisconnectedMs);
}

/** `now`: its clock. */
export function startPartOn(config: RedisConfig, whileDisconnectedMs: number, now = Date.now): Part {
  const { keyPrefix } = config;
  const events = recordEvents();
  const link = connectRedis(config, { name: 'test' });
  const made = createRevocations({
    link,
    keyPrefix,
    whileDisconnectedMs,
    tombstoneLifeMs: 3_600_000,
    resultLifeMs: 60_000,
    issuers: new Map([
      ['issuer', 'https://issuer.test'],
      ['asked', null],
    ]),
    events,
    now,
  });
  onTestFinished(async () => {
    await made.close();
    link.close();
  });
  return {
    ...made,
    events,
    drops: (askedAtMs, foreign = false) => made.tombstones.revokes(subject, askedAtMs, foreign),
    dropsOf(acceptedBy, askedAtMs, foreign = false, issuedAtMs = Date.now() + 60_000) {
      const issued = { acceptedBy, tokenId: null, issuedAtMs };
      return made.tombstones.revokes({ ...subject, issued }, askedAtMs, foreign);
    },
    hears: (yes) => vi.waitFor(() => expect(made.connection.isConnected(Date.now())).toBe(yes), { timeout: 30_000 }),
    happened: (line) => vi.waitFor(() => expect(events.lines).toContain(line), { timeout: 10_000 }),
  };
}

/** A separate client for the test. */
export function redisClient(url: string): Redis {
  const client = new Redis(url);
  onTestFinished(() => client.disconnect());
  return client;
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
