/**
 * Reports the first request whose peer names another client although `server.trustedProxies` does not list it. The header is ignored, as
 * any client could send it; but usually the peer is the operator's own proxy, and then all of its clients count as one.
 */
import type { PeerFacts } from '../core/forwarding/client-facts.ts';
import type { ForwardedSource } from '../core/forwarding/forwarded-header.ts';
import { isNamed } from '../core/syntax/header-fields.ts';

/** `header`: the one that was ignored. */
export type ReportIgnoredForwarding = (ignored: { readonly peer: string; readonly header: string }) => void;

export class IgnoredForwarding {
  readonly #report: ReportIgnoredForwarding;
  #reported = false;

  constructor(report: ReportIgnoredForwarding) {
    this.#report = report;
  }

  notice({ address, trusted }: PeerFacts, rawHeaders: readonly string[], source: ForwardedSource): void {
    if (this.#reported || trusted) return;
    const header = source === 'forwarded' ? 'forwarded' : 'x-forwarded-for';
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (!isNamed(rawHeaders[i]!, header)) continue;
      this.#reported = true;
      this.#report({ peer: address, header });
      return;
    }
  }
}
