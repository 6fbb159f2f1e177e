/**
 * Compares candidate rules on live traffic: different decisions are counted by route and reason, and the last cases are kept. It decides no
 * request, and makes no call to the Auth API.
 */
import type { Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import type { SessionSettings } from '../core/credential/credential.ts';
import type { Policy } from '../core/decide.ts';
import { type Comparison, compareDecisions, refusalOf } from '../policy-tools/shadow/compare-decisions.ts';
import { type Decided, decideAlike } from '../policy-tools/shadow/decide-alike.ts';
import { type ShadowDifference, ShadowRing } from '../policy-tools/shadow/shadow-ring.ts';
import type { ShadowEvents } from '../telemetry/metrics/decision-metrics.ts';

/** What the admin port shows; plain data. */
export interface ShadowReport {
  /** Null: there is no candidate. */
  readonly candidate: {
    /** ISO 8601: since when this one is compared. */
    readonly since: string;
    readonly routes: number;
    /** Its settings that affect decisions but are not compared. */
    readonly notCompared: readonly string[];
  } | null;
  /** Why the newest candidate is not compared; empty: it is. */
  readonly problems: readonly string[];
  /** Decisions of this candidate by how they compare, and how many were skipped. */
  readonly decisions: Readonly<Record<Comparison | 'skipped', number>>;
  /** The newest first. */
  readonly recent: readonly ShadowDifference[];
}

const maxProblems = 10;

/** Decisions that wait to be compared. */
const maxWaiting = 1024;
/** Maximum comparisons per turn of the event loop. */
const perTurn = 32;

export class ShadowCandidate {
  readonly #events: ShadowEvents;
  readonly #now: () => number;
  active = false;
  #policy: Policy | null = null;
  #since = 0;
  #notCompared: readonly string[] = [];
  #problems: readonly string[] = [];
  #decisions = noDecisions();
  #ring = new ShadowRing();
  readonly #waiting: Decided[] = [];

  constructor(events: ShadowEvents, now: () => number = Date.now) {
    this.#events = events;
    this.#now = now;
  }

  /** Resets the counts. `session`: how requests present a session to the running configuration. */
  use(
    { routes, credentials, roleMapping, via }: Config,
    session: SessionSettings | null,
    notCompared: readonly string[] = [],
  ): void {
    this.#policy = {
      routes,
      credentials: { ...credentials, session: credentials.session && session },
      roleMapping,
      via,
    };
    this.active = true;
    this.#notCompared = notCompared;
    this.#since = this.#now();
    this.#problems = [];
    this.#decisions = noDecisions();
    this.#ring = new ShadowRing();
  }

  /** The previous candidate, if any, is still compared. */
  refuse(problems: readonly ConfigProblem[]): void {
    this.#problems = problems.slice(0, maxProblems).map(({ file, line, message }) => `${file}:${line} ${message}`);
  }

  /** Compared after the turn of the request, a few at a time; too many at once are skipped. */
  look(decided: Decided): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#count('skipped');
      return;
    }
    if (this.#waiting.push(decided) === 1) setImmediate(() => this.#compareSome());
  }

  #compareSome(): void {
    for (const decided of this.#waiting.slice(0, perTurn)) {
      try {
        this.#compare(decided);
      } catch {
        // A fault here must not reach the traffic.
        this.#count('skipped');
      }
    }
    this.#waiting.splice(0, perTurn);
    if (this.#waiting.length > 0) setImmediate(() => this.#compareSome());
  }

  #compare(decided: Decided): void {
    if (this.#policy === null) return;
    const candidate = decideAlike(decided, this.#policy);
    const comparison = compareDecisions(decided.decision, candidate);
    this.#count(comparison);
    if (candidate === null || comparison === 'same' || comparison === 'undecided') return;
    const { decision } = decided;
    const route = decision.route?.id ?? candidate.route?.id ?? null;
    this.#events.differed(route, comparison, refusalOf(candidate) ?? refusalOf(decision));
    this.#ring.add(comparison, decided, candidate, this.#now());
  }

  report(): ShadowReport {
    const candidate =
      this.#policy === null
        ? null
        : {
            since: new Date(this.#since).toISOString(),
            routes: this.#policy.routes.routes.length,
            notCompared: this.#notCompared,
          };
    return { candidate, problems: this.#problems, decisions: { ...this.#decisions }, recent: this.#ring.entries() };
  }

  #count(comparison: Comparison | 'skipped'): void {
    this.#decisions[comparison] += 1;
    this.#events.compared(comparison);
  }
}

function noDecisions(): Record<Comparison | 'skipped', number> {
  return { same: 0, newly_allowed: 0, newly_refused: 0, other_reason: 0, other_route: 0, undecided: 0, skipped: 0 };
}
