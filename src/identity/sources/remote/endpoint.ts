/** One URL of a source: its connections, its circuit breaker, and one evaluated check of a credential. */
import Pool from 'undici/lib/dispatcher/pool.js';
import type { RemoteConfig } from '../../../config/source-config.ts';
import type { Credential } from '../../../core/credential/credential.ts';
import type { SourceFailure } from '../../../core/identity/identity.ts';
import { tlsOptions } from '../../../http1/client/tls-options.ts';
import type { BreakerState, TraceCall } from '../../events.ts';
import type { SourceResult } from '../source.ts';
import { keepableMs } from './cache-control.ts';
import { createCircuit, maxOpenMs } from './circuit.ts';
import type { BrokenConnection, Failure, HttpRequest, HttpResponse } from './http-exchange.ts';
import { type Judgment, judgeFailure, limitsEveryone } from './judgment.ts';
import { tracedExchange } from './traced-exchange.ts';

/** How one kind of source is called. */
export interface Protocol {
  /** The request that checks a credential at this URL. */
  request(credential: Credential, base: URL): HttpRequest | Promise<HttpRequest>;
  judge(response: HttpResponse, credential: Credential, nowMs: number): Judgment;
  /** A request without a credential, which shows whether the source is reachable. */
  probe(base: URL): HttpRequest;
}

export interface EndpointOptions {
  /** Of the source. */
  readonly name: string;
  readonly url: string;
  readonly config: Omit<RemoteConfig, 'urls' | 'rejectedStatuses'>;
  readonly protocol: Protocol;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Unset: no call is traced. */
  readonly traceCall: TraceCall | undefined;
  readonly onState: (state: BreakerState, failure: SourceFailure | null) => void;
  readonly onResult: (kind: Credential['kind'], checked: Checked, seconds: number) => void;
}

/**
 * Whom a 429 limits: a client that may be guessing; a credential that was accepted before, by which its owner alone could provoke it; or
 * this gateway as a whole, which is an outage.
 */
export type Limited = 'client' | 'known' | 'gateway';

export type Checked = SourceResult & {
  /** Whether the breaker counts it against the service. */
  readonly failed: boolean;
  /** Seconds for which a service that failed asks to be left alone, or null. */
  readonly waitS: number | null;
  /** Whether another URL of the source may have a result. */
  readonly elsewhere: boolean;
};

/** The state of one URL, for the readiness report. */
export interface EndpointStatus {
  /** A request without a credential got a complete HTTP response. */
  readonly reachable: boolean;
  /** Why that request, or otherwise the last check of a credential, gave no result. */
  readonly failure: SourceFailure | null;
}

export interface Endpoint {
  /** Whether its circuit breaker is closed. */
  readonly closed: boolean;
  /** Why the last check of a credential gave no result; null: it gave one. */
  readonly lastFailure: SourceFailure | null;
  /**
   * Calls within `timeoutMs`; `open`: the circuit breaker is open. `limits`: whom a 429 limits. Never rejects.
   */
  ask(credential: Credential, timeoutMs: number, limits: () => Limited): Promise<Checked | 'open'>;
  /** A bounded exchange without a credential. */
  probe(): Promise<EndpointStatus>;
  close(): Promise<void>;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { name, url, config, protocol, now, onState, onResult, traceCall } = options;
  const { timeoutMs, concurrency } = config;
  const base = new URL(url);
  const pool = new Pool(base.origin, {
    // One more than calls, so that a probe never waits behind them.
    connections: concurrency + 1,
    pipelining: 1,
    allowH2: false,
    connect: { ...tlsOptions(config.tls), timeout: timeoutMs },
  });
  let lastFailure: SourceFailure | null = null;
  /** When it limited the gateway as a whole, and has given no result since; on a clock that is never set. */
  let limitedAt = Number.NEGATIVE_INFINITY;
  /** A little longer than the breaker can be open: the trial call may be a guess, whose 429 must not close it. */
  const limitedMs = Math.max(config.breaker.openMs, maxOpenMs) + 10_000;
  const circuit = createCircuit<Checked>({
    breaker: config.breaker,
    onState: (state) => onState(state, lastFailure),
  });
  const exchanging = { source: name, dispatcher: pool, traceCall };
  const exchange = (request: HttpRequest, withinMs: number) =>
    tracedExchange(exchanging, base.origin, request, withinMs);

