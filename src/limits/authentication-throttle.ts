/**
 * Bounds failed authentications of one client, and of one key id over all clients, so that credentials cannot be guessed at the speed of
 * the gateway and guesses do not occupy a source. It is used only on a miss, before the call to a source.
 *
 * - A check is charged before it is made; otherwise concurrent checks would all pass. Unless it fails, the charge is refunded.
 * - A credential that was accepted within a day is never throttled, regardless of its network. Replicas and later processes know it too.
 * - A credential that fails again is charged again, so that repeated guesses are not free, but at most ten times in a window: a program with
 *   a deleted token does not lock its network out. Its key is charged once, because a repeated secret guesses nothing.
 * - Beyond the bound a client has one turn a second, for the credential that has waited longest. A guesser can repeat guesses, but each of
 *   them has one turn at most, so clients that honor `Retry-After` get theirs. A key has a turn for each client that
 *   returns, so that guesses from elsewhere do not keep its owner out.
 */
import { createHmac, hkdfSync } from 'node:crypto';
import type { Credential } from '../core/credential/credential.ts';
import type { AttemptCounter } from './attempt-counter.ts';
import { AttemptWindows } from './memory-counter.ts';
import { RecentNames } from './recent-names.ts';
import { WaitingNames } from './waiting-names.ts';

export interface ThrottleOptions {
  readonly bounds: ThrottleBounds;
  readonly counter: AttemptCounter;
  /** Key of the counted names, the same for replicas that share the counter. */
  readonly secret: string | Uint8Array;
  /** Maximum remembered good credentials. */
  readonly maxGood: number;
  readonly events: ThrottleEvents;
  /** In milliseconds, on a clock that is never set: otherwise setting it back would prolong the throttle. */
  readonly now: () => number;
}

/** Failures within a window; 0: no bound. */
export interface ThrottleBounds {
  readonly perClient: number;
  readonly perKey: number;
  readonly windowMs: number;
}

export type ThrottledBy = 'client' | 'key';

export interface ThrottleEvents {
  /** A credential was refused without a call to its source. */
  throttled(by: ThrottledBy): void;
  /** Once per window: from now on, credentials of this client or key are throttled. `client` null: a key. */
  throttling(by: ThrottledBy, client: string | null): void;
}

/** Whether a source may be called. If so, `end` must receive its result. */
export type Admission =
  | { readonly retryAfterS: number }
  | { readonly retryAfterS: null; end(result: CheckResult): void };

/** `unknown`: the source was not called, or gave no result. */
export type CheckResult = 'accepted' | 'rejected' | 'unknown';

export interface AuthenticationThrottle {
  /** `name`: keyed name of the credential. `client` undefined: unknown client. Never rejects. */
  admit(name: string, credential: Credential, client: string | undefined): Promise<Admission>;
  /** Without room for a look-up: seconds to wait if it is throttled anyway, or null. */
  waitS(name: string, credential: Credential, client: string | undefined): number | null;
  /** The credential is good, by another replica's call. */
  accepted(name: string): void;
  /** Whether the credential is known to be good. */
  knows(name: string): boolean;
}

/** A subject whose failures are counted. */
interface Subject {
  readonly by: ThrottledBy;
  readonly client: string | null;
  readonly most: number;
  /** Keyed, so that the counter contains no address or key. */
  readonly key: string;
  /** Whose turns they are. */
  readonly turns: string;
}

const goodMs = 86_400_000;
const turnMs = 1_000;
/** Time for which a subject beyond its bound is not counted again. */
const restMs = 1_000;
/** Seconds to wait with a credential that already failed: it gets no turn. */
const failedWaitS = 60;
const maxNames = 10_000;
/** Failures of one credential in a window that its client is charged. */
const maxCharges = 10;

