/**
 * Widely used clients, with the commands of `docs/guides/basic-clients.md`, through the gateway: each is allowed, but
 * not with a wrong credential. Hosts on the page are replaced by the gateway on loopback, without TLS.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { skipHere } from '../support/skip-here.ts';
import { installMs, need, needPackage, runClient } from './support/clients/client-programs.ts';
import { type GitService, startGitService } from './support/clients/git-service.ts';
import { type PackageService, startPackageService } from './support/clients/package-service.ts';

const token = 'tok_6Zr2NQpX0vJm4Wc8TyBd';
const readerToken = 'tok_reader9QpX0vJm4Wc8Ty';
const wrong = 'tok_wrong0QpX0vJm4Wc8TyB';
const secret = 'sec_K3Qv9XbT2mWz7LpR';

let folder: string;
let authApi: FakeAuthApi;
let git: GitService;
let packages: PackageService;
let bearers: RunningGateway;
let repositories: RunningGateway;
let keyPairs: RunningGateway;
let asksForBearers: RunningGateway;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-clients-'));
  authApi = await startFakeAuthApi();
  authApi.addSession(token, { userId: 'ci', roles: ['writer'] });
  authApi.addSession(readerToken, { userId: 'reader', roles: ['reader'] });
  authApi.addKeyPair('key-of-ci', secret, { userId: 'ci', roles: ['writer'] });
  mkdirSync(join(folder, 'repositories/team'), { recursive: true });
  git = await startGitService(join(folder, 'repositories'), ['team/app.git', 'team/sub/nested.git', 'team/tree/.git']);
  packages = await startPackageService(folder);
  bearers = await startGateway(config('bearer', true));
  repositories = await startGateway(gitConfig());
  keyPairs = await startGateway(config('keyPair', false));
  asksForBearers = await startGateway(config('bearer', false));
});
afterAll(async () => {
  await Promise.all([bearers, repositories, keyPairs, asksForBearers].map((gateway) => gateway.close()));
  await Promise.all([git.close(), packages.close(), authApi.close()]);
  rmSync(folder, { recursive: true });
});

const config = (basic: 'bearer' | 'keyPair', asksForBasic: boolean) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
credentials: { basic: ${basic} }
roles: { reader: {}, writer: { inherits: [reader] } }
upstreams: { packages: { targets: ["${packages.url}"] } }
routes:
  - { id: package, match: { path: "/{name}" }, upstream: packages, access: [reader] }
  - { id: archive, match: { path: "/{name}/-/{file}" }, upstream: packages, access: [reader] }
  - { id: index, match: { path: "/simple/**" }, upstream: packages, access: [reader] }
  - { id: files, match: { path: "/files/{file}" }, upstream: packages, access: [reader] }
  - { id: order, match: { path: "/orders/{id}" }, upstream: packages, access: [reader] }
  - { id: maven, match: { path: "/repository/**" }, upstream: packages, access: [reader] }
  - { id: images, match: { path: "/v2/**" }, upstream: packages, access: [reader]${asksForBasic ? ', challenges: [basic]' : ''} }
`;

const blocks = blocksOf(readFileSync('docs/guides/basic-clients.md', 'utf8'));
const kinds = ['sh clients', 'ini clients', 'python clients', 'xml clients'];
const pageText = blocks.filter(({ language, info }) => kinds.includes(`${language} ${info}`));
const pageRules = blocks.find(({ language, text }) => language === 'yaml' && text.includes('git-receive-pack'))!;

/** The block on the page that contains these words, for the test's gateway. */
function shown(words: string, gateway: RunningGateway): string {
  const found = pageText.find(({ text }) => text.includes(words));
  if (found === undefined) throw new Error(`no block with ${words}`);
  return found.text.replaceAll('https://', 'http://').replaceAll(/\b\w+\.example\.test/g, `127.0.0.1:${gateway.port}`);
}

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(folder, 'client-'));
  packages.requests.length = 0;
});

/** The rules of the page, or those that `edit` makes of them. */
const gitConfig = (edit = (rules: string) => rules) => `version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
upstreams: { git: { targets: ["${git.url}"] } }
${edit(pageRules.text.replaceAll('host: git.example.test, ', ''))}`;

const run = (script: string, env: NodeJS.ProcessEnv) => runClient(place, script, env);

