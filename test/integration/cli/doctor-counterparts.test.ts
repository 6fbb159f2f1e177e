/** The doctor, as a command, with real counterparts: each mistake is found by its cause, and the same setting without it is accepted. */
import { once } from 'node:events';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createConfigFolder } from '../../support/config-folder.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { freePort } from '../../support/free-port.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { runRolegate } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());
const authority = createAuthority();
const authorityFile = folder.write('ca.pem', authority.cert);
const trusting = { NODE_EXTRA_CA_CERTS: authorityFile };
const embedded = 'authApi: { embedded: { database: ":memory:", secret: a secret of at least thirty-two characters } }';
const at = (letter: string) => letter.repeat(40);

/** The report of the command. `sections`: besides `version`, a server and an Auth API. */
async function doctor(sections: string, env: NodeJS.ProcessEnv = {}, ...more: string[]): Promise<string> {
  const file = folder.write(
    'doctor.yaml',
    `version: 1
${sections.includes('server:') ? '' : 'server: { listen: "127.0.0.1:0", admin: false }'}
${sections.includes('authApi:') ? '' : embedded}
${sections.includes('routes:') ? '' : 'routes: []'}
${sections}
`,
  );
  const command = runRolegate(['doctor', '--config', file, '--timeout', '20s', ...more], { COLUMNS: '110', ...env });
  await command.ended;
  // The lines of one finding are joined.
  return command.output().replaceAll(/\n {4,}/g, ' ');
}

