/** The image: its contents, and how it runs with minimal permissions. */
import { readFileSync } from 'node:fs';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSeenOutput } from '../support/seen-output.ts';
import { startBalancedLoad } from './support/balanced-load.ts';
import { baseImage, build, docker, useImage } from './support/image/build-image.ts';
import { RestrictedContainer, user } from './support/image/restricted-container.ts';
import { type Stack, startStack } from './support/image/stack.ts';
import { printedCode, signIn } from './support/sign-in.ts';
import { smoke } from './support/smoke.ts';

const maxAddedBytes = 40_000_000;
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
let image: string;

beforeAll(async () => {
  image = await useImage();
}, 480_000);

interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Healthcheck: { readonly Test: readonly string[] };
  readonly Labels: Readonly<Record<string, string>>;
}
interface Inspected {
  readonly Size: number;
  readonly Config: ImageConfig;
  readonly RootFS: { readonly Layers: readonly string[] };
}
const inspect = async (name: string) => (JSON.parse(await docker('inspect', name)) as [Inspected])[0];

/** The output of a Node program inside the image. */
async function inside(program: string): Promise<unknown> {
  return JSON.parse(await docker('run', '--rm', '--network=none', '--entrypoint=node', image, '-e', program));
}

describe('its contents', () => {
  test(`adds less than ${maxAddedBytes / 1e6} MB to its base`, async () => {
    const [whole, base] = await Promise.all([inspect(image), inspect(baseImage)]);
    const added = whole.Size - base.Size;
    process.stdout.write(`image: ${whole.Size} bytes, of which ${added} are added to ${baseImage}\n`);
    expect(added).toBeLessThan(maxAddedBytes);
    expect(added).toBeGreaterThan(1_000_000);
  });

  test('runs without a shell, as a numeric user, and is labeled', async () => {
    const { Config } = await inspect(image);
    expect(Config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(Config.Entrypoint).toEqual(['node', '/app/dist/main.js']);
    expect(Config.Cmd).toEqual(['serve', '--config', '/etc/rolegate/gateway.yaml']);
    expect(Config.Healthcheck.Test).toEqual(['CMD', 'node', '/app/dist/main.js', 'healthcheck']);
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'Rolegate',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': expect.any(String),
      'org.opencontainers.image.revision': expect.any(String),
    });
  });

  test('its bill of materials lists exactly the installed packages, none of them for development', async () => {
    const listed = (await inside(
      `const { components } = require('/app/sbom.cdx.json');
       console.log(JSON.stringify(components.map(({ name, version }) => name + '@' + version).sort()))`,
    )) as readonly string[];
    const there = (await inside(
      `const { globSync } = require('node:fs');
       const found = globSync('/app/**/node_modules/{*,@*/*}/package.json').map((path) => require(path));
       console.log(JSON.stringify(found.map(({ name, version }) => name + '@' + version).sort()))`,
    )) as readonly string[];
    // A package installed twice in one version is listed once.
    expect(listed).toEqual([...new Set(there)]);
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      readonly packages: Readonly<
        Record<string, { readonly version: string; readonly dev?: true; readonly optional?: true }>
      >;
    };
    const production = Object.entries(lock.packages)
      .filter(([path, { dev, optional }]) => path !== '' && dev !== true && optional !== true)
      .filter(([path]) => lock.packages[path] !== undefined && !('devOptional' in lock.packages[path]))
      .map(([path, locked]) => `${path.replace(/^.*node_modules\//, '')}@${locked.version}`)
      .sort();
    expect(there).toEqual(production);
  });

  test('a second build from scratch has the same layers', async () => {
    const again = await build('--no-cache');
    const { RootFS } = await inspect(again);
    await docker('image', 'rm', again);
    expect(RootFS).toEqual((await inspect(image)).RootFS);
  }, 480_000);
});

test('demo', async () => {
  const seen = createSeenOutput();
  const demo = await new RestrictedContainer(image)
    .withCommand(['demo'])
    .withEnvironment({ NO_COLOR: '1' })
    .withExposedPorts(8080)
    .withLogConsumer((stream) => stream.on('data', seen.take))
    .withWaitStrategy(Wait.forLogMessage(/Codes and requests appear below/))
    .start();
  try {
    const origin = `http://${demo.getHost()}:${demo.getMappedPort(8080)}`;
    await smoke({ output: seen.text, see: seen.see, origin });
    expect(await demo.exec(['rolegate', 'version'])).toMatchObject({ output: `${version}\n` });
  } finally {
    await demo.stop({ timeout: 0 });
  }
});

describe(`two gateways, Auth API and Redis, read-only, without capabilities, as user ${user}`, () => {
  let stack: Stack;
  let bearer: string;
  const order = (origin: string, name = '7') =>
    fetch(`${origin}/orders/${name}`, { headers: { authorization: `Bearer ${bearer}` } });

  beforeAll(async () => {
    stack = await startStack(image);
    const codeOf = async (id: string) => (await stack.authApi.seen.see(printedCode(id)))[1]!;
    ({ bearer } = await signIn(stack.gateways[0]!.origin, codeOf));
  }, 120_000);
  afterAll(() => stack?.stop());

  test('nothing is writable', async () => {
    const { output, exitCode } = await stack.gateways[0]!.exec(
      'node',
      '-e',
      "require('fs').writeFileSync('/app/x', '')",
    );
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/EROFS|EACCES/);
  });

  test('an authorized request is served, and the other replica uses the verdict from Redis', async () => {
    for (const { origin } of stack.gateways) {
      const answer = await order(origin);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ path: '/orders/7', user: expect.stringMatching(/^[0-9a-f-]{36}$/) });
      expect((await fetch(`${origin}/orders/7`)).status).toBe(401);
    }
    const { output } = await stack.gateways[1]!.exec(
      'node',
      '-e',
      "fetch('http://127.0.0.1:9090/metrics').then((answer) => answer.text()).then(console.log)",
    );
    expect(output).toMatch(/^rolegate_revocations_connected 1$/m);
    expect(output).toMatch(/^rolegate_redis_operations_total\{operation="get",outcome="hit"\} [1-9]/m);
  });

  test('docker stop under load: requests in flight complete, and none fails', async () => {
    const origins = stack.gateways.map(({ direct }) => direct);
    const load = startBalancedLoad({ origins, path: '/orders/7', bearer, workers: 8 });
    try {
      await load.more(500);
      const [leaving] = stack.gateways;
      const slow = Array.from({ length: 4 }, () => order(leaving!.direct, 'slow').then(({ status }) => status));
      await stack.service.seen.see(/(?:slow\s+){4}/);
      const { container } = await getContainerRuntimeClient();
      const ofOne = container.getById(leaving!.id);
      await ofOne.stop({ t: 30 });
      expect(await Promise.all(slow)).toEqual([200, 200, 200, 200]);
      const { State } = await ofOne.inspect();
      expect(State).toMatchObject({ ExitCode: 0, OOMKilled: false });
      await load.more(500);
    } finally {
      await load.stop();
    }
    expect(load.failures).toEqual([]);
    expect(load.answered.every((count) => count > 100)).toBe(true);
  });
});
