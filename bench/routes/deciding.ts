/** What a gateway decides with, in this process: its rules, its cache, its metrics, and no sockets of clients. */
import { createRuntime, type Runtime } from '../../src/app/create-runtime.ts';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';

function configOf(authApi: string): Config {
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: false }
log: { level: silent }
authApi: { url: ${JSON.stringify(authApi)}, concurrency: 256 }
cache:
  secret: "a secret of the benchmark that is long enough"
  accepted: 1h
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`;
  const read = parseConfig(text, { file: 'bench.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return read.config;
}

export function startDeciding(authApi: string): Runtime {
  const config = configOf(authApi);
  const telemetry = createTelemetry({ log: config.log, version: 'bench' });
  telemetry.useRoutes(config.routes);
  const { identityEvents } = telemetry;
  return createRuntime(
    config,
    {
      authApi: { urls: [authApi], gatewaySecret: null },
      identityEvents,
      healthEvents: telemetry,
      keyEvents: { key() {}, shared() {}, alone() {} },
      evict: () => null,
    },
    null,
  );
}

/** Bearers that were not used before. */
let serial = 0;
export function newBearers(count: number): string[] {
  return Array.from({ length: count }, () => {
    serial += 1;
    return `${process.pid}`.padStart(16, 'p') + `${Date.now()}`.padStart(24, 't') + `${serial}`.padStart(24, '0');
  });
}
