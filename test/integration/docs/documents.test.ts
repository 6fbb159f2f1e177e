/** The pages as their readers use them: configurations load, links resolve, commands run. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { projectFiles } from '../../architecture/project-files.ts';
import { documentBlocks, documentPages } from '../../support/document-blocks.ts';
import { freePort } from '../../support/free-port.ts';
import { anchorsOf, commandsOf, type FencedBlock, linksOf } from '../../support/markdown-page.ts';
import { environmentFor, problemsOf } from '../../support/page-configs.ts';
import { copyProject, type ProjectCopy } from '../../support/project-copy.ts';
import { runCommand } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

const files = projectFiles();
const pages = documentPages();
const blocks = documentBlocks();
const isConfig = ({ language, text }: FencedBlock) => /^ya?ml$/.test(language) && /^version: 1$/m.test(text);
/** Sessions with output (`console`) have their own tests. */
const isShell = ({ language }: FencedBlock) => language === 'sh';

test('the pages exist', () => {
  const paths = pages.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/concepts/paths.md']),
  );
});

test.each([
  ['docs/README.md', 'docs/', /^docs\/(?!README\.md$|decisions\/).+\.md$/],
  ['SECURITY.md', '', /^test\/security\/[\w-]+\.test\.ts$/],
] as const)('%s links to every page or test of its kind', (path, below, kind) => {
  const { text } = pages.find((one) => one.path === path)!;
  const led = new Set(linksOf(text).map((link) => normalize(join(below, link))));
  const all = files.filter((file) => kind.test(file));
  expect(all.length).toBeGreaterThan(10);
  expect(all.filter((file) => !led.has(file))).toEqual([]);
});

test('no page begins with how it is made', () => {
  const beginnings = pages.map(({ path, text }) => [path, text.split('\n').slice(0, 12).join('\n')] as const);
  expect(beginnings.filter(([, text]) => text.includes('do not edit')).map(([path]) => path)).toEqual([]);
});

