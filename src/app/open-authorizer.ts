/** Creates the entrypoints for checks of other proxies: over HTTP, over gRPC, or both. */

import type { Deciding } from '../authorizer/checks.ts';
import {
  type Authorizer,
  type AuthorizerOptions,
  createAuthorizer,
  type HttpLine,
} from '../authorizer/create-authorizer.ts';
import type { AuthorizerConfig, Config } from '../config/config.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import type { ListenAddress } from '../http1/server/listen.ts';
import { clientOf } from '../proxy/client.ts';
import { LoadShedder } from '../proxy/load-shedder.ts';
import { refuseConnection } from '../proxy/refuse-connection.ts';
import { RequestContext } from '../proxy/request-context.ts';
import { serve } from '../proxy/serve.ts';
import { withAssertion } from '../proxy/with-assertion.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { listenOn } from './listen-error.ts';

export interface AuthorizerPlace {
  readonly shared: boolean;
  /** Maximum number at each address. */
  readonly connections: number;
  readonly gateway: Deciding;
  readonly trustedProxies: TrustedProxies;
  readonly deadlines: Deadlines;
  readonly telemetry: Pick<Telemetry, 'observe' | 'log'>;
  /** Whether this process can serve checks. */
  ready(): Promise<boolean>;
}

/** Addresses for checks of other proxies; null: disabled. */
export interface CheckAddresses {
  readonly http: ListenAddress | null;
  readonly grpc: ListenAddress | null;
}

/** All entrypoints as one. */
export interface OpenAuthorizer extends Omit<Authorizer, 'listen'> {
  readonly addresses: CheckAddresses;
}

/** At most one log line in this time about refused checks: a misconfigured proxy sends one for every request. */
const warnEveryMs = 10_000;

const why = {
  peer: 'a connection to the authorizer was closed: its address is not in "authorizer.peers"',
  secret: 'a check got no response: it does not have the secret of "authorizer.secret"',
} as const;

const line: HttpLine = {
  serve,
  refuseConnection,
  clientOf,
  withAssertion,
  newContext: (host, request, response, peer) => new RequestContext(host, request, response, peer),
};

/** `addresses`: those of the configuration, or those that workers share. Rejects with `ListenError`. */
export async function openAuthorizer(
  config: Config,
  addresses: CheckAddresses,
  place: AuthorizerPlace,
): Promise<OpenAuthorizer> {
  const { authorizer: settings } = config;
  if (settings === null) throw new Error('no proxy asks by this configuration');
  const options = optionsOf(config, settings, place);
  const opened: Authorizer[] = [];
  const listen = async (setting: string, address: ListenAddress, made: Authorizer) => {
    opened.push(made);
    return await listenOn(setting, address, () => made.listen(address));
  };
  let http: ListenAddress | null = null;
  let grpc: ListenAddress | null = null;
  try {
    if (addresses.http !== null) http = await listen('authorizer.listen', addresses.http, createAuthorizer(options()));
    if (addresses.grpc !== null && settings.grpc !== null) {
      const { createGrpcAuthorizer } = await import('../authorizer/grpc/create-grpc-authorizer.ts');
      const made = createGrpcAuthorizer({ ...options(), grpc: settings.grpc, ready: place.ready });
      grpc = await listen('authorizer.grpc.listen', addresses.grpc, made);
    }
  } catch (error) {
    await Promise.all(opened.map((made) => made.drain(0)));
    throw error;
  }
  return {
    addresses: { http, grpc },
    use(gateway, next) {
      for (const made of opened) made.use(gateway, next);
    },
    drain: async (timeoutMs) => void (await Promise.all(opened.map((made) => made.drain(timeoutMs)))),
  };
}

function optionsOf({ server }: Config, settings: AuthorizerConfig, place: AuthorizerPlace): () => AuthorizerOptions {
  const { telemetry, shared, connections, gateway, trustedProxies, deadlines } = place;
  let warnedAt = Number.NEGATIVE_INFINITY;
  return () => ({
    shared,
    gateway,
    trustedProxies,
    deadlines,
    settings,
    limits: { ...server.limits, connections },
    line,
    shedder: new LoadShedder(server.limits.eventLoopLagMs),
    observe: telemetry.observe,
    turnedAway(cause, address) {
      const now = performance.now();
      if (now - warnedAt < warnEveryMs) return;
      warnedAt = now;
      telemetry.log.warn({ client: address }, why[cause]);
    },
  });
}