async function startTls(more: ServerOptions = {}): Promise<string> {
  const identity = authority.issue({ hosts: ['localhost'], addresses: ['127.0.0.1'], days: [-1, 300] });
  const server = createTlsServer({ ...identity, ...more }, (_, response) => void response.writeHead(401).end());
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startPlain(): Promise<string> {
  const service = await startRecordingUpstream();
  onTestFinished(service.close);
  return new URL(service.origin).host;
}

/** A service that expects the PROXY protocol. */
async function startExpecting(tls = ''): Promise<string> {
  const { cert, key } = authority.issue({ hosts: ['localhost'], addresses: ['127.0.0.1'], days: [-1, 300] });
  const service = await startGateway(
    `version: 1
server:
  listen: [{ address: "127.0.0.1:0", proxyProtocol: true${tls} }]
  trustedProxies: ["127.0.0.1"]
  admin: false
authApi: { url: "http://127.0.0.1:9" }
routes: []
`,
    (path) => (path === 'cert.pem' ? cert : key),
  );
  onTestFinished(() => service.close());
  return `127.0.0.1:${service.port}`;
}

async function redisHost(): Promise<string> {
  return new URL((await useRedis()).url).host;
}

/** The bundled Auth API, which knows gateways with this secret. */
async function startAuthApi(secret: string): Promise<string> {
  const trust = { gatewaySecrets: [secret] };
  const api = await createAuthApi({
    settings: { ...authApiSettings, ...trust },
    log: { info() {}, warn() {}, error() {} },
  });
  onTestFinished(() => api.close());
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}`;
}

const upstream = (target: string, more = '') => `upstreams: { orders: { targets: ["${target}"]${more} } }`;
const authApi = (url: string, more = '') => `authApi: { url: "${url}"${more} }`;

/** `sections` may start what they name. */
type Row = readonly [title: string, sections: () => Promise<string>, found: RegExp, env?: NodeJS.ProcessEnv];

const rows: readonly Row[] = [
  [
    'https with an address, as the gateway uses it',
    async () => upstream(`https://${await startTls()}`),
    /✓ orders https:\/\/127\.0\.0\.1:\d+: accepts connections/,
    trusting,
  ],
  [
    'https with an address, of an unknown authority',
    async () => upstream(`https://${await startTls()}`),
    /✗ orders .*no connection \(\w*(?:SELF_SIGNED|UNABLE_TO_)\w*\) → Its certificate is not trusted/,
  ],
  [
    'https with its own authority',
    async () => upstream(`https://${await startTls()}`, `, tls: { ca: "${authorityFile}" }`),
    /✓ orders https:\/\/127\.0\.0\.1:\d+: accepts connections/,
  ],
  [
    'https with another name',
    async () =>
      upstream(`https://${await startTls()}`, `, tls: { ca: "${authorityFile}", serverName: orders.internal }`),
    /✗ orders .*ERR_TLS_CERT_ALTNAME_INVALID\) → Its certificate is for another name/,
  ],
  [
    'https that demands a client certificate',
    async () =>
      upstream(
        `https://${await startTls({ requestCert: true, ca: authority.cert })}`,
        `, tls: { ca: "${authorityFile}" }`,
      ),
    /✗ orders .*CERTIFICATE_REQUIRED\) → It demands a client certificate/,
  ],
  [
    'https to a plain service',
    async () => upstream(`https://${await startPlain()}`),
    /✗ orders .*ERR_SSL_\w+\) → It does not speak TLS: write http instead of https/,
  ],
  [
    'https to a plain Auth API',
    async () => authApi(`https://${await startPlain()}`),
    /✗ authApi .*ERR_SSL_\w+.* → It does not speak TLS: write http instead of https/,
  ],
  [
    'http to a service with TLS',
    async () => upstream(`http://${await startTls()}`),
    /✗ orders .*does not speak HTTP\/1\.1.* → It speaks TLS: write https instead of http/,
  ],
  [
    'a service that expects the PROXY protocol',
    async () => upstream(`http://${await startExpecting()}`, ', proxyProtocol: v2'),
    /✓ orders http:\/\/127\.0\.0\.1:\d+: accepts connections/,
  ],
  [
    'one with TLS',
    async () =>
      upstream(
        `https://${await startExpecting(', tls: { certificates: [{ cert: cert.pem, key: key.pem }] }')}`,
        `, proxyProtocol: v1, tls: { ca: "${authorityFile}" }`,
      ),
    /✓ orders https:\/\/127\.0\.0\.1:\d+: accepts connections/,
  ],
  [
    'one that does not get it',
    async () => upstream(`http://${await startExpecting()}`),
    /✗ orders .*it expects the PROXY protocol → Set "proxyProtocol" under "upstreams\.orders"/,
  ],
  [
    'one with TLS that does not get it',
    async () =>
      upstream(
        `https://${await startExpecting(', tls: { certificates: [{ cert: cert.pem, key: key.pem }] }')}`,
        `, health: /live, tls: { ca: "${authorityFile}" }`,
      ),
    /✗ orders .*it expects the PROXY protocol → Set "proxyProtocol" under "upstreams\.orders"/,
  ],
  [
    'the PROXY protocol to a plain service',
    async () => upstream(`http://${await startPlain()}`, ', proxyProtocol: v1'),
    /✗ orders .*it does not expect the PROXY protocol → Turn it on in the service/,
  ],
  [
    'the PROXY protocol to a service with TLS',
    async () => upstream(`https://${await startTls()}`, `, proxyProtocol: v2, tls: { ca: "${authorityFile}" }`),
    /✗ orders .*it does not expect the PROXY protocol → Turn it on in the service/,
  ],
  [
    'an upstream that is Redis',
    async () => upstream(`http://${await redisHost()}`),
    /✗ orders .*does not speak HTTP\/1\.1.* → It may be another program, such as Redis: correct the port/,
  ],
  [
    'an upstream that is the gateway itself',
    async () => {
      const port = await freePort();
      const server = `server: { listen: ":${port}", admin: false }`;
      return `${server}\n${upstream(`http://localhost:${port}`)}`;
    },
    /✗ orders .*this is the gateway itself \("server\.listen"\)/,
  ],
  [
    'the secret of another gateway',
    async () => authApi(await startAuthApi(at('a')), `, gatewaySecret: "${at('b')}"`),
    /✗ authApi\.gatewaySecret: the Auth API does not know this secret/,
  ],
  [
    'the secret of this gateway',
    async () => authApi(await startAuthApi(at('a')), `, gatewaySecret: "${at('a')}"`),
    /✓ authApi\.gatewaySecret: the Auth API recognizes the gateway/,
  ],
  [
    'a folder for records that does not exist',
    async () => 'records: { file: missing/records.jsonl }',
    /✗ records\.file: the folder \S+\/missing does not exist/,
  ],
  [
    'a folder for records',
    async () => 'records: { file: records.jsonl }',
    /✓ records\.file: the file \S+ does not exist yet/,
  ],
  [
    'a collector that is down',
    async () => `tracing: { endpoint: "http://127.0.0.1:${await freePort()}/v1/traces" }`,
    /! tracing\.endpoint: no response from the collector \(ECONNREFUSED\)/,
  ],
  [
    'a collector that is up',
    async () => {
      const collector = await startOtlpReceiver();
      onTestFinished(collector.close);
      return `tracing: { endpoint: "${collector.url}" }`;
    },
    /✓ tracing\.endpoint: the collector responds/,
  ],
];

