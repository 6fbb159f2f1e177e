/**
 * A single flight of all replicas: the one that acquires the lease in Redis calls the Auth API; the others wait until its result is pushed
 * to them, and otherwise call it themselves. Redis is optional: any failure here leads to the replica's own call, at the latest when the
 * lease ends.
 */
import type { RedisLink, RedisScript, RunScript } from '../../redis/redis-link.ts';
import { maxEntryBytes } from '../cache/redis-entry.ts';
import { entryKey, leaseKey, waitersKey } from '../cache/redis-keys.ts';
import type { SharedLookUpOutcome } from '../events.ts';

export interface SharedSingleFlightOptions {
  readonly link: Pick<RedisLink, 'script'>;
  readonly keyPrefix: string;
  /** Unique to this process. */
  readonly replicaId: string;
  /** Life of a lease: longer than any call to the Auth API. */
  readonly leaseMs: number;
  /** Whether pushed results would arrive now. */
  readonly connected: () => boolean;
  /** `waitedS`: how long this replica waited for another one, or null if it did not. */
  readonly onOutcome: (outcome: SharedLookUpOutcome, waitedS: number | null) => void;
}

/** What this replica does next for a credential. */
export type Turn =
  /**
   * Call, and end the flight. `entry` is stored now, and may be usable; empty: none is known. Also the turn if Redis does not respond,
   * because it may have granted the lease.
   */
  | { readonly kind: 'lead'; readonly entry: Buffer; readonly end: ReleaseLease }
  /** These bytes come from another replica's call, and are not verified yet. */
  | { readonly kind: 'entry'; readonly entry: Buffer; readonly pushed: boolean }
  /** Call, only for this replica. */
  | { readonly kind: 'alone' };

/** Shares the entry, or notifies the waiters that there is none (null). Never rejects; false: Redis did not accept it. */
export type ReleaseLease = (entry: Buffer | null, lifeMs: number) => Promise<boolean>;

/** Channel on which a replica receives pushed results; the id comes last. */
export function replicaChannel(keyPrefix: string, replicaId: string): string {
  return `${keyPrefix}replica:${replicaId}`;
}

/** Keyed names are 32 bytes in base64url; a message is the name, and the entry or nothing. */
const lookupLength = 43;
const none = Buffer.alloc(0);
const alone: Turn = Object.freeze({ kind: 'alone' });
/** How long after its end a result may still arrive. */
const graceMs = 50;
const checkConnectionMs = 250;

type WaitOutcome = Extract<SharedLookUpOutcome, 'pushed' | 'failed' | 'late' | 'disconnected'>;

/** The wait for one pushed result, which may arrive before the wait is known to be needed. */
class Wait {
  readonly #onEnd: SharedSingleFlightOptions['onOutcome'];
  readonly #beganAtMs = performance.now();
  readonly #turn = Promise.withResolvers<Turn>();
  #outcome: WaitOutcome | null = null;

  constructor(onEnd: SharedSingleFlightOptions['onOutcome']) {
    this.#onEnd = onEnd;
  }

  end(outcome: WaitOutcome, entry: Buffer | null = null): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    this.#turn.resolve(entry === null ? alone : { kind: 'entry', entry, pushed: true });
  }

  async within(ms: number): Promise<Turn> {
    const timer = setTimeout(() => this.end('late'), ms);
    const turn = await this.#turn.promise;
    clearTimeout(timer);
    this.#onEnd(this.#outcome ?? 'late', (performance.now() - this.#beganAtMs) / 1000);
    return turn;
  }
}

export class SharedSingleFlight {
  readonly #options: SharedSingleFlightOptions;
  readonly #join: RunScript;
  readonly #end: RunScript;
  readonly #waits = new Map<string, Wait>();
  #leases = 0;
  #watch: NodeJS.Timeout | null = null;

  constructor(options: SharedSingleFlightOptions) {
    this.#options = options;
    this.#join = options.link.script(acquireLease);
    this.#end = options.link.script(releaseLease);
  }

  /**
   * Joins the flight for the credential with this keyed name, or begins it. `skipsEntry`: the stored entry is not
   * usable. Called once at a time per name. Never rejects.
   */
  async join(lookup: string, skipsEntry: boolean): Promise<Turn> {
    const { connected, onOutcome } = this.#options;
    if (!connected()) {
      onOutcome('alone', null);
      return alone;
    }
    // It may end on the other connection before this command has its reply.
    const wait = new Wait(onOutcome);
    this.#waits.set(lookup, wait);
    this.#watchConnection();
    try {
      const result = await this.#ask(lookup, skipsEntry);
      if (typeof result === 'number') return await wait.within(result + graceMs);
      onOutcome(result.kind === 'lead' ? 'led' : 'found', null);
      return result;
    } finally {
      this.#waits.delete(lookup);
    }
  }

