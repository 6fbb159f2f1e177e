/** What a gateway decides with, in this process: its rules, its cache, its metrics, and no sockets of clients. */
import { AfterDecision } from '../../src/app/after-decision.ts';
import { createRuntime, type Runtime } from '../../src/app/create-runtime.ts';
import type { Config, RedisConfig } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';

function configOf(authApi: string, redis: string | null): Config {
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: false }
log: { level: silent }
authApi: { url: ${JSON.stringify(authApi)}, concurrency: 256 }
cache:
  secret: "a secret of the benchmark that is long enough"
  accepted: 1h
${redis === null ? '' : `  redis: { url: ${JSON.stringify(redis)}, keyPrefix: "bench:", timeout: 1s }\n`}roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`;
  const read = parseConfig(text, { file: 'bench.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return read.config;
}

/** How a gateway of this benchmark is connected to its Redis. */
export function redisOf(url: string): RedisConfig {
  const { redis } = configOf('http://127.0.0.1:9', url).cache;
  if (redis === null) throw new Error('there is no Redis in the configuration');
  return redis;
}

/** `redis`: its URL, or null for memory alone. */
export function startDeciding(authApi: string, redis: string | null): Runtime {
  const config = configOf(authApi, redis);
  const telemetry = createTelemetry({ log: config.log, version: 'bench' });
  telemetry.useRoutes(config.routes);
  const { identityEvents } = telemetry;
  return createRuntime(
    config,
    {
      authApiUrls: [authApi],
      identityEvents,
      healthEvents: telemetry,
      evict: () => null,
      decisions: new AfterDecision([]),
    },
    null,
  );
}

/** The view of a request as a door makes it: every text is cut anew out of received bytes. */
export function viewOf(path: string, bearer: string): RequestView {
  const received = Buffer.from(
    `GET|${path}|Host|api.example.test|User-Agent|client/1.0|Authorization|Bearer ${bearer}`,
  );
  const [method = '', target = '', ...rawHeaders] = received.toString('latin1').split('|');
  return { method, target, rawHeaders: rawHeaders.map(apart), httpVersion: '1.1' };
}

/** A text of its own rather than a slice of a longer one, as the parser hands it over. */
function apart(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Bearers that nobody used before. */
let serial = 0;
export function newBearers(count: number): string[] {
  return Array.from({ length: count }, () => {
    serial += 1;
    return `${process.pid}`.padStart(16, 'p') + `${Date.now()}`.padStart(24, 't') + `${serial}`.padStart(24, '0');
  });
}
