/**
 * What replicas ask the Auth API, and how long a verdict outlives its truth: a simulation of the verdict cache, event by
 * event. Every credential is simulated by itself, as they do not get into each other's way while there is room in memory;
 * a call takes no time. Same seed, same result.
 */
import { drawFrom, type Random, shares } from './random.ts';

export interface World {
  readonly replicas: number;
  /** Replicas share verdicts through Redis. */
  readonly redis: boolean;
  readonly credentials: number;
  /** Requests per second, over all replicas. */
  readonly requestsPerSecond: number;
  /** `random`: each goes to any replica. `hashed`: all with one credential go to the same one, by a consistent hash. */
  readonly balance: 'random' | 'hashed';
  /** One more replica takes part from the beginning of what is counted. */
  readonly joins: boolean;
  /** 0: every credential is used alike; 1: the n-th is used 1/n as often as the first. */
  readonly skew: number;
  /** `cache.accepted` in seconds, and `cache.refreshAhead`. */
  readonly acceptedS: number;
  readonly refreshAhead: boolean;
  /** Seconds that are counted, after as long as verdicts live twice. */
  readonly seconds: number;
  readonly seed: number;
}

export interface Load {
  readonly callsPerSecond: number;
  /** Of all requests, those that wait for Redis or the Auth API. */
  readonly waitingShare: number;
  /** Of all requests, those of the replica that joins. */
  readonly joinedShare: number;
  readonly requests: number;
}

/** As in `verdict.ts`, `memory-cache.ts` and `due-times.ts`. */
const jitter = 0.1;
const earliest = 0.75;
const latest = 0.85;
const leastLeftS = 0.1;
const stepS = 0.1;

interface Verdict {
  readonly askedAt: number;
  readonly endsAt: number;
}

interface Held extends Verdict {
  used: boolean;
  /** When it is looked at, to be asked for again. */
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
        // Refreshes since the last request count too.
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

/** Where requests of one credential go; `counted`: a replica that joins is there. */
function balancer({ balance, joins, replicas }: World, random: Random): (counted: boolean) => number {
  const place = (count: number) => random.below(count);
  if (balance === 'random') return (counted) => place(counted && joins ? replicas + 1 : replicas);
  const own = place(replicas);
  // A consistent hash moves to the new one its part, and nothing else.
  const moves = joins && place(replicas + 1) === replicas;
  return (counted) => (counted && moves ? replicas : own);
}

/**
 * How long replicas go on to accept a credential that ended at the Auth API without a revocation: seconds until the last
 * accepted request of any replica, one for each of `times` credentials that are in use all the time.
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

  /** True: the request waits, as memory has nothing. */
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

  /** Does what is due until then, in the order of time. */
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
    const again = left / 2 >= Math.max(leastLeftS, (held.endsAt - held.askedAt) / 50);
    held.dueAt = step(Math.max(again ? at + left / 2 : held.endsAt, at + stepS));
    if (held.used && this.#world.refreshAhead) this.#lookUp(at, replica, held.askedAt);
  }

  /** `after`: what was asked for then or before does not do. */
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

/** The next step of the wheel. */
function step(at: number): number {
  return Math.ceil(at / stepS) * stepS;
}
