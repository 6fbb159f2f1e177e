/**
 * Containers on a separate network, like in an installation: Redis, a service, the Auth API, and two gateway replicas.
 */
import { randomBytes } from 'node:crypto';
import { GenericContainer, Network, type StartedTestContainer, Wait } from 'testcontainers';
import { createConfigFolder } from '../../../support/config-folder.ts';
import { ownerLabels } from '../../../support/docker.ts';
import { createSeenOutput, type SeenOutput } from '../../../support/seen-output.ts';
import { baseImage, redisImage } from './build-image.ts';
import { RestrictedContainer } from './restricted-container.ts';

export interface Stack {
  readonly gateways: readonly Started[];
  readonly authApi: Started;
  readonly service: Started;
  stop(): Promise<void>;
}

export interface Started {
  readonly id: string;
  /** Where it is reachable from here: its published port. */
  readonly origin: string;
  /**
   * The same on its own address. In front of a published port is a proxy of Docker's, which accepts every connection.
   */
  readonly direct: string;
  readonly seen: SeenOutput;
  /** Output of a command inside, and its exit code. */
  exec(...command: string[]): Promise<{ readonly output: string; readonly exitCode: number }>;
}

/** How long the service takes for `/orders/slow`. */
export const slowMs = 2_000;

/** Returns the identity, and prints the path of a slow request when it arrives. */
const service = `require('node:http').createServer((req, res) => {
  const answer = () => res.end(JSON.stringify({ path: req.url, user: req.headers['user-id'] }));
  if (req.url !== '/orders/slow') return answer();
  console.log('slow');
  setTimeout(answer, ${slowMs});
}).listen(3000)`;

const secret = randomBytes(32).toString('hex');

const authApiFile = `listen: ":8081"
database: ":memory:"
secret: "${secret}"
selfRegistration: true
outbox: console
redis: { url: "redis://redis:6379" }
`;

const gatewayFile = `version: 1
server: { listen: ":8080" }
authApi: { url: "http://auth-api:8081" }
cache: { secret: "${secret}", redis: { url: "redis://redis:6379" } }
roles: { user: {} }
upstreams: { orders: { targets: ["http://service:3000"] } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }
`;

export async function startStack(image: string): Promise<Stack> {
  const folder = createConfigFolder();
  const network = await new Network().start();
  const running: StartedTestContainer[] = [];
  const start = async (container: GenericContainer, alias: string, port: number): Promise<Started> => {
    const seen = createSeenOutput();
    const started = await container
      .withNetwork(network)
      .withNetworkAliases(alias)
      .withExposedPorts(port)
      .withLabels(ownerLabels)
      .withLogConsumer((stream) => {
        stream.on('data', seen.take);
        stream.on('end', seen.end);
      })
      .start();
    running.push(started);
    return {
      id: started.getId(),
      origin: `http://${started.getHost()}:${started.getMappedPort(port)}`,
      direct: `http://${started.getIpAddress(network.getName())}:${port}`,
      seen,
      exec: (...command) => started.exec(command),
    };
  };
  const mounted = (name: string, text: string) => {
    const source = folder.write(name, text);
    return new RestrictedContainer(image)
      .withBindMounts([{ source, target: `/etc/rolegate/${name}`, mode: 'ro' }])
      .withWaitStrategy(Wait.forHealthCheck());
  };
  const stop = async () => {
    await Promise.all(running.map((container) => container.stop({ timeout: 0 })));
    await network.stop();
    folder.remove();
  };
  try {
    const [serving] = await Promise.all([
      start(new GenericContainer(baseImage).withCommand(['node', '-e', service]), 'service', 3000),
      start(new GenericContainer(redisImage), 'redis', 6379),
    ]);
    const authApi = await start(
      mounted('auth-api.yaml', authApiFile)
        .withCommand(['auth-api'])
        .withEnvironment({ ROLEGATE_HEALTH_URL: 'http://127.0.0.1:8081/health/ready' }),
      'auth-api',
      8081,
    );
    const gateways = await Promise.all(
      ['gateway-1', 'gateway-2'].map((alias) => start(mounted('gateway.yaml', gatewayFile), alias, 8080)),
    );
    return { gateways, authApi, service: serving, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
