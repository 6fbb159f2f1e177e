/** An issuer that signs tokens, a service with WebSockets, and three replicas of the gateway with one Redis. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { request } from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import { benchPlace, freePort, startScript, untilListening } from '../processes.ts';
import { connectSessionStore } from '../sessions/session-store.ts';

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const origin = 'https://app.example.test';
const secret = 'a secret of the benchmark that is long enough';

export interface Replica {
  readonly port: number;
  readonly admin: number;
}

export type Headers = Readonly<Record<string, string>>;

export async function startWorld(main: string) {
  const { processes, folder } = benchPlace('logout');
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] };
  const issuer = await serve((at) => ({
    '/jwks': jwks,
    '/.well-known/openid-configuration': {
      ...{ issuer: at, jwks_uri: `${at}/jwks`, authorization_endpoint: `${at}/auth`, token_endpoint: `${at}/token` },
      ...{ response_types_supported: ['code'], subject_types_supported: ['public'] },
      id_token_signing_alg_values_supported: ['ES256'],
    },
  }));
  const service = await startScript(processes, 'any', 'load/upstream.ts');
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  const redis = await processes.redis('any');
  if (redis === null) throw new Error('there is no redis-server on the PATH');

  const replicas: Replica[] = [];
  for (let index = 0; index < 3; index += 1) {
    const replica = { port: await freePort(), admin: await freePort() };
    const config = join(folder, `replica-${index}.yaml`);
    const services = { pages: service.port, sockets: (sockets.address() as AddressInfo).port };
    writeFileSync(config, configOf(replica, { issuer, redis, services }));
    const command = [process.execPath, main, 'serve', '--config', config] as const;
    await untilListening(replica.port, processes.start('any', command, ['ignore', 'ignore', 'inherit']));
    replicas.push(replica);
  }
  // Afterwards: what is older than their Redis may have been revoked.
  const sessions = await connectSessionStore(redis, secret, issuer);

  function sign(claims: object, typ: string): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: issuer, iat, exp: iat + 300, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k', typ })
      .sign(privateKey);
  }

  return {
    replicas,
    bearer: async (sid: string): Promise<Headers> => ({
      authorization: `Bearer ${await sign({ aud: 'orders', sub: `user-of-${sid}`, roles: ['user'], sid }, 'at+jwt')}`,
    }),
    session: async (sid: string): Promise<Headers> => ({
      host: new URL(origin).host,
      'x-forwarded-proto': 'https',
      cookie: `__Host-rolegate=${await sessions.open(`user-of-${sid}`, sid)}`,
    }),
    /** `audience`: of the logout tokens. */
    logoutToken: (sid: string, audience: string) =>
      sign({ aud: audience, sid, events: { [logoutEvent]: {} } }, 'logout+jwt'),
    close: () => sessions.close(),
  };
}

/** The path of the route for the credential. */
export async function statusAt({ port }: Replica, path: string, headers: Headers): Promise<number> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { headers });
  await body.dump();
  return statusCode;
}

export async function logout({ admin }: Replica, token: string): Promise<number> {
  const body = String(new URLSearchParams({ logout_token: token }));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = await request(`http://127.0.0.1:${admin}/backchannel-logout`, { method: 'POST', headers, body });
  await sent.body.dump();
  return sent.statusCode;
}

/** Opens a WebSocket. The inner promise resolves when it closes. */
export async function openSocket({ port }: Replica, headers: Headers): Promise<{ readonly closed: Promise<unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sockets`, { headers: { ...headers, origin } });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  return { closed };
}

/** Returns the origin, which the documents contain. */
async function serve(documents: (at: string) => Readonly<Record<string, object>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(documents(at)[url] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return at;
}

interface Services {
  readonly issuer: string;
  readonly redis: number;
  readonly services: { readonly pages: number; readonly sockets: number };
}

function configOf({ port, admin }: Replica, { issuer, redis, services }: Services): string {
  return `version: 1
server: { listen: "127.0.0.1:${port}", admin: "127.0.0.1:${admin}", trustedProxies: [127.0.0.1/32] }
log: { level: warn, access: false }
sources:
  issuer: { kind: jwt, issuer: "${issuer}", jwks: "${issuer}/jwks", audience: [orders], logout: { audience: [web] } }
signIn:
  origin: ${origin}
  providers: { corp: { issuer: "${issuer}", clientId: pages, clientSecret: bench } }
cache:
  secret: "${secret}"
  redis: { url: "redis://127.0.0.1:${redis}", timeout: 1s }
roles: { user: {} }
upstreams:
  pages: { targets: ["http://127.0.0.1:${services.pages}"] }
  sockets: { targets: ["http://127.0.0.1:${services.sockets}"] }
routes:
  - { id: api, match: { path: /api }, upstream: pages, credentials: [bearer], access: [user] }
  - { id: page, match: { path: /page }, upstream: pages, credentials: [session], access: authenticated }
  - { id: sockets, match: { path: /sockets }, upstream: sockets, websocket: true, credentials: [session], access: authenticated }
`;
}
