/**
 * Passes decisions to watchers: candidate rules, records. Watchers never delay a request: they run after the turn of the decision, a few
 * decisions at a time, and skip excess ones. Without an active watcher none of this runs.
 */
import type { Credential } from '../core/credential/credential.ts';
import { decide, type Policy } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import type { Resolution, ResolveIdentity } from '../core/identity/identity.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { Decided } from '../policy-tools/shadow/decide-alike.ts';

export interface DecisionWatcher {
  /** Whether there is anything to do now. */
  readonly active: boolean;
  /** `policy`: the one that decided the request. */
  look(decided: Decided, policy: Policy): void;
  /** A decision was skipped, because too many came at once. */
  missed(): void;
}

const mostWaiting = 1024;
/** Maximum decisions per turn of the event loop. */
const perTurn = 32;

export class AfterDecision {
  readonly #watchers: readonly DecisionWatcher[];
  readonly #waiting: { readonly decided: Decided; readonly policy: Policy }[] = [];
  #scheduled = false;

  constructor(watchers: readonly DecisionWatcher[]) {
    this.#watchers = watchers;
  }

  /** Decides requests, and shows the decisions; null: no watcher is active, so `core/decide.ts` is used directly. */
  decider(): typeof decide | null {
    if (!this.#watchers.some(({ active }) => active)) return null;
    return (view, policy, resolve) => this.#decide(view, policy, resolve);
  }

  #decide(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
    let credential: Credential | null = null;
    let resolution: Resolution | null = null;
    const decision = decide(view, policy, (asked, maxAgeMs, client) => {
      credential = asked;
      const found = resolve(asked, maxAgeMs, client);
      if (!(found instanceof Promise)) {
        resolution = found;
        return found;
      }
      return found.then((settled) => {
        resolution = settled;
        return settled;
      });
    });
    const keep = (settled: Decision) => this.#keep({ view, decision: settled, credential, resolution }, policy);
    // `decide` never rejects.
    if (decision instanceof Promise) void decision.then(keep);
    else keep(decision);
    return decision;
  }

  #keep(decided: Decided, policy: Policy): void {
    if (this.#waiting.length >= mostWaiting) {
      for (const watcher of this.#watchers) if (watcher.active) watcher.missed();
      return;
    }
    this.#waiting.push({ decided, policy });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const { decided, policy } of this.#waiting.splice(0, perTurn)) this.#look(decided, policy);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #look(decided: Decided, policy: Policy): void {
    for (const watcher of this.#watchers) {
      if (!watcher.active) continue;
      try {
        watcher.look(decided, policy);
      } catch {
        // A fault here must not reach the traffic.
        watcher.missed();
      }
    }
  }
}
