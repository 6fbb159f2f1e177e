/** One URL of the Auth API: its connections, its circuit breaker, and one judged question to it. */
import { Pool } from 'undici';
import type { RemoteAuthApiConfig } from '../config/config.ts';
import type { Credential } from '../core/credential/credential.ts';
import { type Judgment, judgeAnswer, noIdentity, type Unidentified } from './auth-api-answer.ts';
import { createCircuit } from './auth-api-circuit.ts';
import { type ExchangeFailure, exchange, type HttpAnswer } from './auth-api-exchange.ts';
import { keepableMs } from './cache-control.ts';
import type { BreakerState } from './events.ts';

/** Where the Auth API is and how it is asked; the embedded one is reached by its loopback address. */
export type AuthApiClientConfig = Omit<RemoteAuthApiConfig, 'kind'>;

export interface EndpointOptions {
  readonly url: string;
  readonly config: AuthApiClientConfig;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onState: (state: BreakerState) => void;
  readonly onAnswer: (kind: Credential['kind'], outcome: 'accepted' | Unidentified['reason'], seconds: number) => void;
}

/** A judgment, the moment of the question in milliseconds since the epoch, and how long it may be kept from then on. */
export type Answered = Judgment & {
  readonly askedAtMs: number;
  /** `Infinity`: as long as the configuration says. */
  readonly keepableMs: number;
  /** Whether the breaker counts it against the service. */
  readonly failed: boolean;
  /** Whether another URL of the Auth API may know better. */
  readonly elsewhere: boolean;
  /** Whether the Auth API is out of reach, or talks nonsense; null: nothing was learned of it. */
  readonly outage: boolean | null;
};

export interface Endpoint {
  /** Whether its circuit breaker is closed. */
  readonly closed: boolean;
  /** Asks within `timeoutMs`; `open`: the circuit breaker does not let it. Never rejects. */
  ask(credential: Credential, timeoutMs: number): Promise<Answered | 'open'>;
  /** A bounded exchange without a credential. */
  probe(): Promise<HttpAnswer | ExchangeFailure>;
  close(): Promise<void>;
}

export function createEndpoint({ url, config, now, onState, onAnswer }: EndpointOptions): Endpoint {
  const { timeoutMs, concurrency } = config;
  const base = new URL(url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, {
    // One more than calls, so that a probe never waits behind them.
    connections: concurrency + 1,
    pipelining: 1,
    connectTimeout: timeoutMs,
    allowH2: false,
  });
  const circuit = createCircuit<Answered>({ breaker: config.breaker, onState });

  async function ask(credential: Credential, withinMs: number): Promise<Answered> {
    const askedAtMs = now();
    const sentAtMs = performance.now();
    const [path, headers] = questionOf(credential, config);
    const result = await exchange(pool, prefix + path, headers, Math.max(withinMs, 1));
    const judgment =
      typeof result === 'string' ? failures[result] : judgeAnswer(result, credential.kind, config.fields, now());
    onAnswer(credential.kind, judgment.identity === null ? judgment.reason : 'accepted', since(sentAtMs));
    const elsewhere = judgment.identity === null && result !== 'unsent' && !conclusive.has(judgment.reason);
    const honored = config.honorCacheControl && typeof result !== 'string';
    return {
      ...judgment,
      askedAtMs,
      keepableMs: honored ? keepableMs(result.headers) : Number.POSITIVE_INFINITY,
      failed: isFailure(result),
      elsewhere,
      outage: result === 'unsent' ? null : elsewhere && !isRefusal(result),
    };
  }

  return {
    get closed() {
      return circuit.closed;
    },
    ask: (credential, withinMs) => circuit.run(() => ask(credential, withinMs)),
    probe: () => exchange(pool, prefix + config.paths.session, [], timeoutMs),
    close: () => pool.destroy(),
  };
}

/** What one URL says for all of them: a clear no, and the wish for fewer calls. */
const conclusive: ReadonlySet<Unidentified['reason']> = new Set(['credential_rejected', 'auth_throttled']);

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
function isFailure(result: HttpAnswer | ExchangeFailure): boolean {
  if (typeof result !== 'string') return result.status >= 500;
  return result !== 'oversize' && result !== 'unsent';
}

/**
 * An Auth API that refuses the question is there, and may mean the credential: that is no yes, no clear no, and no reason
 * to believe what it said before.
 */
function isRefusal(result: HttpAnswer | ExchangeFailure): boolean {
  return typeof result !== 'string' && result.status >= 400 && result.status < 500;
}

function since(startedAtMs: number): number {
  return (performance.now() - startedAtMs) / 1000;
}
