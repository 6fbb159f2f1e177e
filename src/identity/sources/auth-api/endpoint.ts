/** One URL of the Auth API: its connections, its circuit breaker, and one judged check of a credential. */
import { Pool } from 'undici';
import type { RemoteAuthApiConfig } from '../../../config/config.ts';
import type { Credential } from '../../../core/credential/credential.ts';
import type { Identity, SourceFailure, Unresolved } from '../../../core/identity/identity.ts';
import type { BreakerState } from '../../events.ts';
import { keepableMs } from './cache-control.ts';
import { createCircuit } from './circuit.ts';
import { exchange, type Failure, type HttpAnswer } from './exchange.ts';
import { judgeAnswer, unavailable } from './judge-response.ts';

/** Where the Auth API is and how it is asked; the embedded one is reached by its loopback address. */
export type AuthApiClientConfig = Omit<RemoteAuthApiConfig, 'kind' | 'gatewaySecret'>;

export interface EndpointOptions {
  readonly url: string;
  readonly config: AuthApiClientConfig;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onState: (state: BreakerState) => void;
  readonly onAnswer: (kind: Credential['kind'], answered: Answered, seconds: number) => void;
}

/** The result of a check, and from when on and for how long it holds. */
export type AuthApiResult = (
  | { readonly identity: Identity }
  | Pick<Unresolved, 'identity' | 'reason' | 'retryAfterS'>
) & {
  /** Why there is neither an identity nor a rejection; null: there is one of them, or too many checks are waiting. */
  readonly failure: SourceFailure | null;
  /** When it was sent, in milliseconds since the epoch. */
  readonly askedAtMs: number;
  /** How long the result may be kept from then on; `Infinity`: as long as the configuration says. */
  readonly keepableMs: number;
  /** Whether the Auth API is out of reach, so that an earlier result may stand in for it; null: nothing was learned. */
  readonly outage: boolean | null;
};

export type Answered = AuthApiResult & {
  /** Whether the breaker counts it against the service. */
  readonly failed: boolean;
  /** Whether another URL of the Auth API may know better. */
  readonly elsewhere: boolean;
};

/** The state of one URL, for the readiness report. */
export interface EndpointStatus {
  /** A request without a credential got a complete HTTP response. */
  readonly reachable: boolean;
  /** Why that request, or else the last check of a credential, gave no result. */
  readonly failure: SourceFailure | null;
}

export interface Endpoint {
  /** Whether its circuit breaker is closed. */
  readonly closed: boolean;
  /** Why the last check of a credential gave no result; null: it gave one. */
  readonly lastFailure: SourceFailure | null;
  /** Asks within `timeoutMs`; `open`: the circuit breaker does not let it. Never rejects. */
  ask(credential: Credential, timeoutMs: number): Promise<Answered | 'open'>;
  /** A bounded exchange without a credential. */
  probe(): Promise<EndpointStatus>;
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
  let lastFailure: SourceFailure | null = null;

  const failureAt = (path: string, failure: Failure): SourceFailure => ({
    url: base.origin + prefix + path,
    kind: failure.kind,
    detail: failure.detail,
  });

  async function ask(credential: Credential, withinMs: number): Promise<Answered> {
    const askedAtMs = now();
    const sentAtMs = performance.now();
    const [path, headers] = requestOf(credential, config);
    const result = await exchange(pool, prefix + path, headers, Math.max(withinMs, 1));
    const judgment = 'kind' in result ? judgeFailure(result) : judgeAnswer(result, credential.kind, config, now());
    const failure = judgment.identity !== null || judgment.failure === null ? null : failureAt(path, judgment.failure);
    const unsent = failure?.kind === 'request';
    const honored = config.honorCacheControl && 'status' in result;
    const answered: Answered = {
      ...judgment,
      failure,
      askedAtMs,
      keepableMs: honored ? keepableMs(result.headers) : Number.POSITIVE_INFINITY,
      failed: isFailure(result),
      elsewhere: failure !== null && !unsent,
      outage: unsent ? null : failure !== null && !isRefusal(result),
    };
    if (!unsent) lastFailure = failure;
    onAnswer(credential.kind, answered, (performance.now() - sentAtMs) / 1000);
    return answered;
  }

  return {
    get closed() {
      return circuit.closed;
    },
    get lastFailure() {
      return lastFailure;
    },
    ask: (credential, withinMs) => circuit.run(() => ask(credential, withinMs)),
    async probe() {
      const { session } = config.paths;
      const result = await exchange(pool, prefix + session, [], timeoutMs);
      if ('kind' in result) return { reachable: false, failure: failureAt(session, result) };
      return { reachable: true, failure: lastFailure };
    },
    close: () => pool.destroy(),
  };
}

function requestOf(credential: Credential, { paths, headers }: AuthApiClientConfig): [path: string, headers: string[]] {
  if (credential.kind === 'bearer') {
    return [paths.session, ['accept', 'application/json', 'authorization', `Bearer ${credential.token}`]];
  }
  const { apiKey, apiSecret } = credential;
  return [paths.keypair, ['accept', 'application/json', headers.apiKey, apiKey, headers.apiSecret, apiSecret]];
}

function judgeFailure(failure: Failure) {
  switch (failure.kind) {
    case 'timeout':
      return unavailable('auth_timeout', failure);
    case 'protocol':
    case 'body':
      return unavailable('auth_answer_invalid', failure);
    default:
      return unavailable('auth_unavailable', failure);
  }
}

/**
 * Whether the breaker counts it. Responses below 500 never count: a client may be able to provoke them with the credential
 * it chose, and could lock everybody else out.
 */
function isFailure(result: HttpAnswer | Failure): boolean {
  if ('status' in result) return result.status >= 500;
  return result.kind !== 'body' && result.kind !== 'request';
}

/**
 * An Auth API that refuses the request is there, and may mean the credential: that accepts and rejects nothing, and is no
 * reason to use an earlier result.
 */
function isRefusal(result: HttpAnswer | Failure): boolean {
  return 'status' in result && result.status >= 400 && result.status < 500;
}
