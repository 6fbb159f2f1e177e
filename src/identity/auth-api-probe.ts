/** Whether the Auth API can be reached, asked without a credential and seldom, however often the question comes. */
import type { ExchangeFailure, HttpAnswer } from './auth-api-exchange.ts';

/** How long an answer is believed. */
const believedMs = 1_000;

/**
 * Makes the probe. `ask` is one bounded exchange; any complete HTTP answer, a refusal among them, shows that the Auth API
 * is there.
 */
export function createProbe(
  ask: () => Promise<HttpAnswer | ExchangeFailure>,
  now: () => number,
): () => Promise<boolean> {
  let latest: Promise<boolean> | null = null;
  let answeredAtMs = Number.POSITIVE_INFINITY;

  return () => {
    // While a probe is under way its end lies at infinity, so that everybody waits for that one.
    if (latest !== null && now() - answeredAtMs < believedMs) return latest;
    answeredAtMs = Number.POSITIVE_INFINITY;
    latest = ask().then((result) => {
      answeredAtMs = now();
      return typeof result !== 'string';
    });
    return latest;
  };
}