/** Statuses of a gateway, with the reasons of its refusals, from a given log line on. */
const statusesOf = (gateway: RunningGateway, from: number) =>
  gateway
    .logLines()
    .slice(from)
    .filter(({ status }) => status !== undefined)
    .map(({ status, reason }) => (reason === undefined || reason === null ? status : `${status} ${reason}`));

describe('git', () => {
  beforeAll(() => need('git', '--version'));

  test('clones with a token in the URL, after a challenge', async () => {
    const from = repositories.logLines().length;
    const ran = await run(shown('git clone "https', repositories), { TOKEN: token });
    expect(ran.code, ran.output).toBe(0);
    expect(existsSync(join(place, 'app/.git'))).toBe(true);
    const [first, ...others] = statusesOf(repositories, from);
    expect(first).toBe('401 credential_missing');
    expect(new Set(others)).toEqual(new Set([200]));
  });

  test('clones and pushes with a credential helper', async () => {
    const ran = await run(shown('git push', repositories), { TOKEN: token });
    expect(ran.code, ran.output).toBe(0);
    expect(git.subjects('team/app.git').slice(0, 1)).toEqual(['second']);
  });

  test('control: a role without write access may clone', async () => {
    const before = git.subjects('team/app.git');
    const ran = await run(shown('git push', repositories), { TOKEN: readerToken });
    expect(ran.code).not.toBe(0);
    expect(ran.output).toContain('403');
    expect(existsSync(join(place, 'app/.git'))).toBe(true);
    expect(git.subjects('team/app.git')).toEqual(before);
  });

  test.each(['git clone "https', 'git push'])('control: a wrong token: %s', async (words) => {
    const ran = await run(shown(words, repositories), { TOKEN: wrong });
    expect(ran.code).not.toBe(0);
    expect(existsSync(join(place, 'app'))).toBe(false);
  });

  test('pushes more than its buffer contains', async () => {
    const script = `${shown('git clone "https', repositories)}
cd app && head -c 8000000 /dev/urandom > large && git add large
git -c user.name=CI -c user.email=ci@example.test commit -q -m large && git push -q origin main`;
    const ran = await run(script, { TOKEN: token });
    expect(ran.code, ran.output).toBe(0);
    expect(git.subjects('team/app.git').slice(0, 1)).toEqual(['large']);
  });

  /** Pushes a new branch to a repository at this path, with the token of a reader. */
  const readerPushes = (path: string, gateway: RunningGateway) =>
    run(
      `git clone -q "http://x:$TOKEN@127.0.0.1:${gateway.port}/${path}" tree && cd tree || exit 9
git -c user.name=R -c user.email=r@example.test commit -q --allow-empty -m read-only && git push -q origin HEAD:refs/heads/new`,
      { TOKEN: readerToken },
    );
  const elsewhere = ['team/sub/nested.git', 'team/tree/.git'];

  test.each(['team/app.git', ...elsewhere])('a reader cannot push to %s', async (path) => {
    const ran = await readerPushes(path, repositories);
    expect(ran.code).not.toBe(0);
    expect(git.branches(path)).toEqual(['main']);
  });

  // An escape that the gateway decodes, another letter case, and a path with more segments.
  test.each(['/team/app.git/git%2Dreceive-pack', '/team/app.git/Git-Receive-Pack', '/team/x/y.git/git-receive-pack'])(
    'a reader cannot send POST %s',
    async (path) => {
      const authorization = `Basic ${Buffer.from(`x:${readerToken}`).toString('base64')}`;
      const answer = await fetch(`http://127.0.0.1:${repositories.port}${path}`, {
        method: 'POST',
        headers: { authorization },
      });
      expect([403, 404, 405]).toContain(answer.status);
      expect(answer.headers.get('x-error-id')).not.toBeNull();
    },
  );

  // Readers could POST wherever `git-receive-pack` was not the third segment.
  test.each(elsewhere)('control: with rules that exclude one path, a reader pushes to %s', async (path) => {
    const excluding = await startGateway(
      gitConfig((rules) => rules.replace('{ GET: [reader] }', '{ GET: [reader], POST: [reader] }')),
    );
    const ran = await readerPushes(path, excluding);
    await excluding.close();
    expect(ran.code, ran.output).toBe(0);
    expect(git.branches(path)).toEqual(['main', 'new']);
  });
});

