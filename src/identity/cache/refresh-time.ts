/** When a verdict is to be looked at before its end: whether it is in use, and has to be asked for again. */
import type { Verdict } from '../verdict.ts';

/** Parts of the life after which a verdict comes up first: a span, so that those that begin together spread out. */
const earliest = 0.75;
const latest = 0.85;

/** Shorter waits are not worth a call: so near to its end a verdict is left to it. */
const leastMs = 100;

/** `random`: from 0 to 1. */
export function refreshFromMs({ askedAtMs, endMs }: Verdict, random: number): number {
  return askedAtMs + (endMs - askedAtMs) * (earliest + (latest - earliest) * random);
}

/** When to look again at one that was not in use, or whose refresh may fail: after half of what is left; null: not again. */
export function nextLookMs({ askedAtMs, endMs }: Verdict, nowMs: number): number | null {
  const leftMs = endMs - nowMs;
  return leftMs / 2 < Math.max(leastMs, (endMs - askedAtMs) / 50) ? null : nowMs + leftMs / 2;
}
