/** Counts requests to the Auth API in this process whose forwarded headers were not believed. */
import type { ForwardedIgnored } from '../auth-api/http/client-address.ts';
import type { Sample } from './exposition.ts';
import type { MetricKey } from './metrics-catalog.ts';

export class ForwardedTally {
  readonly #ignored: Record<ForwardedIgnored, number> = { untrusted_peer: 0, secret_wrong: 0 };

  readonly add = (reason: ForwardedIgnored): void => {
    this.#ignored[reason] += 1;
  };

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const samples = Object.entries(this.#ignored).map(([reason, value]) => ({ labels: [reason], value }));
    yield ['authForwardedIgnored', samples];
  }
}
