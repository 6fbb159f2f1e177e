/** Time that does not go back, as the clock of the machine may. */

/** Milliseconds since the epoch; and for durations, milliseconds of a clock that is never set. */
export interface Clocks {
  readonly now: () => number;
  readonly steady: () => number;
}

/** A time on both clocks. */
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

/** Smaller corrections of clocks are normal. */
const toleranceMs = 500;

/** Returns whether the clock was set back since the last call. Entries kept by that clock would appear to live longer. */
export function createSetBackWatch({ now, steady }: Clocks): () => boolean {
  let aheadMs = now() - steady();
  return () => {
    const nowAheadMs = now() - steady();
    const isSetBack = nowAheadMs < aheadMs - toleranceMs;
    aheadMs = isSetBack ? nowAheadMs : Math.max(aheadMs, nowAheadMs);
    return isSetBack;
  };
}
