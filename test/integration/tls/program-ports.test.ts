/** TLS of the admin port and of checks, over HTTP and gRPC: certificates that change, and certificates that callers need. */
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { health } from '../../../src/authorizer/grpc/messages.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { type Certified, createAuthority } from '../../support/certificates.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { secured } from './serving-tls.ts';

const authority = createAuthority();
const callers = createAuthority('callers');
const files = new Map<string, string>();
const gateways: RunningGateway[] = [];
const readSecret = (path: string) => {
  const text = files.get(path);
  if (text === undefined) throw new Error('no such file');
  return text;
};

function put({ cert, key }: Certified): void {
  files.set('cert.pem', cert);
  files.set('key.pem', key);
}
const issue = (days?: readonly [number, number]) =>
  authority.issue({ hosts: ['localhost'], ...(days === undefined ? {} : { days }) });

beforeEach(() => {
  put(issue());
  files.set('callers.pem', callers.cert);
});
afterAll(async () => void (await Promise.all(gateways.map((gateway) => gateway.close()))));

const config = (keys = '') => {
  const tls = `tls: { certificates: [{ cert: cert.pem, key: key.pem }]${keys} }`;
  return `
version: 1
server: { listen: false, admin: "127.0.0.1:0", adminT${tls.slice(1)} }
authorizer:
  listen: "127.0.0.1:0"
  ${tls}
  dialects: { nginx: /nginx }
  grpc: { listen: "127.0.0.1:0", ${tls} }
authApi: { url: "http://127.0.0.1:9" }
routes: [{ id: open, match: { path: "/**" }, access: public }]
`;
};

async function start(keys = ''): Promise<RunningGateway> {
  const gateway = await startGateway(config(keys), readSecret);
  gateways.push(gateway);
  return gateway;
}

type Ask = (port: number, options: ConnectionOptions) => Promise<number>;

const overHttp =
  (path: string): Ask =>
  (port, options) =>
    new Promise((resolve, reject) => {
      const headers = {
        'x-original-method': 'GET',
        'x-original-uri': '/x',
        'x-original-host': 'app.test',
        'x-real-ip': '192.0.2.1',
        'x-forwarded-proto': 'https',
      };
      const asked = request({ host: '127.0.0.1', port, path, headers, agent: false, ...options }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      });
      asked.once('error', reject);
      asked.end();
    });

const overGrpc: Ask = (port, options) =>
  new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, options);
    session.once('error', reject);
    session.once('close', () => reject(new Error('closed')));
    const stream = session.request({
      ':method': 'POST',
      ':path': health.Check.path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.once('error', reject);
    stream.once('response', (headers) => {
      resolve(headers[':status'] ?? 0);
      session.destroy();
    });
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });

type Row = readonly [name: string, portOf: (gateway: RunningGateway) => number, protocol: string, ask: Ask];
const rows: readonly Row[] = [
  ['the admin port', ({ admin }) => Number(new URL(admin).port), 'http/1.1', overHttp('/health/live')],
  ['checks over HTTP', ({ authorizerPort }) => authorizerPort, 'http/1.1', overHttp('/nginx')],
  ['checks over gRPC', ({ grpcPort }) => grpcPort, 'h2', overGrpc],
];

