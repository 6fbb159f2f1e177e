/** Notices a browser that is signed in again and again, because its session is not accepted where it goes: an endless circle of redirects. */
export interface RepeatedSignIns {
  /** Counts one; true: there were too many in a short time. */
  count(browser: string): boolean;
}

const windowMs = 60_000;
/** Ten tabs without script each sign in. */
const maxInWindow = 15;
const maxBrowsers = 10_000;

export function createRepeatedSignIns(now: () => number): RepeatedSignIns {
  const counts = new Map<string, { readonly sinceMs: number; signIns: number }>();
  return {
    count(browser) {
      const nowMs = now();
      const known = counts.get(browser);
      const counted = known !== undefined && nowMs - known.sinceMs < windowMs ? known : { sinceMs: nowMs, signIns: 0 };
      counted.signIns += 1;
      counts.delete(browser);
      counts.set(browser, counted);
      if (counts.size > maxBrowsers) counts.delete(counts.keys().next().value!);
      if (counted.signIns <= maxInWindow) return false;
      // "Try again" begins a new count.
      counts.delete(browser);
      return true;
    },
  };
}
