/**
 * Asks the Auth API who is behind a credential (`GET /session`, `GET /keypair`): the first of its URLs, and the next ones
 * when that one fails. Every check has one deadline that counts the wait for its turn and every URL that was tried, and
 * ends in an identity, a clear no, or a reason why nobody knows.
 */
import type { Credential } from '../../../core/credential/credential.ts';
import type { SourceFailure } from '../../../core/identity/identity.ts';
import type { IdentityEvents } from '../../events.ts';
import {
  type Answered,
  type AuthApiClientConfig,
  type AuthApiResult,
  createEndpoint,
  type EndpointStatus,
} from './endpoint.ts';
import { createTurns } from './turns.ts';

export type { AuthApiClientConfig } from './endpoint.ts';

export interface AuthApiClientOptions {
  readonly config: AuthApiClientConfig;
  readonly events: IdentityEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Whether the Auth API can be reached at one of its URLs, and what is wrong at each of them. */
export interface AuthApiStatus {
  readonly reachable: boolean;
  readonly failures: readonly SourceFailure[];
}

export interface AuthApiClient {
  /** `client`: on whose behalf; left out: nobody in particular. Never rejects. */
  check(credential: Credential, client?: string): Promise<AuthApiResult>;
  /** Probes every URL, at most once a second. */
  status(): Promise<AuthApiStatus>;
  close(): Promise<void>;
}

export function createAuthApiClient({ config, events, now }: AuthApiClientOptions): AuthApiClient {
  events.authApiUrls(config.urls.length);
  const turns = createTurns(config.concurrency);
  const endpoints = config.urls.map((url, index) =>
    createEndpoint({
      url,
      config,
      now,
      onState: (state) => events.breaker(index, state),
      onAnswer: (kind, result, seconds) => {
        const outcome = result.identity === null ? result.reason : 'accepted';
        events.authApiCall(kind, outcome, result.failure?.kind ?? null, seconds);
      },
    }),
  );
  /** Whether the last check that came to its end found the Auth API out of reach. */
  let failing = false;

  /** Each URL gets an equal share of the time that is left, so that a silent one leaves some for the next. */
  async function askEach(credential: Credential, deadlineMs: number): Promise<Answered | null> {
    let answer: Answered | null = null;
    for (const [index, endpoint] of endpoints.entries()) {
      const leftMs = deadlineMs - performance.now();
      if (answer !== null && leftMs < 1) break;
      const takers = endpoints.filter(({ closed }, at) => at > index && closed).length + 1;
      const asked = await endpoint.ask(credential, leftMs / takers);
      if (asked === 'open') continue;
      if (index > 0) events.failover(index);
      if (!asked.elsewhere) return asked;
      answer = asked;
    }
    return answer;
  }

  async function probeEach(): Promise<AuthApiStatus> {
    const statuses: readonly EndpointStatus[] = await Promise.all(endpoints.map((endpoint) => endpoint.probe()));
    return {
      reachable: statuses.some(({ reachable }) => reachable),
      failures: statuses.flatMap(({ failure }) => (failure === null ? [] : [failure])),
    };
  }

  /** Every circuit breaker is open: what opened the first is the cause. */
  function openFailure(): SourceFailure | null {
    const cause = endpoints.find(({ lastFailure }) => lastFailure !== null)?.lastFailure ?? null;
    return cause === null
      ? null
      : { url: cause.url, kind: 'breaker', detail: `the circuit breaker is open after ${cause.kind}: ${cause.detail}` };
  }

  const busy = (outage: boolean | null, failure: SourceFailure | null): AuthApiResult => ({
    identity: null,
    reason: 'auth_busy',
    retryAfterS: null,
    failure,
    askedAtMs: now(),
    keepableMs: Number.POSITIVE_INFINITY,
    outage,
  });

  return {
    async check(credential, client) {
      const deadlineMs = performance.now() + config.timeoutMs;
      const answer = await turns.take(() => askEach(credential, deadlineMs), deadlineMs, client);
      // Too many calls: an outage only if they pile up because of one.
      if (answer === 'busy') return busy(failing ? true : null, null);
      if (answer === null) return busy(true, openFailure());
      failing = answer.outage ?? failing;
      return answer;
    },
    status: createProbe(probeEach, now),
    async close() {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    },
  };
}

/** How long a result is used. */
const freshMs = 1_000;

/** Makes the probe: `ask` is one bounded round of requests. Callers share the round that is under way. */
export function createProbe<T>(ask: () => Promise<T>, now: () => number): () => Promise<T> {
  let latest: Promise<T> | null = null;
  let endedAtMs = Number.POSITIVE_INFINITY;

  return () => {
    // While a round is under way its end lies at infinity, so that everybody waits for that one.
    if (latest !== null && now() - endedAtMs < freshMs) return latest;
    endedAtMs = Number.POSITIVE_INFINITY;
    latest = ask().finally(() => {
      endedAtMs = now();
    });
    return latest;
  };
}
