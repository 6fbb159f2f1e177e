/** A whole installation: gateway replicas, their Auth API and service as processes, and a client. */
import { vi } from 'vitest';
import { type GatewayReplica, type ReplicaSettings, startEchoService, startReplica } from './gateway-replica.ts';
import { LoadClient } from './load-client.ts';
import { type SteeredAuthApi, startSteeredAuthApi } from './steered-auth-api.ts';

export interface InstallationOptions {
  /** Keys of `cache` of each replica. */
  readonly replicas: readonly (readonly string[])[];
  readonly serverKeys?: readonly string[];
  readonly authApiKeys?: readonly string[];
  readonly credentials?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Maximum connections of the client to each replica. */
  readonly connections: number;
}

export interface Installation {
  readonly authApi: SteeredAuthApi;
  readonly replicas: readonly GatewayReplica[];
  readonly client: LoadClient;
  /** Another replica of the same installation, unknown to the client. */
  join(cache: readonly string[]): Promise<GatewayReplica>;
  close(): Promise<void>;
}

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const [authApi, service] = await Promise.all([startSteeredAuthApi(), startEchoService()]);
  const { authApiKeys = [], credentials = [], serverKeys, env = {} } = options;
  const started: GatewayReplica[] = [];
  const join = async (cache: readonly string[]) => {
    const settings: ReplicaSettings = {
      authApi: authApi.url,
      service: service.port,
      cache,
      authApiKeys,
      credentials,
      env,
      ...(serverKeys === undefined ? {} : { serverKeys }),
    };
    const replica = await startReplica(settings);
    started.push(replica);
    return replica;
  };
  const replicas = await Promise.all(options.replicas.map(join));
  const client = new LoadClient(
    replicas.map(({ port }) => port),
    options.connections,
  );
  return {
    authApi,
    replicas,
    client,
    join,
    async close() {
      client.close();
      await Promise.all([authApi.close(), service.stop(), ...started.map((replica) => replica.stop())]);
    },
  };
}

/** A newly started replica makes its own calls until it is connected to the others; from now on all of them are. */
export async function untilAllHear(replicas: readonly GatewayReplica[]): Promise<void> {
  for (const replica of replicas) {
    await vi.waitFor(
      async () => {
        const hears = (await replica.metrics()).sum('rolegate_revocations_connected');
        if (hears !== 1) throw new Error('a replica does not hear the others');
      },
      { timeout: 20_000, interval: 50 },
    );
  }
}

/** The keys that connect a replica to a Redis. */
export function redisCache(url: string, keyPrefix: string, ...more: readonly string[]): string[] {
  return [`redis: { url: "${url}", keyPrefix: "${keyPrefix}" }`, ...more];
}

/** The same, with longer timeouts than the defaults: for commands that must reach Redis even on a stalled machine. */
export function patientRedisCache(url: string, keyPrefix: string, ...more: readonly string[]): string[] {
  return [`redis: { url: "${url}", keyPrefix: "${keyPrefix}", timeout: 5s }`, ...more];
}
