/** The npm package as its users get it: the contents of the tarball, and its behavior in an empty folder. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentWithNpm, findOldNode, unreachable } from '../support/machine-environment.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { runCommand } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';
import { embeddingProgram } from './support/embedding-program.ts';
import { smoke } from './support/smoke.ts';
import { verifyingService } from './support/verifying-service.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly bin: { readonly rolegate: string };
  readonly exports: Readonly<
    Record<'.' | './verify' | './middleware', { readonly types: string; readonly default: string }>
  >;
};
const freePorts = { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' };
/** More than needed today; far below what an accidental test or source map would add. */
const maxPackedBytes = 1_500_000;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let copy: ProjectCopy;
let packed: Packed;

beforeAll(async () => {
  copy = copyProject({ installed: true });
  const run = promisify(execFile);
  const { stdout } = await run('npm', ['run', '--silent', 'build:package', '--', '--json'], { cwd: copy.folder });
  const told: unknown = JSON.parse(stdout);
  // npm 11 prints a list of packages; later versions print an object by name.
  [packed] = Object.values(told as Readonly<Record<string, Packed>>) as [Packed];
}, 120_000);
afterAll(() => copy?.remove());

describe('the tarball', () => {
  const paths = () => packed.files.map(({ path }) => path);

  test('contains the program, its types, its configuration files and its licenses, and nothing else', () => {
    const configs = execFileSync('git', ['ls-files', 'config'], { encoding: 'utf8' }).trim().split('\n');
    const other = paths().filter(
      (path) => !/^dist\/(main|index|verify|in-process|chunks\/[^/]+)\.js$|^dist\/.*\.d\.ts$/.test(path),
    );
    const launchers = ['bin/node.cjs', bin.rolegate];
    const texts = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/licenses.txt', 'package.json'];
    expect(other.sort()).toEqual([...launchers, ...texts, ...configs].sort());
  });

  test('the types are exactly those that importers can reach', () => {
    const read = (path: string) => readFileSync(join(copy.folder, path), 'utf8');
    const reached = new Set(Object.values(exports).map(({ types }) => types.slice(2)));
    for (const path of reached) {
      for (const [, name = ''] of read(path).matchAll(/(?:from|import) ?\(?['"](\.[^'"]+)\.[jt]s['"]/g))
        reached.add(join(path, '..', `${name}.d.ts`));
    }
    const types = paths().filter((path) => /^dist\/.*\.d\.ts$/.test(path));
    expect(types.sort()).toEqual([...reached].sort());
  });

  test('the program uses every one of its files', () => {
    // Comments of packages mention types in their own files.
    const read = (path: string) => readFileSync(join(copy.folder, path), 'utf8').replace(/^\s*\*.*$/gm, '');
    const reached = new Set(['dist/main.js', ...Object.values(exports).map((one) => one.default.slice(2))]);
    for (const path of reached) {
      for (const [, name = ''] of read(path).matchAll(/(?:from|import) ?\(?"(\.[^"]+)"/g))
        reached.add(join(path, '..', name));
    }
    expect(
      paths()
        .filter((path) => path.endsWith('.js'))
        .sort(),
    ).toEqual([...reached].sort());
  });

  test('includes the licenses of bundled packages, and no path of the build machine', () => {
    const program = [...paths().filter((path) => path.endsWith('.js'))].map((path) =>
      readFileSync(join(copy.folder, path), 'utf8'),
    );
    const licenses = readFileSync(join(copy.folder, 'dist/licenses.txt'), 'utf8');
    expect(licenses.match(/^\S+ \d+\.\d+\.\d+$/gm)?.map((line) => line.split(' ')[0])).toEqual([
      '@opentelemetry/api',
      '@pinojs/redact',
      'atomic-sleep',
      'bintrees',
      'commander',
      'on-exit-leak-free',
      'picocolors',
      'pino',
      'pino-std-serializers',
      'prom-client',
      'quick-format-unescaped',
      'safe-stable-stringify',
      'sonic-boom',
      'tdigest',
      'thread-stream',
      'undici',
      'yaml',
      'zod',
    ]);
    for (const text of program) expect(text).not.toContain(copy.folder);
    for (const text of program) expect(text).not.toContain(root);
  });

  test('has every file that package.json refers to', () => {
    const exported = Object.values(exports).flatMap(({ types, default: main }) => [types.slice(2), main.slice(2)]);
    expect(paths()).toEqual(expect.arrayContaining([bin.rolegate, ...exported]));
  });

  test(`weighs less than ${maxPackedBytes / 1e6} MB`, () => {
    process.stdout.write(`tarball: ${packed.size} bytes, ${packed.files.length} files\n`);
    expect(packed.size).toBeLessThan(maxPackedBytes);
  });
});

describe.each(['10', '11'])('installed in an empty folder by npm %s', (version) => {
  let env: NodeJS.ProcessEnv;
  let folder: string;
  beforeAll(async () => {
    env = environmentWithNpm(version);
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-package-')));
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
    const tarball = join(copy.folder, 'build', packed.filename);
    // Five minutes of silence, npm's default, exceed the whole test's timeout.
    const impatient = ['--fetch-timeout=15000', '--fetch-retries=5', '--fetch-retry-mintimeout=1000'];
    const install = runCommand('npm', ['install', '--prefer-offline', ...impatient, tarball], env, { cwd: folder });
    if ((await install.ended) === 0) return;
    if (unreachable.test(install.output())) skipHere('npm does not reach its registry');
    throw new Error(install.output());
  }, 170_000);
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }, 170_000);

  async function compileAndRun(file: string): Promise<{ readonly status: number | null; readonly output: string }> {
    const compilerOptions = {
      strict: true,
      target: 'es2024',
      module: 'nodenext',
      noEmit: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      // The types of Node, which a service has; taken from here, so they are not installed again.
      typeRoots: [join(root, 'node_modules/@types')],
      types: ['node'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    const compile = runCommand(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], env, { cwd: folder });
    if ((await compile.ended) !== 0) return { status: 1, output: compile.output() };
    const run = runCommand(process.execPath, [file], env, { cwd: folder });
    return { status: await run.ended, output: run.output() };
  }

  test('npx rolegate demo, on whatever Node the machine has', async () => {
    const demo = runCommand('npx', ['rolegate', 'demo'], { ...env, ...freePorts }, { cwd: folder, ownGroup: true });
    try {
      await smoke(demo);
      demo.signal('SIGINT');
      await demo.see(/finishing requests in flight/);
      await demo.ended;
    } finally {
      demo.signal('SIGKILL');
    }
  });

  test('the command works on an older Node, without npm', async () => {
    const old = findOldNode() ?? skipHere('no Node older than 26 on the PATH');
    const command = runCommand(old, ['node_modules/.bin/rolegate', 'version'], env, { cwd: folder });
    expect(await command.ended, command.output()).toBe(0);
    expect(command.output()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('on an older Node, the program itself states its requirement in one line, and exits with 2', async () => {
    const old = findOldNode() ?? skipHere('no Node older than 26 on the PATH');
    const command = runCommand(old, ['node_modules/rolegate/dist/main.js', 'version'], env, { cwd: folder });
    expect(await command.ended).toBe(2);
    expect(command.output()).toMatch(/^rolegate needs Node 26 or newer; this is Node \d+\.\d+\.\d+\n$/);
  });

  test('a TypeScript service verifies identities with its imports from rolegate/verify', async () => {
    writeFileSync(join(folder, 'service.ts'), verifyingService);
    const { status, output } = await compileAndRun('service.ts');
    expect(status, output).toBe(0);
    expect(output.split('\n').slice(0, -1)).toEqual(['ann user', 'invalid', 'missing']);
  });

  test('a TypeScript program that embeds decider and gateway compiles and runs', async () => {
    writeFileSync(join(folder, 'embed.ts'), embeddingProgram);
    const { status, output } = await compileAndRun('embed.ts');
    expect(status, output).toBe(0);
    expect(output.split('\n').slice(0, -1)).toEqual([
      'refused credential_missing',
      'allowed order',
      'refused credential_rejected',
      expect.stringMatching(/^gateway 401 \S/),
    ]);
  });
});
