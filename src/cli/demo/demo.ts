/**
 * `rolegate demo`, run by `npm start`: gateway, embedded Auth API and a sample service in one process, with users who can log in.
 * Everything is created at each start and lost with the process.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { createGateway, type Gateway } from '../../app/create-gateway.ts';
import { untilSignal } from '../../app/lifecycle.ts';
import { ListenError } from '../../app/listen-error.ts';
import type { Address, Config } from '../../config/config.ts';
import { formatProblems } from '../../config/format-problems.ts';
import { parseConfig } from '../../config/parse-config.ts';
import { CommandError, type ExitCode } from '../exit-code.ts';
import { ownCommand } from '../own-command.ts';
import { readPackaged } from '../packaged-file.ts';
import { version } from '../version.ts';
import { createRequestLines } from './request-lines.ts';
import { startSampleService } from './sample-service.ts';
import { type DemoPlaces, type DemoUser, renderCode, renderScreen } from './screen.ts';
import type { TrialCertificate } from './trial-certificate.ts';

const configFile = 'config/demo.yaml';
const defaultHost = '127.0.0.1';
const defaultListen = `${defaultHost}:8080`;
const defaultTlsListen = `${defaultHost}:8443`;

export interface DemoOptions {
  /** The gateway speaks https, with a certificate of an authority that is new at each start. */
  readonly tls?: boolean;
}

export async function demo({ tls = false }: DemoOptions): Promise<ExitCode> {
  const service = await startSampleService(undefined, true);
  const adminToken = randomBytes(32).toString('base64url');
  // Loaded only here: no other command needs it.
  const trial = tls
    ? await (await import('./trial-certificate.ts')).createTrialCertificate(['localhost'], ['127.0.0.1', '::1'])
    : null;
  const config = await readDemoConfig(service.url, adminToken, trial);
  const authority = trial === null ? null : keepAuthority(trial.ca);
  let gatewayUrl = '';
  const gateway = createGateway(config, {
    version,
    logTo: createRequestLines((line) => process.stdout.write(line), ownCommand()),
    onCode: (mail) => {
      process.stdout.write(renderCode(gatewayUrl, mail, authority !== null));
    },
  });
  const ended = untilSignal({
    close: async () => {
      process.stdout.write(pc.dim('\nfinishing requests in flight ...\n'));
      await gateway.close();
      await service.close();
      authority?.remove();
    },
    // Its output no longer has a reader.
    onDeserted: (end) => void process.stdout.once('error', end),
  });
  let places: DemoPlaces;
  try {
    const { listen, admin } = await gateway.start();
    const [own] = config.server.listeners;
    if (own === undefined || listen === null) throw new Error('the demo has no address to listen on');
    // Passkeys of the pages need this name.
    const isLoopback = own.address.host === defaultHost;
    gatewayUrl = urlOf(isLoopback ? { ...own.address, host: '' } : own.address, listen, tls);
    places = {
      gateway: gatewayUrl,
      admin: admin === null || config.server.admin === null ? null : urlOf(config.server.admin, admin),
      adminToken,
      rolegate: ownCommand(),
      authorityFile: authority?.file ?? null,
    };
  } catch (error) {
    authority?.remove();
    await Promise.all([gateway.close(), service.close()]);
    if (error instanceof ListenError) throw new CommandError(`${error.message}${hint(tls)}`);
    throw error;
  }
  const [user, root] = await createUsers(gateway);
  process.stdout.write(renderScreen(places, user, root));
  return (await ended) as ExitCode;
}

/** An address in the environment may be invalid. Its port is in the origin of the pages, so it must be known before. */
async function readDemoConfig(serviceUrl: string, adminToken: string, trial: TrialCertificate | null): Promise<Config> {
  const listen = process.env['ROLEGATE_LISTEN'] ?? (trial === null ? defaultListen : defaultTlsListen);
  const free = listen.endsWith(':0') ? listen.replace(/0$/, String(await freePort())) : listen;
  const [port = ''] = /\d+$/.exec(free) ?? [];
  const scheme = trial === null ? 'http' : 'https';
  const env = {
    ...process.env,
    ROLEGATE_LISTEN: free,
    // Passkeys need a name, and people may enter the address instead.
    ROLEGATE_DEMO_ORIGIN: `${scheme}://localhost:${port}`,
    ROLEGATE_DEMO_OTHER_ORIGIN: `${scheme}://127.0.0.1:${port}`,
    ROLEGATE_DEMO_SECRET: randomBytes(32).toString('hex'),
    ROLEGATE_DEMO_SERVICE: serviceUrl,
    ROLEGATE_ADMIN_TOKEN: adminToken,
  };
  const plain = readPackaged(configFile);
  const text = trial === null ? plain : plain.replace(/^ {2}listen: (.+)$/m, `  listen: [{ address: $1, ${tlsKeys} }]`);
  // The key is never in a file.
  const texts: Readonly<Record<string, string>> =
    trial === null ? {} : { [certFile]: trial.cert, [keyFile]: trial.key };
  const read = parseConfig(text, { file: configFile, env, readSecret: (path) => texts[path] ?? '' });
  if (!read.ok) throw new CommandError(formatProblems(read.problems, { color: pc.isColorSupported }));
  return read.config;
}

const [certFile, keyFile] = ['demo.pem', 'demo-key.pem'];
const tlsKeys = `tls: { certificates: [{ cert: ${certFile}, key: ${keyFile} }] }, http2: true`;

/** For `curl --cacert`, in a folder of its own. */
function keepAuthority(ca: string): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-demo-'));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, ca);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The demo's own file reads the two addresses from the environment. Both, because a second demo needs both. */
const hint = (tls: boolean) =>
  `, for example: ROLEGATE_LISTEN=127.0.0.1:8081 ROLEGATE_ADMIN=127.0.0.1:9091 npm start${tls ? ' -- --tls' : ''}`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The configured name with the actual port, which differs for port 0. */
function urlOf(configured: Address, bound: Address, tls = false): string {
  return `${tls ? 'https' : 'http'}://${configured.host === '' ? 'localhost' : configured.host}:${bound.port}`;
}

async function createUsers(gateway: Gateway): Promise<[DemoUser, DemoUser]> {
  const { authApi } = gateway;
  if (authApi === null) throw new CommandError('the demo needs the embedded Auth API');
  const create = async (name: string, roles: readonly string[], groups: readonly string[]): Promise<DemoUser> => {
    const email = `${name}@example.test`;
    const { userId } = await authApi.createUser({ email, fullName: name, alias: name, roles, groups });
    const { bearer } = await authApi.createVerifiedSession(userId);
    const { apiKey, apiSecret } = await authApi.createVerifiedKeyPair(userId, 'demo', 1);
    return { name, email, bearer, apiKey, apiSecret };
  };
  return [await create('ann', ['user'], ['public', 'acme']), await create('root', ['admin'], ['public'])];
}
