/** Time that does not go back, as the clock of the machine may. */

/** Of the epoch, which the world agrees on; and since some moment, for durations, on a clock that is never set. In milliseconds. */
export interface Clocks {
  readonly now: () => number;
  readonly steady: () => number;
}

/** A moment on both. */
export interface Moment {
  readonly nowMs: number;
  readonly steadyMs: number;
}

export function momentOf({ now, steady }: Clocks): Moment {
  return { nowMs: now(), steadyMs: steady() };
}

/** The longer one: a clock that is set back makes nothing younger, and a machine that slept makes it older. */
export function elapsedMs({ nowMs, steadyMs }: Moment, { now, steady }: Clocks): number {
  return Math.max(now() - nowMs, steady() - steadyMs);
}

/** Clocks are corrected by less than that all the time. */
const toleranceMs = 500;

/** Says whether the clock was set back since it said so last. What was kept by it would seem to have longer to live. */
export function createSetBackWatch({ now, steady }: Clocks): () => boolean {
  let aheadMs = now() - steady();
  return () => {
    const nowAheadMs = now() - steady();
    const isSetBack = nowAheadMs < aheadMs - toleranceMs;
    aheadMs = isSetBack ? nowAheadMs : Math.max(aheadMs, nowAheadMs);
    return isSetBack;
  };
}