export function createAuthenticationThrottle(options: ThrottleOptions): AuthenticationThrottle {
  const { bounds, counter, events, now } = options;
  const key = new Uint8Array(hkdfSync('sha256', options.secret, '', 'rolegate failed authentications', 32));
  const good = new RecentNames(options.maxGood);
  const failed = new AttemptWindows(maxNames);
  const waiting = new WaitingNames(maxNames);
  /** Keys of subjects, kept briefly. */
  const beyond = new RecentNames(maxNames);
  /** Keys of subjects, until their window ends. */
  const announced = new RecentNames(maxNames);
  const takenTurns = new RecentNames(maxNames);

  const keyed = (text: string) => createHmac('sha256', key).update(text, 'utf16le').digest('base64url');

  function subject(by: ThrottledBy, id: string, most: number, client = ''): Subject {
    const named = keyed(`${by}:${id}`);
    const turns = by === 'client' ? named : keyed(`${by}:${client}\n${id}`);
    return { by, client: by === 'client' ? id : null, most, key: named, turns };
  }

  function subjectsOf(credential: Credential, client: string | undefined): Subject[] {
    const { perClient, perKey } = bounds;
    const subjects: Subject[] = [];
    if (client !== undefined && perClient > 0) subjects.push(subject('client', client, perClient));
    if (credential.kind === 'keyPair' && perKey > 0) subjects.push(subject('key', credential.apiKey, perKey, client));
    return subjects;
  }

  /** Whether one more is within the bound. If not, nothing is charged. */
  async function charge({ by, client, most, key }: Subject): Promise<boolean> {
    if (beyond.has(key, now())) return false;
    const { attempts, endsInMs } = await counter.add(by, key, bounds.windowMs);
    if (attempts <= most) return true;
    void counter.remove(by, key);
    const nowMs = now();
    beyond.add(key, nowMs + Math.min(restMs, endsInMs));
    if (announced.has(key, nowMs)) return false;
    announced.add(key, nowMs + endsInMs);
    events.throttling(by, client);
    return false;
  }

  function refund(charged: readonly Subject[]): void {
    for (const { by, key } of charged) void counter.remove(by, key);
  }

  /** Whether this or another process has accepted it, perhaps before this one started. */
  async function wasGood(name: string): Promise<boolean> {
    if ((await counter.attempts('good', keyed(`good:${name}`))) === 0) return false;
    good.add(name, now() + goodMs);
    return true;
  }

  /**
   * Whether the credential has a turn now. It waits in one line: its client's if that is throttled, otherwise that of its key for this client.
   * In two lines, two credentials could each be the first of one, and wait for each other forever.
   */
  async function takeTurn(name: string, subjects: readonly Subject[]): Promise<boolean> {
    const nowMs = now();
    const { by, turns } = subjects.find((one) => one.by === 'client') ?? subjects[0]!;
    // Guesses that are sent once, from any number of networks, get no turn of a key.
    const mustReturn = subjects.some((one) => one.by === 'key');
    if (!waiting.isNext(turns, name, nowMs, mustReturn) || takenTurns.has(turns, nowMs)) return false;
    const { attempts, endsInMs } = await counter.add(`turn ${by}`, `turn-${turns}`, turnMs);
    takenTurns.add(turns, now() + endsInMs);
    if (attempts > 1) return false;
    waiting.leave(turns, name);
    return true;
  }

  function admitted(name: string, charged: readonly Subject[]): Admission {
    return {
      retryAfterS: null,
      end(result) {
        const nowMs = now();
        const earlier = failed.attempts(name, nowMs);
        const isDue = ({ by }: Subject) => result === 'rejected' && earlier < (by === 'key' ? 1 : maxCharges);
        refund(charged.filter((one) => !isDue(one)));
        if (result === 'unknown') return;
        if (result === 'accepted') {
          failed.take(name);
          if (!good.has(name, nowMs)) void counter.add('good', keyed(`good:${name}`), goodMs);
          good.add(name, nowMs + goodMs);
        } else {
          if (good.has(name, nowMs)) void counter.forget('good', keyed(`good:${name}`));
          good.delete(name);
          failed.add(name, nowMs, bounds.windowMs);
        }
      },
    };
  }

  return {
    async admit(name, credential, client) {
      if (good.has(name, now())) return admitted(name, []);
      const subjects = subjectsOf(credential, client);
      const within = await Promise.all(subjects.map(charge));
      const charged = subjects.filter((_, at) => within[at] === true);
      if (charged.length === subjects.length) return admitted(name, charged);
      refund(charged);
      const throttled = subjects.filter((_, at) => within[at] !== true);
      const known = failed.attempts(name, now()) > 0;
      if (!known && (await wasGood(name))) return admitted(name, []);
      if (!known && (await takeTurn(name, throttled))) return admitted(name, []);
      events.throttled(throttled[0]!.by);
      return { retryAfterS: known ? failedWaitS : turnMs / 1000 };
    },
    waitS(name, credential, client) {
      const nowMs = now();
      if (good.has(name, nowMs)) return null;
      const throttled = subjectsOf(credential, client).find(({ key }) => announced.has(key, nowMs));
      if (throttled === undefined) return null;
      events.throttled(throttled.by);
      return turnMs / 1000;
    },
    accepted(name) {
      good.add(name, now() + goodMs);
    },
    knows: (name) => good.has(name, now()),
  };
}
