/** A whole gateway for tests of sign-in: at an https origin, behind a proxy that ends TLS, with two providers and a recording service. */
import { type Closable, closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { type Answer, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { switchingProtocols } from '../../support/websocket-handshake.ts';

export const origin = 'https://app.example.com';

export interface Hosts {
  /** Further origins. */
  readonly others?: readonly string[];
  /** Of the route. */
  readonly signIn?: string;
  /** File of the sessions; if unset, they are in memory. */
  readonly store?: string;
  /** Of the service; if unset, a text. */
  readonly answer?: Answer;
}

/** Two providers, `corp` and `other`, where `ann` can sign in. Everything is closed after each test. */
export function httpsWorlds() {
  const running = closedAfterEach();
  return (hosts: Hosts = {}) => world(running, origin, '127.0.0.1:0', hosts);
}

/** The same without TLS, where a browser on this machine can open it. */
export function loopbackWorlds() {
  const running = closedAfterEach();
  return async (answer: Answer) => {
    const address = `127.0.0.1:${await freePort()}`;
    return { origin: `http://${address}`, ...(await world(running, `http://${address}`, address, { answer })) };
  };
}

/** The same at two names of this machine, `app.localhost` and `wiki.localhost`. */
export function namedWorlds() {
  const running = closedAfterEach();
  return async (hosts: Hosts) => {
    const port = await freePort();
    const [app, wiki] = [`http://app.localhost:${port}`, `http://wiki.localhost:${port}`];
    return { app, wiki, ...(await world(running, app, `127.0.0.1:${port}`, { others: [wiki], ...hosts })) };
  };
}

async function world(
  running: Closable[],
  at: string,
  listen: string,
  { others = [], signIn = 'corp', store, answer = () => ({ body: 'upstream' }) }: Hosts,
) {
  const providers = await Promise.all(
    ['corp', 'other'].map(async (name) => {
      const openid = await startOpenidProvider({}, { redirect_uris: [`${at}/.rolegate/callback/${name}`] });
      running.push(openid);
      return { name, openid };
    }),
  );
  const service = await startRecordingUpstream({ answer, onUpgrade: (_, socket) => socket.write(switchingProtocols) });
  running.push(service);
  const yaml = providers.map(
    ({ name, openid }) =>
      `    ${name}: { label: 'The ${name} account', issuer: "${openid.issuer}", clientId: web, clientSecret: ${webSecret}, scopes: [openid, profile], userPrefix: '${name}:', fields: { userId: preferred_username } }`,
  );
  const gateway = await startGateway(`version: 1
server: { listen: "${listen}", admin: false, trustedProxies: [127.0.0.1/32] }
cache: { secret: a secret of the gateway with 32 characters }
upstreams:
  pages: { targets: ['${service.origin}'] }
signIn:
  origin: ${at}
  otherOrigins: ${JSON.stringify(others)}
  sessions: { store: ${store === undefined ? 'memory' : `{ file: ${store} }`} }
  providers:
${yaml.join('\n')}
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: ${signIn}, websocket: true, credentials: [session], access: authenticated }
`);
  running.push(gateway);
  const { port } = gateway;
  const browser = () => new CookieBrowser({ origins: [origin, ...others], port });
  return { port, service, browser, close: () => gateway.close(), providers: providers.map(({ openid }) => openid) };
}

/** As a script of a page or a program would, with these header lines. */
export function get(port: number, target: string, ...lines: readonly string[]) {
  return sendRaw(
    port,
    [`GET ${target} HTTP/1.1`, 'Host: app.example.com', 'X-Forwarded-Proto: https', ...lines, '', ''].join('\r\n'),
  );
}
