/**
 * Programs and packages that the suite needs. As root on Debian programs are installed with apt; packages are installed into a
 * cache. What is missing after that is a reason to skip.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { launchChromium, noChromium } from '../../support/chromium.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../../node_modules/.cache/rolegate/services/', import.meta.url));

/** Debian's packages by program. */
const debian = {
  apache2: 'apache2',
  curl: 'curl',
  git: 'git',
  go: 'golang-go',
  javac: 'default-jdk-headless',
  nginx: 'nginx',
  php: 'php-cli',
  'php-fpm': 'php-fpm',
  puma: 'puma',
  pip3: 'python3-pip',
  python3: 'python3',
  wget: 'wget',
} as const;

const pythonPackages = [
  'aiohttp>=3.10,<4',
  'gunicorn>=23,<24',
  'httpx>=0.27,<1',
  'jupyter_server>=2.14,<3',
  'requests>=2.32,<3',
  'uvicorn>=0.34,<1',
  'httptools>=0.6,<1',
];
const npmPackages = ['verdaccio@6'];

export type Need = keyof typeof debian | 'packages of Python' | 'Verdaccio' | 'chromium';

const missing = new Map<Need, string>();
let browser: Browser | null = null;
let pythonFolder = '';

/** Set by `prepareTools`. */
export const tools = {
  goServer: '',
  goClient: '',
  javaClasses: '',
  verdaccio: '',
  pythonEnvironment: {} as NodeJS.ProcessEnv,
  browser: (): Browser => browser!,
};

/** The reason for a skip; null if everything is there. */
export const missingOf = (needs: readonly Need[]): string | null =>
  needs.map((need) => missing.get(need)).find((reason) => reason !== undefined) ?? null;

/** Path of a program; null if there is none. Debian's php-fpm has its version in its name. */
export function findProgram(name: string): string | null {
  const pattern = new RegExp(`^${name}[\\d.]*$`);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'].filter((folder) => existsSync(folder));
  for (const folder of folders) {
    const found = readdirSync(folder).find((file) => file === name || (name === 'php-fpm' && pattern.test(file)));
    if (found !== undefined) return join(folder, found);
  }
  return null;
}

export async function prepareTools(): Promise<void> {
  const programs = Object.keys(debian) as (keyof typeof debian)[];
  const isMissing = (name: keyof typeof debian) => findProgram(name) === null;
  // The browser is installed with apt as well, so it comes after the others.
  const apt = installFromDebian(programs.filter(isMissing).map((name) => debian[name]));
  const fromNpm = installed('npm', npmPackages, installFromNpm).then(
    (folder) => {
      tools.verdaccio = join(folder, 'node_modules/verdaccio/bin/verdaccio');
    },
    (error: unknown) => missing.set('Verdaccio', unreachableIndex('npm', error)),
  );
  await apt;
  for (const name of programs.filter(isMissing))
    missing.set(name, `no ${name} (Debian: apt-get install ${debian[name]})`);
  browser = await launchChromium();
  if (browser === null) missing.set('chromium', noChromium);
  await Promise.all([fromNpm, preparePython(), prepareGo(), prepareJava()]);
}

export async function closeTools(): Promise<void> {
  await browser?.close();
}

async function installFromDebian(packages: readonly string[]): Promise<void> {
  if (packages.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const options = '-y -qq --no-install-recommends -o DPkg::Lock::Timeout=120';
  const script = `apt-get update -qq; apt-get install ${options} ${packages.join(' ')}`;
  // One installation at a time on this machine. RUNLEVEL=1: the packages' own services are not started.
  const lock = join(tmpdir(), 'rolegate-test-services-install.lock');
  const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
  // What could not be installed is missing afterwards, which is the reason for a skip.
  await run('flock', ['-w', '280', lock, 'sh', '-c', script], { env, timeout: 300_000, maxBuffer: 2 ** 26 }).catch(
    () => {},
  );
}

async function preparePython(): Promise<void> {
  const reason = missingOf(['python3', 'pip3']);
  if (reason !== null) {
    missing.set('packages of Python', reason);
    return;
  }
  const { stdout: version } = await run('python3', ['--version']);
  try {
    pythonFolder = await installed('python', [version, ...pythonPackages], (folder) => {
      const options = ['--quiet', '--no-compile', '--only-binary=:all:', '--retries=2', `--target=${folder}`];
      return run('python3', ['-m', 'pip', 'install', ...options, ...pythonPackages], { timeout: 300_000 });
    });
    tools.pythonEnvironment = { PYTHONPATH: pythonFolder };
  } catch (error) {
    missing.set('packages of Python', unreachableIndex('pip', error));
  }
}

async function installFromNpm(folder: string): Promise<void> {
  // One of its packages asks for `node-fetch` by a tag, which not every index has.
  await writeFile(join(folder, 'package.json'), '{"private":true,"overrides":{"node-fetch":"2"}}');
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  await run('npm', ['install', ...options, ...npmPackages], { cwd: folder, timeout: 300_000 });
}

async function prepareGo(): Promise<void> {
  if (missing.has('go')) return;
  const build = async (source: string, name: string) => {
    await mkdir(cache, { recursive: true });
    // Without C, for which there may be no compiler.
    const env = { ...process.env, CGO_ENABLED: '0' };
    await run('go', ['build', '-o', join(cache, name), join(here, source)], { env, timeout: 120_000 });
    return join(cache, name);
  };
  tools.goServer = await build('programs/server.go', 'go-server');
  tools.goClient = await build('clients/client.go', 'go-client');
}

async function prepareJava(): Promise<void> {
  if (missing.has('javac')) return;
  tools.javaClasses = join(cache, 'java');
  await run('javac', ['-d', tools.javaClasses, join(here, 'clients/Client.java')], { timeout: 120_000 });
}

/** The folder with these packages, from an earlier run or installed now. It appears under its name only when it is complete. */
async function installed(
  name: string,
  packages: readonly string[],
  install: (folder: string) => Promise<unknown>,
): Promise<string> {
  const key = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(cache, `${name}-${key}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'install-'));
  try {
    await install(fresh);
    // Another run may have been faster.
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}

const unreachable =
  /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENOTCACHED|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution/;

/** Only an index that cannot be reached is a reason to skip; throws any other error. */
function unreachableIndex(client: string, error: unknown): string {
  const { message = '', stderr = '' } = error as { message?: string; stderr?: string };
  if (!unreachable.test(message + stderr)) throw error;
  return `${client} does not reach its index`;
}
