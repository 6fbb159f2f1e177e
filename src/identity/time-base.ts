/**
 * What the times of cached entries are counted from. The engine keeps an integer of 32 bits in the object that it belongs
 * to, and any other number, such as milliseconds since the epoch, in an object of its own: more memory for each time, and
 * one more place to read for each hit.
 */
export interface TimeBase {
  readonly ms: number;
}

/** Half of what 31 bits hold, some twelve days: lives that long still fit. Times beyond are right as well, only larger. */
const longestMs = 2 ** 30;

/** The base that there is, if the time is not far from it; else a new one. Entries keep theirs. */
export function baseFor(timeMs: number, current: TimeBase): TimeBase {
  return Math.abs(timeMs - current.ms) < longestMs ? current : { ms: timeMs };
}
