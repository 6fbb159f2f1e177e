import { describe, expect, it } from 'vitest';
import { nextLookMs, refreshFromMs } from '../../../src/identity/cache/due-times.ts';
import { drawLifetimes } from '../../../src/identity/lifetimes.ts';

const lifetimes = { acceptedMs: 30_000, rejectedMs: 5_000 };
const forever = Number.POSITIVE_INFINITY;

describe('drawLifetimes', () => {
  it.each<[string, number, number, { acceptedMs: number; rejectedMs: number }]>([
    ['the configured life at most', 0, forever, lifetimes],
    ['a tenth less at least', 1, forever, { acceptedMs: 27_000, rejectedMs: 4_500 }],
    ['values in between otherwise', 0.5, forever, { acceptedMs: 28_500, rejectedMs: 4_750 }],
    ['no longer than the response may be cached', 0, 4_000, { acceptedMs: 4_000, rejectedMs: 4_000 }],
    ['never longer because of the response', 0, 3_600_000, lifetimes],
    ['zero when the response must not be cached', 0.5, 0, { acceptedMs: 0, rejectedMs: 0 }],
  ])('%s', (_, random, keepableMs, expected) => {
    expect(drawLifetimes(lifetimes, random, keepableMs)).toEqual(expected);
  });
});

describe('the time of a refresh', () => {
  const verdict = { identity: null, askedAtMs: 1_000_000, endMs: 1_010_000 };

  it('first falls between three quarters and 85 % of the life', () => {
    expect([0, 0.5, 1].map((random) => refreshFromMs(verdict, random))).toEqual([1_007_500, 1_008_000, 1_008_500]);
  });

  it('then follows after half of the remaining life, until too little is left', () => {
    const looks: number[] = [];
    for (let at: number | null = 1_008_000; at !== null; at = nextLookMs(verdict, at)) looks.push(at);
    expect(looks).toEqual([1_008_000, 1_009_000, 1_009_500, 1_009_750]);
  });
});
