/**
 * How many calls replicas send to the Auth API, and how long a verdict outlives its credential: an event-based simulation of the
 * verdict cache. Every credential is simulated separately, because credentials do not affect each other while memory has room. A
 * call takes no time. The same seed gives the same result.
 */
import { drawFrom, type Random, shares } from './random.ts';

export interface World {
  readonly replicas: number;
  /** Replicas share verdicts through Redis. */
  readonly redis: boolean;
  readonly credentials: number;
  /** Requests per second, over all replicas. */
  readonly requestsPerSecond: number;
  /**
   * `random`: each request is sent to any replica. `hashed`: all requests with one credential are sent to the same replica, by a
   * consistent hash.
   */
  readonly balance: 'random' | 'hashed';
  /** One more replica joins at the start of the counted time. */
  readonly joins: boolean;
  /** 0: all credentials are used equally; 1: the n-th is used 1/n as often as the first. */
  readonly skew: number;
  /** `cache.accepted` in seconds, and `cache.refreshAhead`. */
  readonly acceptedS: number;
  readonly refreshAhead: boolean;
  /** Counted seconds, after a warm-up of twice the lifetime of verdicts. */
  readonly seconds: number;
  readonly seed: number;
}

export interface Load {
  readonly callsPerSecond: number;
  /** Share of all requests that wait for Redis or the Auth API. */
  readonly waitingShare: number;
  /** Share of all requests that reach the replica that joins. */
  readonly joinedShare: number;
  readonly requests: number;
}

/** As in `verdict.ts`, `memory-cache.ts` and `due-times.ts`. */
const jitter = 0.1;
const earliest = 0.75;
const latest = 0.85;
const minLeftS = 0.1;
const stepS = 0.1;

interface Verdict {
  readonly askedAt: number;
  readonly endsAt: number;
}

interface Held extends Verdict {
  used: boolean;
  /** When to check whether the verdict must be refreshed. */
  dueAt: number;
}

export function simulate(world: World): Load {
  const random = drawFrom(world.seed);
  const from = 2 * world.acceptedS;
  const until = from + world.seconds;
  let [calls, waiting, requests, joined] = [0, 0, 0, 0];
  for (const share of shares(world.credentials, world.skew)) {
    const one = new CredentialInUse(world, random);
    const rate = world.requestsPerSecond * share;
    const replicaAt = balancer(world, random);
    for (let at = random.exponential(rate); at < until; at += random.exponential(rate)) {
      const replica = replicaAt(at >= from);
      const [before, waits] = [one.calls, one.request(at, replica)];
      if (at < from) {
        // Refreshes since the last request count, too.
        one.calls = 0;
        continue;
      }
      requests += 1;
      if (waits) waiting += 1;
      if (replica === world.replicas) joined += 1;
      calls += one.calls - before;
    }
    const last = one.calls;
    one.advance(until);
    calls += one.calls - last;
  }
  const part = (count: number) => count / Math.max(1, requests);
  return { callsPerSecond: calls / world.seconds, waitingShare: part(waiting), joinedShare: part(joined), requests };
}

/** The replica for each request of one credential; `counted`: the joining replica is present. */
function balancer({ balance, joins, replicas }: World, random: Random): (counted: boolean) => number {
  const place = (count: number) => random.below(count);
  if (balance === 'random') return (counted) => place(counted && joins ? replicas + 1 : replicas);
  const own = place(replicas);
  // A consistent hash moves only the new replica's part.
  const moves = joins && place(replicas + 1) === replicas;
  return (counted) => (counted && moves ? replicas : own);
}

/**
 * How long replicas continue to accept a credential that ended at the Auth API without a revocation: seconds until the last
 * accepted request of any replica, one for each of `times` credentials in constant use.
 */
export function endedDelays(world: World, times: number, everyS: number): number[] {
  const random = drawFrom(world.seed);
  return Array.from({ length: times }, () => {
    const one = new CredentialInUse(world, random);
    const endsAt = 2 * world.acceptedS + random.fraction() * world.acceptedS;
    let last = endsAt;
    const begins = Array.from({ length: world.replicas }, () => random.fraction() * everyS);
    for (let at = 0; at < endsAt + 2 * world.acceptedS; at += everyS) {
      for (const [replica, begin] of begins.entries()) {
        if (at + begin >= endsAt && one.endedAt === null) one.end(at + begin);
        if (one.accepts(at + begin, replica)) last = Math.max(last, at + begin);
      }
    }
    return last - endsAt;
  });
}

class CredentialInUse {
  calls = 0;
  endedAt: number | null = null;
  readonly #world: World;
  readonly #random: Random;
  readonly #memory: (Held | null)[];
  #shared: Verdict | null = null;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#memory = Array.from({ length: world.replicas + (world.joins ? 1 : 0) }, () => null);
  }

  /** True: the request waits, because memory contains no verdict. */
  request(at: number, replica: number): boolean {
    this.advance(at);
    const held = this.#memory[replica] ?? null;
    if (held !== null && at < held.endsAt) {
      held.used = true;
      return false;
    }
    this.#lookUp(at, replica, Number.NEGATIVE_INFINITY);
    return true;
  }

  end(at: number): void {
    this.advance(at);
    this.endedAt = at;
  }

  accepts(at: number, replica: number): boolean {
    this.request(at, replica);
    const held = this.#memory[replica] ?? null;
    return held !== null && at < held.endsAt;
  }

  /** Processes everything that is due until then, in order of time. */
  advance(until: number): void {
    for (;;) {
      let next = -1;
      for (const [replica, held] of this.#memory.entries()) {
        if (held !== null && held.dueAt <= until && (next < 0 || held.dueAt < this.#memory[next]!.dueAt))
          next = replica;
      }
      if (next < 0) return;
      this.#due(this.#memory[next]!, next);
    }
  }

  #due(held: Held, replica: number): void {
    const at = held.dueAt;
    if (at >= held.endsAt) {
      this.#memory[replica] = null;
      return;
    }
    const left = held.endsAt - at;
    const again = left / 2 >= Math.max(minLeftS, (held.endsAt - held.askedAt) / 50);
    held.dueAt = step(Math.max(again ? at + left / 2 : held.endsAt, at + stepS));
    if (held.used && this.#world.refreshAhead) this.#lookUp(at, replica, held.askedAt);
  }

  /** `after`: a shared verdict must have been requested later than this. */
  #lookUp(at: number, replica: number, after: number): void {
    const { redis, acceptedS } = this.#world;
    const shared = this.#shared;
    if (redis && shared !== null && at < shared.endsAt && shared.askedAt > after) {
      this.#keep(replica, shared, at);
      return;
    }
    this.calls += 1;
    if (this.endedAt !== null) {
      this.#memory[replica] = null;
      this.#shared = null;
      return;
    }
    const verdict = { askedAt: at, endsAt: at + acceptedS * (1 - jitter * this.#random.fraction()) };
    if (redis) this.#shared = verdict;
    this.#keep(replica, verdict, at);
  }

  #keep(replica: number, { askedAt, endsAt }: Verdict, at: number): void {
    const part = earliest + (latest - earliest) * this.#random.fraction();
    const dueAt = step(Math.max(askedAt + (endsAt - askedAt) * part, at + stepS));
    this.#memory[replica] = { askedAt, endsAt, used: false, dueAt };
  }
}

/** The next step of the timer wheel. */
function step(at: number): number {
  return Math.ceil(at / stepS) * stepS;
}