describe('configurations', () => {
  const configs = blocks.filter(({ block }) => isConfig(block));

  test('the README shows one', () => {
    expect(configs.map(({ path }) => path)).toContain('README.md');
  });

  test.each(configs.map(({ path, block }) => [`${path}:${block.line}`, block.text] as const))('%s', (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test('control: one with a mistake has a problem', () => {
    const { block } = configs[0]!;
    expect(problemsOf(block.text.replace('routes:', 'route:'))).not.toEqual([]);
  });

  test("the README's embeds the Auth API, as its text states", () => {
    const { text } = pages.find(({ path }) => path === 'README.md')!;
    const [, embedded] = /set `authApi` to\s+`(\{ embedded: .+ \})`,\s+and add a public route/.exec(text)!;
    const { block } = configs.find(({ path }) => path === 'README.md')!;
    const changed = block.text
      .replace(/^authApi: .*$/m, `authApi: ${embedded}`)
      .replace(
        /^routes:\n/m,
        'routes:\n  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }\n',
      );
    expect(changed).toContain('outbox: console');
    expect(problemsOf(changed)).toEqual([]);
  });
});

describe('links', () => {
  const known = new Set(files.flatMap((path) => [path, ...foldersOf(path)]));

  /** Pages of standards and formats, which are permanent; no test requests them. */
  const standards = [
    'www.rfc-editor.org',
    'openid.net',
    'www.standardwebhooks.com',
    'fetch.spec.whatwg.org',
    'www.w3.org',
  ];

  /** Documentation of products that guides cover. */
  const products = [
    'agentgateway.dev',
    'auth0.com',
    'dadrus.github.io',
    'developer.konghq.com',
    'doc.traefik.io',
    'docs.aws.amazon.com',
    'docs.github.com',
    'docs.sigstore.dev',
    'gateway.envoyproxy.io',
    'github.com',
    'learn.microsoft.com',
    'oauth2-proxy.github.io',
    'www.authelia.com',
    'www.envoyproxy.io',
    'www.keycloak.org',
    'www.ory.com',
    'www.pomerium.com',
  ];

  function leadsToAKnownPlace(link: string): boolean {
    if (!URL.canParse(link) || new URL(link).protocol !== 'https:') return false;
    return [...standards, ...products].includes(new URL(link).host);
  }

  /** The fault of a link on a page; null if it resolves. */
  function fault(from: string, link: string): string | null {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return leadsToAKnownPlace(link) ? null : `${from}: ${link} leads elsewhere`;
    const [target = '', anchor] = link.split('#');
    const path = target === '' ? from : normalize(join(dirname(from), decodeURI(target))).replace(/\/$/, '');
    if (!known.has(path)) return `${from}: no ${path}`;
    if (anchor === undefined) return null;
    if (!path.endsWith('.md') || !existsSync(path) || !statSync(path).isFile()) return `${from}: no anchors in ${path}`;
    return anchorsOf(readFileSync(path, 'utf8')).has(anchor) ? null : `${from}: no #${anchor} in ${path}`;
  }

  test.each(pages.map(({ path, text }) => [path, text] as const))('%s', (path, text) => {
    expect(
      linksOf(text)
        .map((link) => fault(path, link))
        .filter((found) => found !== null),
    ).toEqual([]);
  });

  test('control: finds broken links', () => {
    const page =
      '# A b\n[0](http://www.rfc-editor.org/) [1](nowhere.md) [2](README.md#nothing) ![3](x.png)\n`[4](no-link)`\n[5]: other.md\n[6](#a-b)\n';
    expect(linksOf(page).map((link) => fault('README.md', link))).toEqual([
      'README.md: http://www.rfc-editor.org/ leads elsewhere',
      'README.md: no nowhere.md',
      'README.md: no #nothing in README.md',
      'README.md: no x.png',
      'README.md: no #a-b in README.md',
      'README.md: no other.md',
    ]);
    expect(anchorsOf(page)).toEqual(new Set(['a-b']));
    expect(anchorsOf('## `x`: what, and why?\n## Two\n## Two\n')).toEqual(new Set(['x-what-and-why', 'two', 'two-1']));
  });
});

describe('commands', () => {
  const commands = blocks
    .filter(({ block }) => isShell(block))
    .flatMap(({ path, block }) => commandsOf(block).map((command) => ({ path, block, command })));
  /** Commands that do not run here, and the file that runs them. */
  const elsewhere: Readonly<Record<string, string>> = {
    'npm ci && npm start': 'test/e2e/readme-curl.test.ts',
    'npm ci && npm test': '.ci/run',
    'npm ci': '.ci/run',
  };
  /** Pages whose commands run in one shell, in order. */
  const sessions = ['docs/guides/operate.md', 'docs/guides/revocation.md', 'docs/guides/shadow.md'].filter((path) =>
    files.includes(path),
  );
  /** Pages whose commands another file reads, and runs verbatim where the required services are available. */
  const pagesElsewhere: Readonly<Record<string, string>> = {
    'docs/guides/administer-users.md': 'test/integration/docs/administer-users-guide.test.ts',
    'docs/guides/backup-and-upgrade.md': 'test/e2e/backup-guide.test.ts',
    'docs/guides/basic-clients.md': 'test/e2e/real-clients.test.ts',
    'docs/guides/compose.md': 'test/unit/compose-page.test.ts',
    'docs/guides/one-host.md': 'test/e2e/one-host-guide.test.ts',
    'docs/guides/scale.md': 'bench/scale/scale-guide.test.ts',
    'docs/guides/kubernetes.md': 'test/chart/kubernetes-guide.test.ts',
    'docs/guides/redis.md': 'test/integration/redis/acl.test.ts',
    'docs/guides/verify-a-release.md': 'scripts/releasing/workflows.test.ts',
  };
  const ends = /^npm run -s rolegate -- (validate|routes|schema|version|--help)\b/;
  const serves = /^npm run -s rolegate -- serve\b/;

  let copy: ProjectCopy;
  beforeAll(() => {
    copy = copyProject({ installed: true });
  });
  afterAll(() => copy.remove());

  /** The configurations above a block, copied under the names that the page gives them. */
  function writeConfigs(path: string, before: number, change: (text: string) => string): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = {};
    for (const { block } of blocks.filter(
      (one) => one.path === path && isConfig(one.block) && one.block.line < before,
    )) {
      writeFileSync(join(copy.folder, block.names ?? 'gateway.yaml'), change(block.text));
      Object.assign(env, environmentFor(block.text));
    }
    return env;
  }

  test('each runs here, or is listed with the file that runs it', () => {
    expect(commands.length).toBeGreaterThan(3);
    const left = commands.filter(
      ({ path, command }) =>
        !sessions.includes(path) &&
        !Object.hasOwn(pagesElsewhere, path) &&
        !Object.hasOwn(elsewhere, command) &&
        !ends.test(command),
    );
    expect(
      left.filter(({ command }) => !serves.test(command)).map(({ path, command }) => `${path}: ${command}`),
    ).toEqual([]);
  });

  test.each(Object.entries(pagesElsewhere))('the commands of %s are read and run by %s', (path, file) => {
    expect(commands.some((one) => one.path === path)).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain(path);
  });

  test.each(Object.entries(elsewhere))('%s is on a page, and run by %s', (command, file) => {
    expect(commands.map((one) => one.command)).toContain(command);
    const text = readFileSync(file, 'utf8');
    for (const part of command.split(' && ')) {
      const words = part.split(' ').slice(1).join("', '");
      expect(text.includes(part) || text.includes(`'npm', ['${words}']`), part).toBe(true);
    }
  });

  const alone = commands.filter(({ path }) => !sessions.includes(path) && !Object.hasOwn(pagesElsewhere, path));
  const finite = alone.filter(({ command }) => ends.test(command));
  test.each(finite.map(({ path, block, command }) => [command, path, block.line] as const))(
    '%s (%s)',
    async (command, path, line) => {
      const env = writeConfigs(path, line, (text) => text);
      const running = runCommand('sh', ['-c', command], env, { cwd: copy.folder });
      const code = await running.ended;
      expect(code, running.output()).toBe(0);
      expect(running.output()).not.toBe('');
    },
    30_000,
  );

  const servers = alone.filter(({ command }) => serves.test(command));
  test.each(servers.map(({ path, block, command }) => [command, path, block.line] as const))(
    '%s (%s)',
    async (command, path, line) => {
      const env = writeConfigs(path, line, onFreePorts);
      const running = runCommand('sh', ['-c', `exec ${command}`], env, { cwd: copy.folder, ownGroup: true });
      try {
        const [, started] = await running.see(/^(\{.*"msg":"started".*\})$/m);
        const { listen } = JSON.parse(started!);
        expect((await fetch(`http://127.0.0.1:${listen.port}/no-such-route`)).status).toBe(404);
        running.signal('SIGTERM');
        expect(await running.ended, running.output()).toBe(0);
      } finally {
        running.signal('SIGKILL');
      }
    },
    30_000,
  );

  test.each(sessions)(
    'all of %s, in order',
    async (path) => {
      for (const tool of ['curl', 'openssl']) {
        if (spawnSync(tool, ['--version']).error !== undefined)
          skipHere(`no ${tool}: install it to run what pages show`);
      }
      const ports = new Map([
        ['8080', await freePort()],
        ['9090', await freePort()],
      ]);
      const moved = (text: string) => text.replaceAll(/(?<=:)(8080|9090)\b/g, (port) => String(ports.get(port)));
      writeConfigs(path, Number.POSITIVE_INFINITY, moved);
      const shown = blocks.filter((one) => one.path === path && isShell(one.block)).map(({ block }) => block.text);
      // The shell ends with what it started: with its exit code, or by stopping it when a command failed.
      const script = `trap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n${moved(shown.join('\n'))}\nwait $!\n`;
      const running = runCommand('sh', ['-e', '-c', script], {}, { cwd: copy.folder });
      expect(await running.ended, running.output()).toBe(0);
      expect(running.output()).toContain('rolegate_requests_total');
    },
    60_000,
  );

  test('control: a configuration with a mistake fails the command', async () => {
    writeFileSync(join(copy.folder, 'bad.yaml'), 'version: 1\n');
    const command = 'npm run -s rolegate -- validate bad.yaml';
    expect(await runCommand('sh', ['-c', command], {}, { cwd: copy.folder }).ended).toBe(1);
  }, 30_000);
});

test('npm scripts mentioned on pages exist', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = pages.flatMap(({ text }) =>
    [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name!),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  const short = ['start', 'test'];
  expect(Object.keys(scripts).filter((name) => !named.includes(name) && !short.includes(name))).toEqual([]);
});

/** The same configuration on free loopback ports. */
function onFreePorts(text: string): string {
  const document = parseDocument(text);
  document.setIn(['server', 'listen'], '127.0.0.1:0');
  document.setIn(['server', 'admin'], '127.0.0.1:0');
  return document.toString();
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