  const failureAt = ({ path }: HttpRequest, { kind, detail }: Failure): SourceFailure => ({
    source: name,
    url: base.origin + path.split('?', 1)[0],
    kind,
    detail,
  });

  /** While it limits everyone, a 429 for a guess is part of that. Guesses alone never begin it. */
  function whom(limited: Limited): Limited {
    const nowMs = performance.now();
    if (limited === 'gateway') limitedAt = nowMs;
    return nowMs - limitedAt < limitedMs ? 'gateway' : limited;
  }

  async function ask(credential: Credential, withinMs: number, limits: () => Limited): Promise<Checked> {
    const askedAtMs = now();
    const sentAtMs = performance.now();
    const spentMs = () => performance.now() - sentAtMs;
    const request = await protocol.request(credential, base);
    let result = await exchange(request, Math.max(withinMs, 1));
    // An idle connection may be closed just as it is used again. A check changes nothing, so it may be repeated.
    if (isBroken(result)) {
      result = await exchange(await protocol.request(credential, base), Math.max(withinMs - spentMs(), 1));
    }
    const judged = 'kind' in result ? judgeFailure(result) : protocol.judge(result, credential, now());
    const isLimited = judged.identity === null && judged.reason === 'auth_throttled';
    const limited = isLimited ? whom(limits()) : null;
    if (!isLimited && !isFailure(result)) limitedAt = Number.NEGATIVE_INFINITY;
    const judgment =
      judged.identity !== null || limited === null || limited === 'client'
        ? judged
        : limitsEveryone(judged.retryAfterS);
    const wide = limited === 'gateway';
    const failed = wide || isFailure(result);
    const failure =
      judgment.identity !== null || judgment.failure === null ? null : failureAt(request, judgment.failure);
    const unsent = failure?.kind === 'request';
    const keepable = config.honorCacheControl && 'status' in result ? keepableMs(result.headers) : null;
    const checked: Checked = {
      ...judgment,
      failure,
      askedAtMs,
      keepableMs: keepable ?? Number.POSITIVE_INFINITY,
      failed,
      waitS: failed && judgment.identity === null ? judgment.retryAfterS : null,
      elsewhere: failure !== null && !unsent,
      outage: unsent ? null : failure !== null && (wide || !isRefusal(result)),
    };
    if (!unsent) lastFailure = failure;
    onResult(credential.kind, checked, spentMs() / 1000);
    return checked;
  }

  return {
    get closed() {
      return circuit.closed;
    },
    get lastFailure() {
      return lastFailure;
    },
    ask: (credential, withinMs, limits) => circuit.run(() => ask(credential, withinMs, limits)),
    async probe() {
      const request = protocol.probe(base);
      const result = await exchange(request, timeoutMs);
      if ('kind' in result) return { reachable: false, failure: failureAt(request, result) };
      return { reachable: true, failure: lastFailure };
    },
    close: () => pool.destroy(),
  };
}

function isBroken(result: HttpResponse | Failure | BrokenConnection): boolean {
  return 'broken' in result;
}

/**
 * Whether the breaker counts it by itself. Responses below 500 do not: a client may be able to provoke them with the credential
 * it chose, and could lock all others out.
 */
function isFailure(result: HttpResponse | Failure): boolean {
  if ('status' in result) return result.status >= 500;
  return result.kind !== 'body' && result.kind !== 'request';
}

/**
 * A source that refuses the request is reachable, and may refuse because of the credential: this neither accepts nor rejects, and an
 * earlier result must not be used.
 */
function isRefusal(result: HttpResponse | Failure): boolean {
  return 'status' in result && result.status >= 400 && result.status < 500;
}