  /** Receives a message of this replica's channel. */
  deliver(message: Buffer): void {
    if (message.length < lookupLength) return;
    const entry = message.subarray(lookupLength);
    const wait = this.#waits.get(message.toString('latin1', 0, lookupLength));
    if (entry.length === 0) wait?.end('failed');
    else wait?.end('pushed', entry);
  }

  /** Nothing more is pushed to this replica, so no request waits for it. */
  disconnected(): void {
    for (const wait of this.#waits.values()) wait.end('disconnected');
  }

  close(): void {
    this.disconnected();
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
  }

  /** A turn, or how long to wait for one in milliseconds. */
  async #ask(lookup: string, skipsEntry: boolean): Promise<Turn | number> {
    const { keyPrefix, replicaId, leaseMs, onOutcome } = this.#options;
    this.#leases += 1;
    const token = `${replicaId}:${this.#leases}`;
    const lead = (entry: Buffer): Turn => ({
      kind: 'lead',
      entry,
      end: (result, lifeMs) => this.#finish(lookup, token, result, lifeMs),
    });
    try {
      const parameters = [token, leaseMs, maxEntryBytes, replicaId, skipsEntry ? '1' : '0'];
      const reply = await this.#join(keysOf(keyPrefix, lookup), parameters);
      const [role, rest] = Array.isArray(reply) ? (reply as unknown[]) : [];
      // A forged lease could live for hours.
      if (typeof rest === 'number') return Math.min(Math.max(rest, 0), leaseMs);
      const entry = Buffer.isBuffer(rest) ? rest : none;
      return String(role) === 'entry' ? { kind: 'entry', entry, pushed: false } : lead(entry);
    } catch {
      onOutcome('error', null);
      return lead(none);
    }
  }

  /** A subscription can fail unnoticed; then no request should wait until the end of the lease. */
  #watchConnection(): void {
    this.#watch ??= setInterval(() => {
      if (!this.#options.connected()) this.disconnected();
      if (this.#waits.size > 0 || this.#watch === null) return;
      clearInterval(this.#watch);
      this.#watch = null;
    }, checkConnectionMs).unref();
  }

  async #finish(lookup: string, token: string, entry: Buffer | null, lifeMs: number): Promise<boolean> {
    const { keyPrefix } = this.#options;
    try {
      const parameters = [token, entry ?? '', Math.max(Math.ceil(lifeMs), 1), replicaChannel(keyPrefix, ''), lookup];
      await this.#end(keysOf(keyPrefix, lookup), parameters);
      return true;
    } catch {
      // Waiters notice when the lease ends.
      return false;
    }
  }
}

function keysOf(keyPrefix: string, lookup: string): [entry: string, lease: string, waiters: string] {
  return [entryKey(keyPrefix, lookup), leaseKey(keyPrefix, lookup), waitersKey(keyPrefix, lookup)];
}

/**
 * Both scripts touch the entry, the lease and the waiters of one credential, in this order, and nothing else: one hash slot of a Cluster.
 * This one takes the lease, or adds the replica to the waiters. Arguments: the token of the lease, its life in milliseconds, the last byte
 * of an entry to read, the id of the replica, and `1` if the stored entry must not be used. Returns `entry` and its bytes, `lead` and the
 * stored bytes, or `wait` and the milliseconds that the lease has left.
 */
export const acquireLease: RedisScript = {
  name: 'rolegateAcquireLease',
  keys: 3,
  lua: `
local entry = redis.call('GETRANGE', KEYS[1], 0, ARGV[3])
if entry ~= '' and ARGV[5] ~= '1' then return { 'entry', entry } end
if redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') then return { 'lead', entry } end
redis.call('SADD', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return { 'wait', redis.call('PTTL', KEYS[2]) }
`,
};

/**
 * Ends a flight: writes the entry, releases the lease and publishes the entry to the waiters. Arguments: the token of the lease, the entry
 * (empty: none), its life in milliseconds, the channel of a replica without its id, and the start of a message, which the entry follows. A
 * replica that has lost the lease publishes nothing, and writes only if there is no entry: the next holder may have called later. Returns
 * the number of waiters.
 */
export const releaseLease: RedisScript = {
  name: 'rolegateReleaseLease',
  keys: 3,
  lua: `
local held = redis.call('GET', KEYS[2]) == ARGV[1]
if ARGV[2] ~= '' and (held or redis.call('EXISTS', KEYS[1]) == 0) then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
if not held then return 0 end
local waiters = redis.call('SMEMBERS', KEYS[3])
redis.call('DEL', KEYS[2], KEYS[3])
for _, id in ipairs(waiters) do redis.call('PUBLISH', ARGV[4] .. id, ARGV[5] .. ARGV[2]) end
return #waiters
`,
};
