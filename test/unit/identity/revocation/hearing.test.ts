import { expect, test } from 'vitest';
import { Hearing } from '../../../../src/identity/revocation/hearing.ts';

test('a process that shares nothing always hears', () => {
  const hearing = new Hearing({ unhearingMs: 1_000, shared: false });
  hearing.lost();
  expect(hearing.hears(1e15)).toBe(true);
  expect(hearing.oldestMs(1e15)).toBe(Number.NEGATIVE_INFINITY);
  expect(hearing.hearingUntilMs).toBe(Number.POSITIVE_INFINITY);
});

test('one that shares hears nothing until it is proven', () => {
  const hearing = new Hearing({ unhearingMs: 1_000, shared: true });
  expect(hearing.hears(5_000)).toBe(false);
  expect(hearing.oldestMs(5_000)).toBe(4_000);
  hearing.heard(5_000);
  expect(hearing.oldestMs(5_999)).toBe(Number.NEGATIVE_INFINITY);
  expect(hearing.oldestMs(6_000)).toBe(5_000);
});

test('a proof lasts from the moment when the ping was sent, and never ends earlier by an older one', () => {
  const hearing = new Hearing({ unhearingMs: 1_000, shared: true });
  hearing.heard(5_250);
  hearing.heard(5_000);
  expect(hearing.hearingUntilMs).toBe(6_250);
});

test('what was lost is not proven anymore', () => {
  const hearing = new Hearing({ unhearingMs: 1_000, shared: true });
  hearing.heard(5_000);
  hearing.lost();
  expect(hearing.hears(5_001)).toBe(false);
  hearing.heard(5_002);
  expect(hearing.hears(5_003)).toBe(true);
});
