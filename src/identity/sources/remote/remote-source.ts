/**
 * A source that is called over HTTP: the first of its URLs, and the next ones if that fails. Every check has one deadline that includes the
 * wait for its turn and all attempts, and ends with an identity, a rejection, or the reason why neither is known.
 */
import type { RemoteConfig, SourceKind } from '../../../config/source-config.ts';
import type { Credential } from '../../../core/credential/credential.ts';
import { failureText, type SourceFailure } from '../../../core/identity/identity.ts';
import type { Clocks } from '../../clock.ts';
import type { IdentityEvents } from '../../events.ts';
import type { Source, SourceResult, SourceStatus } from '../source.ts';
import { type Checked, createEndpoint, type EndpointStatus, type Limited, type Protocol } from './endpoint.ts';
import { LimitedClients } from './limited-clients.ts';
import { createTurns } from './turns.ts';

export interface RemoteSourceOptions extends Clocks {
  readonly name: string;
  readonly kind: SourceKind;
  readonly config: RemoteConfig;
  readonly protocol: Protocol;
  /** As in `Source`; then it limits guesses, never this gateway as a whole. */
  readonly passesRightSecrets?: boolean;
  readonly events: SourceEvents;
}

export type SourceEvents = Pick<
  IdentityEvents,
  'sourceCall' | 'traceCall' | 'claimUnreadable' | 'breaker' | 'failover'
>;

export function createRemoteSource(options: RemoteSourceOptions): Source {
  const { name, kind, config, protocol, passesRightSecrets = false, events, now, steady } = options;
  const limitedClients = new LimitedClients();
  const turns = createTurns(config.concurrency);
  const endpoints = config.urls.map((url, index) =>
    createEndpoint({
      name,
      url,
      config,
      protocol,
      now,
      traceCall: events.traceCall,
      onState: (state, failure) => events.breaker(name, index, state, failure),
      onResult: (credential, result, seconds) => {
        const outcome = result.identity === null ? result.reason : 'accepted';
        events.sourceCall(name, credential, outcome, result.failure?.kind ?? null, seconds);
      },
    }),
  );
  /** Whether the last finished check found the source unreachable. */
  let failing = false;

  /** Each URL gets an equal share of the remaining time, so that an unresponsive one leaves time for the next. */
  async function askEach(credential: Credential, deadlineMs: number, limits: () => Limited): Promise<Checked | null> {
    let last: Checked | null = null;
    for (const [index, endpoint] of endpoints.entries()) {
      const leftMs = deadlineMs - performance.now();
      if (last !== null && leftMs < 1) break;
      const takers = endpoints.filter(({ closed }, at) => at > index && closed).length + 1;
      const checked = await endpoint.ask(credential, leftMs / takers, limits);
      if (checked === 'open') continue;
      if (index > 0) events.failover(name, index);
      if (!checked.elsewhere) return checked;
      last = checked;
    }
    return last;
  }

  async function probeEach(): Promise<SourceStatus> {
    const statuses: readonly EndpointStatus[] = await Promise.all(endpoints.map((endpoint) => endpoint.probe()));
    return {
      reachable: statuses.some(({ reachable }) => reachable),
      failures: statuses.flatMap(({ failure }) => (failure === null ? [] : [failure])),
    };
  }

  /** Every circuit breaker is open: the failure that opened the first is the cause. */
  function openFailure(): SourceFailure | null {
    const cause = endpoints.find(({ lastFailure }) => lastFailure !== null)?.lastFailure ?? null;
    return cause === null
      ? null
      : { ...cause, kind: 'breaker', detail: `the circuit breaker is open after ${failureText(cause)}` };
  }

  const busy = (outage: boolean | null, failure: SourceFailure | null): SourceResult => ({
    identity: null,
    reason: 'auth_busy',
    retryAfterS: null,
    failure,
    askedAtMs: now(),
    keepableMs: Number.POSITIVE_INFINITY,
    outage,
  });

  return {
    name,
    kind,
    unaware: false,
    passesRightSecrets,
    async check(credential, client, known = false) {
      const deadlineMs = performance.now() + config.timeoutMs;
      // An attacker could open the breaker for all: by guesses from many networks, or by exceeding the limit of a credential of its own.
      const limits = () => {
        if (!known || (passesRightSecrets && credential.kind === 'keyPair')) return 'client';
        return limitedClients.areMany(client, steady()) ? 'gateway' : 'known';
      };
      const checked = await turns.take(() => askEach(credential, deadlineMs, limits), deadlineMs, client);
      // Too many calls: an outage only if an outage caused them.
      if (checked === 'busy') return busy(failing ? true : null, null);
      if (checked === null) return busy(true, openFailure());
      failing = checked.outage ?? failing;
      // It does not limit everyone.
      if (checked.identity !== null || checked.reason === 'credential_rejected') limitedClients.clear();
      return checked;
    },
    status: createProbe(probeEach, steady),
    async close() {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    },
  };
}

/** How long a result is used. */
const freshMs = 1_000;

/** Creates the probe: `ask` is one bounded round of requests. Callers share the round in progress. `steady`: a clock that is never set. */
export function createProbe<T>(ask: () => Promise<T>, steady: () => number): () => Promise<T> {
  let latest: Promise<T> | null = null;
  let endedAtMs = Number.POSITIVE_INFINITY;

  return () => {
    // During a round its end is at infinity, so that every caller waits for it.
    if (latest !== null && steady() - endedAtMs < freshMs) return latest;
    endedAtMs = Number.POSITIVE_INFINITY;
    latest = ask().finally(() => {
      endedAtMs = steady();
    });
    return latest;
  };
}
