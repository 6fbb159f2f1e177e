/**
 * The cluster of docs/guides/envoy-fleet.md in a running Envoy: all checks of one credential go to one authorizer, and the credentials
 * spread over all of them.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../src/config/parse-config.ts';
import { startFakeAuthApi } from '../support/fake-auth-api.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { requireProduct, startAskingProxy } from './support/asking-proxy.ts';

type Cluster = Record<string, unknown> & { readonly name: string };

const shown = blocksOf(readFileSync('docs/guides/envoy-fleet.md', 'utf8')).find(({ text }) =>
  text.includes('lb_policy: RING_HASH'),
)!;
const { lb_policy, typed_extension_protocol_options } = parse(shown.text) as Cluster;

/** An odd number: when authorizers take turns, each token goes to the other one the next time. */
const tokens = Array.from({ length: 25 }, (_, n) => `token-${n}`);

/** Sends each token four times. Resolves with the authorizers (0, 1) that decided each, by token. */
async function authorizersOf(balancing: object): Promise<Map<string, Set<number>>> {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  for (const token of tokens) authApi.addSession(token, { userId: token, roles: ['user'] });
  const service = await startRecordingUpstream();
  onTestFinished(() => service.close());
  const text = `
version: 1
server: { listen: false, admin: false }
authorizer: { listen: "127.0.0.1:0", dialects: { envoy: /envoy } }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {} }
routes: [{ id: api, match: { path: "/api/**" }, access: [user] }]
`;
  const gateways: RunningGateway[] = [];
  for (const _ of [0, 1]) {
    const gateway = await startGateway(text);
    onTestFinished(() => gateway.close());
    gateways.push(gateway);
  }
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const places = { service: service.origin, ports: gateways[0]! };
  const envoy = await startAskingProxy('envoy', read.config, places, (printed) => {
    const document = parse(printed) as { static_resources: { clusters: Cluster[] } };
    const cluster = document.static_resources.clusters.find(({ name }) => name === 'rolegate')!;
    const endpoints = gateways.map(({ authorizerPort }) => ({
      endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: authorizerPort } } },
    }));
    Object.assign(cluster, balancing, {
      load_assignment: { cluster_name: 'rolegate', endpoints: [{ lb_endpoints: endpoints }] },
    });
    return stringify(document, { aliasDuplicateObjects: false });
  });
  onTestFinished(() => envoy.stop());
  for (let n = 0; n < 4; n += 1) {
    for (const token of tokens) {
      const request = `GET /api/x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      expect((await sendRaw(envoy.port, request)).status).toBe(200);
    }
  }
  const decided = () =>
    gateways.map((gateway) => gateway.logLines().filter(({ entrypoint }) => entrypoint === 'authorizer'));
  await vi.waitFor(() => expect(decided().flat()).toHaveLength(4 * tokens.length));
  const found = new Map<string, Set<number>>();
  for (const [at, lines] of decided().entries()) {
    for (const { userId } of lines) found.set(String(userId), (found.get(String(userId)) ?? new Set()).add(at));
  }
  return found;
}

describe('envoy', () => {
  beforeAll(() => requireProduct('envoy'));

  test('with the cluster of the page, each credential has one authorizer, and both have some', async () => {
    const found = await authorizersOf({ lb_policy, typed_extension_protocol_options });
    expect(found.size).toBe(tokens.length);
    expect([...found.values()].filter(({ size }) => size > 1)).toEqual([]);
    expect(new Set([...found.values()].flatMap((all) => [...all]))).toEqual(new Set([0, 1]));
  });

  test('control: with the printed cluster, credentials are checked by both', async () => {
    const found = await authorizersOf({});
    expect([...found.values()].filter(({ size }) => size > 1).length).toBeGreaterThan(tokens.length / 2);
  });
});