describe.each(rows)('%s', (_, portOf, protocol, ask) => {
  const trusted = { ca: authority.cert, servername: 'localhost' };
  const serialOf = async (port: number, more: ConnectionOptions = {}) => {
    const socket = await secured(port, { ...trusted, ALPNProtocols: [protocol], ...more });
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };

  test('responds over TLS alone, in the versions that it accepts', async () => {
    const port = portOf(await start(', minVersion: TLSv1.3'));
    expect(await ask(port, trusted)).toBe(200);
    await expect(ask(port, { ...trusted, maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await expect(ask(port, { ...trusted, ca: callers.cert })).rejects.toThrow(/certificate/);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
  });

  test('presents a changed certificate to new connections, without an end of open ones', async () => {
    const gateway = await start();
    const port = portOf(gateway);
    const before = await serialOf(port);
    const open = await secured(port, { ...trusted, ALPNProtocols: [protocol] });
    put(issue());
    gateway.apply(config());
    expect(await serialOf(port)).not.toBe(before);
    expect(open.destroyed).toBe(false);
    open.destroy();
    expect(await ask(port, trusted)).toBe(200);
  });

  test('keeps the last good certificate instead of one that is not of the key, or has expired', async () => {
    const gateway = await start();
    const port = portOf(gateway);
    const before = await serialOf(port);
    files.set('key.pem', issue().key);
    expect(() => gateway.apply(config())).toThrow('this is not the key of "cert"');
    put(issue([-3, -1]));
    gateway.apply(config());
    expect(await serialOf(port)).toBe(before);
    expect(gateway.logLines().filter(({ level }) => level === 'error')).toContainEqual(
      expect.objectContaining({ certificate: 'cert.pem' }),
    );
    // The control: a start has no other one, and clients refuse it.
    await expect(serialOf(portOf(await start()))).rejects.toThrow(/expired/);
  });

  test('with client certificates: none, another authority and an expired one get no response', async () => {
    const port = portOf(await start(', clientCertificates: { ca: callers.pem }'));
    const own = callers.issue({ hosts: ['proxy'] });
    expect(await ask(port, { ...trusted, ...own })).toBe(200);
    const others = [
      {},
      authority.issue({ hosts: ['proxy'] }),
      createAuthority('callers').issue({ hosts: ['proxy'] }),
      callers.issue({ hosts: ['proxy'], days: [-3, -1] }),
    ];
    for (const other of others)
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
        await expect(ask(port, { ...trusted, ...other, maxVersion })).rejects.toThrow();
    // The control: without the setting, the same callers get one.
    const open = portOf(await start());
    for (const other of others) expect(await ask(open, { ...trusted, ...other })).toBe(200);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a removed authority ends its connections, and no session outlives it (%s)',
    async (maxVersion) => {
      const required = ', clientCertificates: { ca: callers.pem }';
      const gateway = await start(required);
      const port = portOf(gateway);
      const own = { ...trusted, ...callers.issue({ hosts: ['proxy'] }), maxVersion };
      const open = await secured(port, { ...own, ALPNProtocols: [protocol] });
      let session = open.getSession();
      open.on('session', (ticket) => {
        session = ticket;
      });
      open.resume();
      expect(await ask(port, own)).toBe(200);
      const next = createAuthority('next callers');
      files.set('callers.pem', next.cert);
      gateway.apply(config(required));
      await vi.waitFor(() => expect(open.destroyed).toBe(true));
      await expect(ask(port, own)).rejects.toThrow();
      await expect(ask(port, { ...own, session })).rejects.toThrow();
      expect(await ask(port, { ...trusted, ...next.issue({ hosts: ['proxy'] }) })).toBe(200);
    },
  );
});

test('each port counts its handshakes and shows when its certificate expires', async () => {
  const gateway = await start();
  const text = () =>
    new Promise<string>((resolve, reject) => {
      const port = Number(new URL(gateway.admin).port);
      const options = { host: '127.0.0.1', port, path: '/metrics', servername: 'localhost', ca: authority.cert };
      request(options, (response) => {
        let body = '';
        response.on('data', (bytes) => {
          body += bytes;
        });
        response.once('end', () => resolve(body));
      })
        .once('error', reject)
        .end();
    });
  await overGrpc(gateway.grpcPort, { ca: authority.cert, servername: 'localhost' });
  const page = await text();
  expect(page).toMatch(/^rolegate_tls_handshakes_total\{outcome="full"\} 2$/m);
  expect(page).toMatch(/^rolegate_certificate_expiry_timestamp_seconds\{certificate="cert.pem"\} \d+$/m);
});

test('the earlier form of "authorizer.grpc.tls" is refused, with what to write', () => {
  const written = config().replaceAll(
    /tls: \{ certificates.*\] \} \}/g,
    'tls: { cert: cert.pem, key: key.pem, clientCa: callers.pem } }',
  );
  const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret });
  const hints = read.ok ? [] : read.problems.map(({ hint }) => hint);
  expect(hints).toContain('use "certificates: [{ cert: ..., key: ... }]" instead');
  expect(hints).toContain('use "clientCertificates: { ca: ... }" instead');
});
