/** A configuration with ten thousand routes loads in seconds: no check compares every pair. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { cpuMs } from '../support/cpu-time.ts';

test('parses ten thousand routes in seconds', () => {
  const routes = Array.from(
    { length: 10_000 },
    (_, n) => `  - { id: r${n}, match: { path: "/orders${n}/{id}" }, upstream: orders, access: [user] }\n`,
  );
  const text = `version: 1
authApi: { url: "http://127.0.0.1:1" }
roles: { user: {} }
upstreams: { orders: { targets: ["http://127.0.0.1:2"] } }
routes:
${routes.join('')}`;
  const took = cpuMs(() => {
    const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    expect(read.ok && read.config.routes.routes.length).toBe(10_000);
  });
  expect(took).toBeLessThan(6000);
});
