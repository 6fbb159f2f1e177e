/**
 * Which client the Auth API sees: with the secret that it shares with a gateway, the gateway's client, and otherwise
 * the peer. Without the secret, one client could use up the budgets of everyone behind the same gateway.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/app/create-gateway.ts';
import { createAuthApi } from '../../src/auth-api/create-auth-api.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { authApiSettings } from '../support/auth-api-settings.ts';
import { sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';

const secret = 'g'.repeat(40);
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const log = { info: () => {}, warn: () => {}, error: () => {} };
const ana = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', roles: ['user'], groups: [] };

async function startAuthApi(gatewaySecrets: readonly string[]): Promise<string> {
  const settings = { ...authApiSettings, limits: { ...authApiSettings.limits, requestsPerClient: 20 }, gatewaySecrets };
  const api = await createAuthApi({ settings, log, printCode: () => {} });
  closing.push(() => api.close());
  await api.createUser(ana);
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}`;
}

/** Trusts localhost, as a proxy in front of it, to specify clients. */
async function startGateway(authApi: string, more = ''): Promise<{ port: number; createUser(): Promise<unknown> }> {
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: false, trustedProxies: ["127.0.0.1"] }
log: { level: silent }
authApi: ${authApi}
${more}`;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
  const gateway = createGateway(read.config, { version: 'test', onCode: () => {} });
  closing.push(() => gateway.close());
  const { listen } = await gateway.start();
  return { port: listen!.port, createUser: async () => gateway.authApi?.createUser(ana) };
}

const routes = 'routes: [{ id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }]';

async function signIn(port: number, email: string, headers: readonly string[]): Promise<number> {
  const body = JSON.stringify({ email });
  const head = [
    'POST /api/auth/v2/session HTTP/1.1',
    'Host: a',
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    body,
  ];
  return (await sendRaw(port, head.join('\r\n'))).status;
}

/** Whether ana still gets a code after another client requested 20 for made-up addresses. */
async function afterFlood(port: number): Promise<number> {
  for (let at = 0; at < 20; at += 1) {
    expect(await signIn(port, `made-up-${at}@example.test`, ['X-Forwarded-For: 198.51.100.9'])).toBe(404);
  }
  expect(await signIn(port, 'made-up@example.test', ['X-Forwarded-For: 198.51.100.9'])).toBe(429);
  return await signIn(port, ana.email, ['X-Forwarded-For: 203.0.113.7']);
}

describe('a flood by one client of a gateway', () => {
  it('does not affect others if gateway and Auth API share a secret', async () => {
    const url = await startAuthApi([secret]);
    const { port } = await startGateway(`{ url: "${url}", gatewaySecret: "${secret}" }`, routes);
    expect(await afterFlood(port)).toBe(202);
  });

  it('does not affect others while the secret is rotated', async () => {
    const url = await startAuthApi(['n'.repeat(40), secret]);
    const { port } = await startGateway(`{ url: "${url}", gatewaySecret: "${secret}" }`, routes);
    expect(await afterFlood(port)).toBe(202);
  });

  it('does not affect others if a route reaches the Auth API through its own upstream', async () => {
    const url = await startAuthApi([secret]);
    const own = `upstreams: { accounts: { targets: ["${url}"] } }\n${routes.replace('auth-api', 'accounts')}`;
    const { port } = await startGateway(`{ url: "${url}", gatewaySecret: "${secret}" }`, own);
    expect(await afterFlood(port)).toBe(202);
  });

  it('does not affect others if the Auth API is embedded', async () => {
    const limits = 'limits: { requestsPerClient: 20 }';
    const embedded = `{ embedded: { database: ":memory:", secret: "${'s'.repeat(32)}", outbox: console, ${limits} } }`;
    const { port, createUser } = await startGateway(embedded, routes);
    await createUser();
    expect(await afterFlood(port)).toBe(202);
  });

  it.each([
    ['neither has a secret', [], null],
    ['their secrets differ', ['o'.repeat(40)], secret],
  ])('control: blocks everyone if %s', async (_name, known, shown) => {
    const url = await startAuthApi(known);
    const gateway = shown === null ? `{ url: "${url}" }` : `{ url: "${url}", gatewaySecret: "${shown}" }`;
    const { port } = await startGateway(gateway, routes);
    expect(await afterFlood(port)).toBe(429);
  });
});

describe('the secret', () => {
  it('is sent to the Auth API only, and no client can replace it with its own', async () => {
    const service = await startRecordingUpstream();
    closing.push(() => service.close());
    const config = `{ url: "http://127.0.0.1:1", gatewaySecret: "${secret}" }`;
    const open = `upstreams: { service: { targets: ["http://127.0.0.1:${service.port}"] } }
routes: [{ id: all, match: { path: "/**" }, upstream: service, access: public }]`;
    const { port } = await startGateway(config, open);
    for (const name of ['X-Rolegate-Gateway', 'x_rolegate_gateway', 'X.Rolegate.Gateway']) {
      await sendRaw(port, `GET / HTTP/1.1\r\nHost: a\r\n${name}: mine\r\nConnection: close\r\n\r\n`);
    }
    const received = JSON.stringify(service.requests);
    expect(service.requests).toHaveLength(3);
    expect(received.toLowerCase()).not.toMatch(/x[-_.]rolegate[-_.]gateway/);
    expect(received).not.toContain(secret);
  });

  it.runIf(process.platform === 'linux')(
    'of the embedded Auth API is unknown to other processes on the machine',
    async () => {
      const before = new Set(listeningHere());
      const limits = 'limits: { requestsPerClient: 2 }';
      const embedded = `{ embedded: { database: ":memory:", secret: "${'s'.repeat(32)}", outbox: console, ${limits} } }`;
      const { port } = await startGateway(embedded, routes);
      const [own, ...others] = listeningHere().filter((found) => !before.has(found) && found !== port);
      expect(others).toEqual([]);
      const asked = [];
      for (let at = 0; at < 4; at += 1) {
        const headers = [`X-Forwarded-For: 203.0.113.${at}`, `X-Rolegate-Gateway: ${'s'.repeat(32)}`];
        asked.push(await signIn(own!, 'made-up@example.test', headers));
      }
      expect(asked).toEqual([404, 404, 429, 429]);
    },
  );
});

/** Ports of 127.0.0.1 on which this process listens, found as another process would. */
function listeningHere(): number[] {
  const sockets = new Set(readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`)));
  const lines = readFileSync('/proc/self/net/tcp', 'utf8').trim().split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const [host, port = ''] = local.split(':');
    return host === '0100007F' && state === '0A' && sockets.has(`socket:[${inode}]`) ? [Number.parseInt(port, 16)] : [];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
