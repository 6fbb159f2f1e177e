/**
 * Lets others look at decisions once they are made: a candidate of the rules, a record. They never hold up a request:
 * what they do comes after the turn in which it was decided, a part at a time, and what is too much is left out.
 */
import type { Credential } from '../core/credential/credential.ts';
import { decide, type Policy } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import type { Resolution, ResolveIdentity } from '../core/identity/identity.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { Decided } from '../policy-tools/shadow/decide-alike.ts';

export interface DecisionWatcher {
  /** Whether there is anything to do at all now. */
  readonly active: boolean;
  /** `policy`: that the request was decided by. */
  look(decided: Decided, policy: Policy): void;
  /** A decision was left out, because too many came at once. */
  missed(): void;
}

const mostWaiting = 1024;
/** Looked at in one turn of the event loop. */
const atOnce = 32;

export class AfterDecision {
  readonly #watchers: readonly DecisionWatcher[];
  readonly #waiting: { readonly decided: Decided; readonly policy: Policy }[] = [];
  #scheduled = false;

  constructor(watchers: readonly DecisionWatcher[]) {
    this.#watchers = watchers;
  }

  /** What decides requests by this policy. */
  decideBy(policy: Policy, resolve: ResolveIdentity): (view: RequestView) => Decision | Promise<Decision> {
    return (view) => this.decide(view, policy, resolve);
  }

  /** As `core/decide.ts`; active watchers are shown the decision afterwards. */
  decide(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
    if (!this.#watched()) return decide(view, policy, resolve);
    let credential: Credential | null = null;
    let resolution: Resolution | null = null;
    const decision = decide(view, policy, (asked, maxAgeMs, client) => {
      credential = asked;
      const answer = resolve(asked, maxAgeMs, client);
      if (!(answer instanceof Promise)) {
        resolution = answer;
        return answer;
      }
      return answer.then((settled) => {
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

  /** Asked for every request, so nothing is allocated. */
  #watched(): boolean {
    for (const watcher of this.#watchers) if (watcher.active) return true;
    return false;
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
      for (const { decided, policy } of this.#waiting.splice(0, atOnce)) this.#look(decided, policy);
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
