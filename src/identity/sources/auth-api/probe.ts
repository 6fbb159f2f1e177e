/** Whether the Auth API can be reached, requested without a credential and at most once a second. */

/** How long a result is used. */
const freshMs = 1_000;

/** Makes the probe: `ask` is one bounded round of requests. Callers share the round that is under way. */
export function createProbe<T>(ask: () => Promise<T>, now: () => number): () => Promise<T> {
  let latest: Promise<T> | null = null;
  let endedAtMs = Number.POSITIVE_INFINITY;

  return () => {
    // While a round is under way its end lies at infinity, so that everybody waits for that one.
    if (latest !== null && now() - endedAtMs < freshMs) return latest;
    endedAtMs = Number.POSITIVE_INFINITY;
    latest = ask().finally(() => {
      endedAtMs = now();
    });
    return latest;
  };
}
