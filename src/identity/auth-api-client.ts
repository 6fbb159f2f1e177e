/**
 * Asks the Auth API who is behind a credential (`GET /session`, `GET /keypair`): the first of its URLs, and the next ones
 * when that one fails. Every check has one deadline that counts the wait for its turn and every URL that was tried, and
 * ends in an identity, a clear no, or a reason why nobody knows.
 */
import type { Credential } from '../core/credential/credential.ts';
import { type Judgment, noIdentity } from './auth-api-answer.ts';
import { type Answered, type AuthApiClientConfig, createEndpoint } from './auth-api-endpoint.ts';
import type { ExchangeFailure, HttpAnswer } from './auth-api-exchange.ts';
import { createProbe } from './auth-api-probe.ts';
import { createTurns } from './auth-api-turns.ts';
import type { IdentityEvents } from './events.ts';

export type { AuthApiClientConfig } from './auth-api-endpoint.ts';

export interface AuthApiClientOptions {
  readonly config: AuthApiClientConfig;
  readonly events: IdentityEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A judgment and the moment, in milliseconds since the epoch, when the question was sent. */
export type AuthApiVerdict = Judgment & {
  readonly askedAtMs: number;
  /** How long the answer lets itself be kept from then on; `Infinity`: it does not say. */
  readonly keepableMs: number;
  /** Whether the Auth API is out of reach, so that a verdict past its life may stand in for it; null: nothing was learned. */
  readonly outage: boolean | null;
};

export interface AuthApiClient {
  /** `client`: on whose behalf; left out: nobody in particular. Never rejects. */
  check(credential: Credential, client?: string): Promise<AuthApiVerdict>;
  /** Whether the Auth API answers at all. */
  ready(): Promise<boolean>;
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
      onAnswer: (kind, outcome, seconds) => events.authApiCall(kind, outcome, seconds),
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

  async function probeEach(): Promise<HttpAnswer | ExchangeFailure> {
    const results = await Promise.all(endpoints.map((endpoint) => endpoint.probe()));
    return results.find((result) => typeof result !== 'string') ?? results[0] ?? 'unreachable';
  }

  return {
    async check(credential, client) {
      const deadlineMs = performance.now() + config.timeoutMs;
      const answer = await turns.take(() => askEach(credential, deadlineMs), deadlineMs, client);
      // Too many calls: an outage only if they pile up because of one.
      if (answer === 'busy') return { ...unasked, askedAtMs: now(), outage: failing ? true : null };
      // Every breaker is open.
      if (answer === null) return { ...unasked, askedAtMs: now(), outage: true };
      failing = answer.outage ?? failing;
      return answer;
    },
    ready: createProbe(probeEach, now),
    async close() {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    },
  };
}

const unasked = { ...noIdentity('auth_busy'), keepableMs: Number.POSITIVE_INFINITY };
