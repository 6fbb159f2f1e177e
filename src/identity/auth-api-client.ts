/**
 * Asks the Auth API who is behind a credential (`GET /session`, `GET /keypair`). Every call has a deadline that counts
 * the wait for its turn, and ends in an identity, a clear no, or a reason why nobody knows.
 */
import { Pool } from 'undici';
import type { RemoteAuthApiConfig } from '../config/config.ts';
import type { Credential } from '../core/credential/credential.ts';
import { type Judgment, judgeAnswer, noIdentity, type Unidentified } from './auth-api-answer.ts';
import { type ExchangeFailure, exchange, type HttpAnswer } from './auth-api-exchange.ts';
import { createGuard } from './auth-api-guard.ts';
import { createProbe } from './auth-api-probe.ts';
import type { IdentityEvents } from './events.ts';

/** Where the Auth API is and how it is asked; the embedded one is reached by its loopback address. */
export type AuthApiClientConfig = Omit<RemoteAuthApiConfig, 'kind'>;

export interface AuthApiClientOptions {
  readonly config: AuthApiClientConfig;
  readonly events: IdentityEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A judgment and the moment, in milliseconds since the epoch, when the question was sent. */
export type AuthApiVerdict = Judgment & { readonly askedAtMs: number };

export interface AuthApiClient {
  /** Never rejects. */
  check(credential: Credential): Promise<AuthApiVerdict>;
  /** Whether the Auth API answers at all. */
  ready(): Promise<boolean>;
  close(): Promise<void>;
}

export function createAuthApiClient({ config, events, now }: AuthApiClientOptions): AuthApiClient {
  const { timeoutMs, concurrency } = config;
  const base = new URL(config.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, {
    // One more than calls, so that a probe never waits behind them.
    connections: concurrency + 1,
    pipelining: 1,
    connectTimeout: timeoutMs,
    allowH2: false,
  });
  const guard = createGuard<GuardedVerdict>({
    concurrency,
    breaker: config.breaker,
    onState: (state) => events.breaker(state),
  });
  async function ask(credential: Credential, deadlineMs: number): Promise<GuardedVerdict> {
    const askedAtMs = now();
    const sentAtMs = performance.now();
    const [path, headers] = questionOf(credential, config);
    const result = await exchange(pool, prefix + path, headers, Math.max(deadlineMs - sentAtMs, 1));
    const judgment =
      typeof result === 'string' ? failures[result] : judgeAnswer(result, credential.kind, config.fields, now());
    const outcome = judgment.identity === null ? judgment.reason : 'accepted';
    events.authApiCall(credential.kind, outcome, (performance.now() - sentAtMs) / 1000);
    return { ...judgment, askedAtMs, outage: isOutage(result) };
  }

  return {
    async check(credential) {
      const deadlineMs = performance.now() + timeoutMs;
      const verdict = await guard.run(() => ask(credential, deadlineMs), deadlineMs);
      return verdict === 'busy' ? { ...noIdentity('auth_busy'), askedAtMs: now() } : verdict;
    },
    ready: createProbe(() => exchange(pool, prefix + config.paths.session, [], timeoutMs), now),
    close: () => pool.destroy(),
  };
}

type GuardedVerdict = AuthApiVerdict & { readonly outage: boolean };

function questionOf(
  credential: Credential,
  { paths, headers }: AuthApiClientConfig,
): [path: string, headers: string[]] {
  if (credential.kind === 'bearer') {
    return [paths.session, ['accept', 'application/json', 'authorization', `Bearer ${credential.token}`]];
  }
  const { apiKey, apiSecret } = credential;
  return [paths.keypair, ['accept', 'application/json', headers.apiKey, apiKey, headers.apiSecret, apiSecret]];
}

const failures: Readonly<Record<ExchangeFailure, Unidentified>> = {
  timeout: noIdentity('auth_timeout'),
  unreachable: noIdentity('auth_unavailable'),
  not_http: noIdentity('auth_answer_invalid'),
  oversize: noIdentity('auth_answer_invalid'),
  unsent: noIdentity('auth_unavailable'),
};

/**
 * Whether the breaker counts it. Answers below 500 never count: a client may be able to provoke them with the credential
 * it chose, and could lock everybody else out.
 */
function isOutage(result: HttpAnswer | ExchangeFailure): boolean {
  if (typeof result !== 'string') return result.status >= 500;
  return result !== 'oversize' && result !== 'unsent';
}
