/** The load of a process is visible in its metrics, also without an entrypoint for clients. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { createAuthorizer } from '../../../src/app/create-in-process.ts';
import { block } from '../../support/blocked-loop.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { sampleValue } from '../../unit/telemetry/prometheus-text.ts';

const limits = 'limits: { eventLoopLag: 40ms }';
const rules = `authApi: { url: "http://127.0.0.1:9" }
routes: [{ id: all, match: { path: "/**" }, access: public }]
log: { level: silent }
`;

async function deciding(authorizer: string): Promise<() => Promise<string>> {
  const gateway = await startGateway(`version: 1
server: { listen: false, admin: "127.0.0.1:0", ${limits} }
authorizer: { ${authorizer} }
${rules}`);
  onTestFinished(gateway.close);
  return gateway.metrics;
}

test.each([
  ['a gateway that only decides', () => deciding('listen: "127.0.0.1:0", dialects: { caddy: /caddy }')],
  ['a gateway that only decides over gRPC', () => deciding('grpc: { listen: "127.0.0.1:0" }')],
  [
    'an application',
    async () => {
      const authorizer = createAuthorizer({ text: `version: 1\nserver: { ${limits} }\n${rules}` }, { env: {} });
      onTestFinished(authorizer.close);
      return authorizer.metrics;
    },
  ],
] as const)(
  '%s shows that it has too little CPU time',
  async (_, start) => {
    const metrics = await start();
    const unblock = block(100);
    const read = async (name: string) => sampleValue(await metrics(), name);
    await vi.waitFor(async () => expect(await read('rolegate_shed_ratio')).toBeGreaterThan(0), 8_000);
    await vi.waitFor(async () => expect(await read('rolegate_event_loop_lag_seconds')).toBeGreaterThan(0.04), 8_000);
    expect(await read('rolegate_event_loop_busy_ratio')).toBeGreaterThan(0.95);
    unblock();
    await vi.waitFor(async () => expect(await read('rolegate_shed_ratio')).toBe(0), 8_000);
  },
  30_000,
);
