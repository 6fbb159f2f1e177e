/** Creates the entrypoints for checks of other proxies: over HTTP, over gRPC, or both. */

import type { CheckRuntime } from '../authorizer/checks.ts';
import {
  type CheckServer,
  type CheckServerOptions,
  createHttpAuthorizer,
} from '../authorizer/create-http-authorizer.ts';
import type { AuthorizerConfig, Config } from '../config/config.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import type { ListenAddress } from '../http1/server/listen.ts';
import type { LoadShedder } from '../request-line/load-shedder.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import type { OpenTlsPort } from '../tls/tls-port.ts';
import { listenOn } from './listen-error.ts';

export interface AuthorizerPlace {
  readonly shared: boolean;
  /** Maximum number at each address. */
  readonly connections: number;
  readonly runtime: CheckRuntime;
  readonly trustedProxies: TrustedProxies;
  readonly deadlines: Deadlines;
  /** Of this process, for all of its entrypoints. */
  readonly shedder: LoadShedder;
  readonly openTlsPort: OpenTlsPort;
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
export interface OpenAuthorizer extends Omit<CheckServer, 'listen'> {
  readonly addresses: CheckAddresses;
}

/** At most one log line in this time about refused checks: a misconfigured proxy sends one for every request. */
const warnEveryMs = 10_000;

const why = {
  peer: 'a connection to the authorizer was closed: its address is not in "authorizer.peers"',
  secret: 'a check got no response: it does not have the secret of "authorizer.secret"',
} as const;

/** `addresses`: those of the configuration, or those that workers share. Rejects with `ListenError`. */
export async function openAuthorizer(
  config: Config,
  addresses: CheckAddresses,
  place: AuthorizerPlace,
): Promise<OpenAuthorizer> {
  const { authorizer: settings } = config;
  if (settings === null) throw new Error('this configuration has no "authorizer"');
  const options = optionsOf(config, settings, place);
  const opened: CheckServer[] = [];
  const listen = async (setting: string, address: ListenAddress, server: CheckServer) => {
    opened.push(server);
    return await listenOn(setting, address, () => server.listen(address));
  };
  let http: ListenAddress | null = null;
  let grpc: ListenAddress | null = null;
  try {
    if (addresses.http !== null)
      http = await listen('authorizer.listen', addresses.http, createHttpAuthorizer(options()));
    if (addresses.grpc !== null && settings.grpc !== null) {
      const { createGrpcAuthorizer } = await import('../authorizer/grpc/create-grpc-authorizer.ts');
      const server = createGrpcAuthorizer({ ...options(), grpc: settings.grpc, ready: place.ready });
      grpc = await listen('authorizer.grpc.listen', addresses.grpc, server);
    }
  } catch (error) {
    await Promise.all(opened.map((server) => server.drain(0)));
    throw error;
  }
  return {
    addresses: { http, grpc },
    use: (runtime, next) => opened.flatMap((server) => server.use(runtime, next)),
    drain: async (timeoutMs) => void (await Promise.all(opened.map((server) => server.drain(timeoutMs)))),
  };
}

function optionsOf({ server }: Config, settings: AuthorizerConfig, place: AuthorizerPlace): () => CheckServerOptions {
  const { telemetry, shared, connections, runtime, trustedProxies, deadlines, shedder, openTlsPort } = place;
  let warnedAt = Number.NEGATIVE_INFINITY;
  return () => ({
    shared,
    runtime,
    trustedProxies,
    deadlines,
    openTlsPort,
    settings,
    limits: { ...server.limits, connections },
    shedder,
    observe: telemetry.observe,
    turnedAway(cause, address) {
      const now = performance.now();
      if (now - warnedAt < warnEveryMs) return;
      warnedAt = now;
      telemetry.log.warn({ client: address }, why[cause]);
    },
  });
}