for (const [title, sections, found, env] of rows) {
  it(title, async () => {
    expect(await doctor(await sections(), env)).toMatch(found);
  });
}

describe('a valid credential', () => {
  const bearer = { ROLEGATE_CREDENTIAL: 'Authorization: Bearer good-and-secret' };
  it.each<readonly [title: string, more: string, found: RegExp]>([
    [
      'shows a wrong field',
      ', fields: { roles: data.roles }',
      /✗ the given credential: .*"data\.roles".*It should return the identity, .*check the URL and the fields/s,
    ],
    ['shows the identity', '', /✓ the given credential: accepted by authApi; roles: user; groups: public/],
  ])('%s', async (_, more, found) => {
    const api = await startFakeAuthApi();
    onTestFinished(api.close);
    api.addSession('good-and-secret', { userId: 'ann', roles: ['user'] });
    const sections = authApi(new URL(api.url).origin, more);
    const output = await doctor(sections, bearer);
    expect(output).toMatch(found);
    expect(output).not.toContain('good-and-secret');
    expect(await doctor(sections)).toContain('✓ fields: not checked, because no credential was given');
    expect(await doctor(sections, { ROLEGATE_CREDENTIAL: 'Authorization: Bearer unknown-token' })).toMatch(
      /! the given credential: not accepted by authApi \(credential_rejected\)/,
    );
  });
});

it('replicas with different secrets for results', async () => {
  const { url, keyPrefix } = await useRedis();
  const api = await startFakeAuthApi();
  onTestFinished(api.close);
  const service = await startRecordingUpstream();
  onTestFinished(service.close);
  api.addSession('good-and-secret', { userId: 'ann', roles: ['user'] });
  const sections = (secret: string) => `
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "${new URL(api.url).origin}" }
cache: { secret: "${secret}", redis: { url: "${url}", keyPrefix: "${keyPrefix}" } }
roles: { user: {} }
upstreams: { orders: { targets: ["${service.origin}"] } }
routes: [{ id: order, match: { path: "/orders" }, upstream: orders, access: [user] }]
`;
  const gateway = await startGateway(`version: 1${sections(at('a'))}`);
  onTestFinished(gateway.close);
  await expect
    .poll(async () => {
      await fetch(`${gateway.origin}/orders`, { headers: { authorization: 'Bearer good-and-secret' } });
      return await doctor(sections(at('a')));
    })
    .toMatch(/✓ cache\.secret: 1 results in Redis were written with it/);
  expect(await doctor(sections(at('b')))).toMatch(
    /! cache\.secret: 1 of 1 results in Redis were written with another "cache\.secret", or other settings of sources/,
  );
  const rotated = sections(at('b')).replace('cache: {', `cache: { previousSecret: "${at('a')}",`);
  expect(await doctor(rotated)).toMatch(/✓ cache\.secret: 1 results in Redis were written with it/);
});
