/**
 * Widely used registries behind the gateway, and the clients that write to them with Basic: images with docker and
 * skopeo, packages with Maven. A role with write access is allowed; a read-only role and a wrong password are not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { installMs, need, needFile, needPackage, runClient } from './support/clients/client-programs.ts';
import { type ImageRegistry, startImageRegistry, writeEmptyImage } from './support/clients/image-registry.ts';
import {
  deployPlugin,
  deployVersion,
  type MavenRepository,
  startMavenRepository,
} from './support/clients/maven-repository.ts';

const writer = 'tok_6Zr2NQpX0vJm4Wc8TyBd';
const reader = 'tok_reader9QpX0vJm4Wc8Ty';
const wrong = 'tok_wrong0QpX0vJm4Wc8TyB';

let folder: string;
let place: string;
let authApi: FakeAuthApi;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-registries-'));
  authApi = await startFakeAuthApi();
  authApi.addSession(writer, { userId: 'ci', roles: ['writer'] });
  authApi.addSession(reader, { userId: 'reader', roles: ['reader'] });
});
afterAll(async () => {
  await authApi.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  place = mkdtempSync(join(folder, 'client-'));
});

const gatewayTo = (upstream: string, path: string, more: string) =>
  startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
credentials: { basic: bearer }
roles: { reader: {}, writer: { inherits: [reader] } }
upstreams: { registry: { targets: ["${upstream}"] } }
routes:
  - { id: registry, match: { path: "${path}" }, upstream: registry, access: { GET: [reader], "*": [writer] }, maxBody: unlimited${more} }
`);

const page = blocksOf(readFileSync('docs/guides/basic-clients.md', 'utf8'));

/** The block on the page that contains these words, for the test's gateway. */
function shown(words: string, { port }: RunningGateway): string {
  const found = page.find(({ text, info }) => info === 'clients' && text.includes(words));
  if (found === undefined) throw new Error(`no block with ${words}`);
  return found.text.replaceAll('https://', 'http://').replaceAll(/\b\w+\.example\.test/g, `127.0.0.1:${port}`);
}

describe('images', () => {
  let registry: ImageRegistry;
  let gateway: RunningGateway;
  beforeAll(async () => {
    needPackage('docker-registry', 'docker-registry', '--version');
    registry = await startImageRegistry(folder);
    gateway = await gatewayTo(registry.url, '/v2/**', ', challenges: [basic]');
    return async () => {
      await gateway.close();
      await registry.close();
    };
  }, installMs);

  describe('with skopeo', () => {
    beforeAll(() => needPackage('skopeo', 'skopeo', '--version'), installMs);
    const push = (name: string, token: string) => {
      writeEmptyImage(join(place, 'image'));
      const target = `docker://127.0.0.1:${gateway.port}/team/${name}:1`;
      const copy = 'skopeo --insecure-policy copy -q';
      const script = `${copy} --dest-tls-verify=false --dest-creds "ci:$TOKEN" oci:image:latest ${target}
${copy} --src-tls-verify=false --src-creds "ci:$TOKEN" ${target} dir:back`;
      return runClient(place, script, { TOKEN: token });
    };

    test('are pushed and pulled', async () => {
      const ran = await push('skopeo', writer);
      expect(ran.code, ran.output).toBe(0);
      expect(await registry.repositories()).toContain('team/skopeo');
      expect(existsSync(join(place, 'back/manifest.json'))).toBe(true);
    });

    test.each([
      ['a read-only role', reader, /403|denied/],
      ['a wrong token', wrong, /authentication required|unauthorized/],
    ])('control: not with %s', async (_name, token, said) => {
      const ran = await push('refused', token);
      expect(ran.code).not.toBe(0);
      expect(ran.output).toMatch(said);
      expect(await registry.repositories()).not.toContain('team/refused');
    });
  });

  describe('with docker', () => {
    beforeAll(() => need('docker', 'info'));
    const push = (name: string, token: string) => {
      const target = `127.0.0.1:${gateway.port}/team/${name}:1`;
      const script = `${shown('docker login', gateway)}
tar -cf empty.tar -T /dev/null && docker import empty.tar ${target}
trap 'docker rmi -f ${target}' EXIT
docker push -q ${target} && docker rmi ${target} && docker pull -q ${target}`;
      return runClient(place, script, { TOKEN: token });
    };

    test('are pushed and pulled', async () => {
      const ran = await push('docker', writer);
      expect(ran.code, ran.output).toBe(0);
      expect(await registry.repositories()).toContain('team/docker');
    });

    test.each([
      ['a read-only role', reader, /403|denied/],
      ['a wrong token', wrong, /401|unauthorized/],
    ])('control: not with %s', async (_name, token, said) => {
      const ran = await push('refused', token);
      expect(ran.code).not.toBe(0);
      expect(ran.output).toMatch(said);
      expect(await registry.repositories()).not.toContain('team/refused');
    });
  });
});

describe('packages with Maven', () => {
  let repository: MavenRepository;
  let gateway: RunningGateway;
  beforeAll(async () => {
    needPackage('maven', 'mvn', '-v');
    needFile('libmaven-deploy-plugin-java', deployPlugin);
    repository = await startMavenRepository();
    gateway = await gatewayTo(repository.url, '/repository/**', '');
    return async () => {
      await gateway.close();
      await repository.close();
    };
  }, 2 * installMs);
  const deploy = (token: string) => {
    repository.requests.length = 0;
    writeFileSync(join(place, 'settings.xml'), shown('<settings>', gateway));
    spawnSync('tar', ['-cf', 'tools.jar', '-T', '/dev/null'], { cwd: place });
    // The requested version is built into Maven.
    const named = `org.apache.maven.plugins:maven-deploy-plugin:${deployVersion()}:deploy-file`;
    const script = shown('deploy:deploy-file', gateway).replace('deploy:deploy-file', named);
    return runClient(place, script, { TOKEN: token });
  };

  test('are deployed, by a plugin downloaded through the gateway', async () => {
    const ran = await deploy(writer);
    expect(ran.code, ran.output).toBe(0);
    const jar = repository.deployed.get('org/example/tools/1.2.3/tools-1.2.3.jar');
    expect(jar).toEqual(readFileSync(join(place, 'tools.jar')));
    expect(repository.requests.filter((line) => /^ci GET 200 .+\.jar$/.test(line)).length).toBeGreaterThan(3);
    expect(repository.requests.every((line) => line.startsWith('ci '))).toBe(true);
  });

  test('control: a read-only role downloads, and deploys nothing', async () => {
    const ran = await deploy(reader);
    expect(ran.code).not.toBe(0);
    expect(ran.output).toContain('403');
    expect(repository.requests.some((line) => line.startsWith('reader GET 200 '))).toBe(true);
    expect(repository.requests.some((line) => line.includes(' PUT '))).toBe(false);
  });

  test('control: a wrong token gets nothing', async () => {
    const ran = await deploy(wrong);
    expect(ran.code).not.toBe(0);
    expect(repository.requests).toEqual([]);
  });
});