interface Client {
  readonly name: string;
  readonly prepare: () => void;
  readonly script: () => string;
  /** Requests to the service with a valid credential. */
  readonly asks: string;
}

const clients: readonly Client[] = [
  {
    name: 'curl -u',
    prepare: () => need('curl', '--version'),
    script: () => shown('ci:$TOKEN" https://api', bearers),
    asks: 'ci GET /orders/7',
  },
  {
    name: 'curl -u with a key pair',
    prepare: () => need('curl', '--version'),
    script: () => shown('$KEY:$SECRET', keyPairs),
    asks: 'ci GET /orders/8',
  },
  {
    name: "Python's requests",
    prepare: () => needPackage('python3-requests', 'python3', '-c', 'import requests'),
    script: () => `python3 - <<'EOF'\n${shown('import os', bearers)}EOF`,
    asks: 'ci GET /orders/7',
  },
  {
    name: 'pip',
    prepare: () => needPackage('python3-pip', 'pip', '--version'),
    script: () => shown('pip download', bearers),
    asks: 'ci GET /files/example_tools-1.2.3-py3-none-any.whl',
  },
  {
    name: 'npm',
    prepare: () => need('npm', '--version'),
    script: () => {
      writeFileSync(join(place, '.npmrc'), shown('_authToken', bearers));
      writeFileSync(join(place, 'package.json'), '{}');
      return shown('npm view', bearers);
    },
    asks: 'ci GET /example-tools/-/example-tools-1.2.3.tgz',
  },
  {
    name: 'docker',
    prepare: () => need('docker', 'info'),
    script: () => shown('docker login', bearers),
    asks: 'ci GET /v2/',
  },
  {
    name: 'skopeo',
    prepare: () => needPackage('skopeo', 'skopeo', '--version'),
    script: () => shown('skopeo login', bearers).replace('skopeo login', 'skopeo login --tls-verify=false'),
    asks: 'ci GET /v2/',
  },
];

describe.each(clients)('$name', ({ prepare, script, asks }) => {
  beforeAll(prepare, installMs);

  test('is allowed', async () => {
    const ran = await run(script(), { TOKEN: token, KEY: 'key-of-ci', SECRET: secret });
    expect(ran.code, ran.output).toBe(0);
    expect(packages.requests).toContain(asks);
  });

  test('control: with a wrong credential it is not', async () => {
    const ran = await run(script(), { TOKEN: wrong, KEY: 'key-of-ci', SECRET: wrong });
    expect(ran.code).not.toBe(0);
    expect(packages.requests).toEqual([]);
  });
});

describe('Maven', () => {
  beforeAll(() => needPackage('maven', 'mvn', '-v'), installMs);
  const look = async (env: NodeJS.ProcessEnv) => {
    writeFileSync(join(place, 'settings.xml'), shown('<settings>', bearers));
    const ran = await run(shown('mvn ', bearers), env);
    // Debian's package can be installed without its library for encoding passwords.
    if (ran.output.includes('NoClassDefFoundError')) skipHere('this Maven lacks a library (commons-codec)');
    return ran;
  };

  test('sends the password after a challenge', async () => {
    const from = bearers.logLines().length;
    await look({ TOKEN: token });
    // What it needs is missing there: it stops at the first plugin.
    expect(packages.requests[0]).toMatch(/^ci GET \/repository\/.+\.pom$/);
    expect(statusesOf(bearers, from)[0]).toBe('401 credential_missing');
  });

  test('control: with a wrong credential it gets nothing', async () => {
    const from = bearers.logLines().length;
    const ran = await look({ TOKEN: wrong });
    expect(ran.code).not.toBe(0);
    expect(statusesOf(bearers, from).slice(0, 2)).toEqual(['401 credential_missing', '401 credential_rejected']);
    expect(packages.requests).toEqual([]);
  });
});

test('control: a registry client takes a Bearer challenge for the address of a token server', async () => {
  needPackage('skopeo', 'skopeo', '--version');
  const script = shown('skopeo login', asksForBearers).replace('skopeo login', 'skopeo login --tls-verify=false');
  const ran = await run(script, { TOKEN: token });
  expect(ran.code).not.toBe(0);
  expect(ran.output).toContain('rolegate');
});
