import { expect, test } from 'vitest';
import { connectionsWithin, neededFiles, openFilesLimit } from '../../../src/app/open-files.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

const text = `version: 1
authApi: { url: "http://127.0.0.1:8081", concurrency: 99 }
upstreams: { orders: { targets: ["http://127.0.0.1:1", "http://127.0.0.1:2"], connections: 100, streams: 200 } }
routes: [{ id: it, match: { path: "/**" }, upstream: orders, access: public }]
`;

function configOf(more = ''): Config {
  const read = parseConfig(text + more, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return read.config;
}

test('every connection that the configuration allows needs a file', () => {
  // Clients, pools, streams, the Auth API, the admin port, and others.
  expect(neededFiles(configOf())).toBe(10_000 + 200 + 200 + 100 + 32 + 64);
});

test.each([
  ['enough', 10_596, 10_000],
  ['one less', 10_595, 9_999],
  ['those to services in full', 2_000, 1_404],
  ['half for each', 256, 80],
  ['almost nothing', 64, 1],
  ['no limit', Number.POSITIVE_INFINITY, 10_000],
])('%s: a limit of %d leaves %d connections of clients', (_, limit, connections) => {
  expect(connectionsWithin(configOf(), limit)).toBe(connections);
});

test('addresses for checks of other proxies need as many each, and share what there is', () => {
  const config = configOf(
    'authorizer: { listen: "127.0.0.1:9100", dialects: { nginx: /check }, grpc: { listen: "127.0.0.1:9101" } }\n',
  );
  expect(neededFiles(config)).toBe(3 * 10_000 + 200 + 200 + 100 + 32 + 64);
  expect(connectionsWithin(config, 2_000)).toBe(468);
  expect(connectionsWithin(config, 64)).toBe(1);
});

test('the limit of this process is known', () => expect(openFilesLimit()).toBeGreaterThan(100));
