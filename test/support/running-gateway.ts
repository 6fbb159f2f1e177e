/** The whole gateway in this process, as `rolegate serve` starts it, with its log captured. */
import { vi } from 'vitest';
import { createGateway } from '../../src/app/create-gateway.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

export type LogLine = Readonly<Record<string, unknown>>;

export interface RunningGateway {
  readonly origin: string;
  readonly port: number;
  /** Of every address for clients, in the order of `server.listen`. */
  readonly ports: readonly number[];
  /** Where other proxies send checks; 0: nowhere, or through a Unix socket. */
  readonly authorizerPort: number;
  /** The same over gRPC. */
  readonly grpcPort: number;
  /** Base URL of the admin port; throws if the configuration has none. */
  readonly admin: string;
  /** Everything logged so far, as written. */
  logText(): string;
  logLines(): LogLine[];
  metrics(): Promise<string>;
  /** Applies another configuration, as a reload does; throws if it is invalid. */
  apply(text: string): void;
  /** Evaluates another configuration in shadow; throws if it is invalid. */
  useCandidate(text: string): void;
  /** Codes sent by an embedded Auth API, newest last. */
  readonly codes: readonly { readonly code: string; readonly codeId: string }[];
  /** Safe to call twice. */
  close(): Promise<void>;
  /** Ends it as SIGTERM does. */
  terminate(): Promise<void>;
}

/** Throws with every problem of an invalid configuration. */
export async function startGateway(
  text: string,
  readSecret: (path: string) => string = () => '',
): Promise<RunningGateway> {
  const configOf = (written: string) => {
    const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret });
    if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
    return read.config;
  };
  let logged = '';
  const codes: { code: string; codeId: string }[] = [];
  const gateway = createGateway(configOf(text), {
    version: 'test',
    logTo: {
      write: (lines) => {
        logged += lines;
      },
    },
    onCode: ({ code, codeId }) => codes.push({ code, codeId }),
  });
  const { listen, listeners, checks, admin } = await gateway.start();
  const adminBase = () => {
    if (admin === null) throw new Error('no admin port');
    return `http://127.0.0.1:${admin.port}`;
  };
  return {
    origin: `http://127.0.0.1:${listen?.port}`,
    port: listen?.port ?? 0,
    ports: listeners.map(({ port }) => port),
    authorizerPort: checks.http?.port ?? 0,
    grpcPort: checks.grpc?.port ?? 0,
    get admin() {
      return adminBase();
    },
    logText: () => logged,
    logLines: () =>
      logged
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    metrics: async () => (await fetch(`${adminBase()}/metrics`)).text(),
    apply: (next) => gateway.apply(configOf(next)),
    useCandidate: (candidate) => gateway.useCandidate(configOf(candidate)),
    codes,
    close: () => gateway.close(),
    terminate: () => gateway.close(true),
  };
}

/**
 * From here on the process is connected to revocations, and its own are delivered. `metrics`: the text of its metrics.
 */
export async function untilConnected(metrics: () => Promise<string>): Promise<void> {
  await vi.waitUntil(async () => /^rolegate_revocations_connected 1$/m.test(await metrics()), { timeout: 15_000 });
}
