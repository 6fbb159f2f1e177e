/**
 * `npm run build:binary`: the whole program as one executable, for hosts without Node. The sources are bundled into one module.
 * Node puts the module and the program's files into a copy of itself: the Node that runs this script, so the executable is for the
 * same system and processor.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';
import { packagedFiles } from '../src/cli/packaged-file.ts';
import { bundledLicenses } from './bundled-licenses.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const output = join(root, 'build', 'rolegate');
/** The only source that finds a file relative to itself; the executable finds its files differently. */
const findsFiles = join('src', 'cli', 'packaged-file.ts');
/** How sources load a package lazily. */
const loader = 'const load = createRequire(import.meta.url);';
const loads = /\bload\('([^']+)'\)/g;

/** Adapts the sources to a single module, or reports the one that does not fit. */
const oneModule: Plugin = {
  name: 'one-module',
  transform(code, id) {
    if (!id.startsWith(join(root, 'src') + sep)) return null;
    const path = id.slice(root.length);
    const fitting = code.includes(loader) ? code.replace(loader, '').replaceAll(loads, "require('$1')") : code;
    if (fitting !== code && /\bload\(/.test(fitting))
      this.error(`${path} loads a package in another way than this script knows`);
    if (fitting.includes('import.meta') && path !== findsFiles) {
      this.error(`${path} uses import.meta, which means another file in the executable: see ${findsFiles}`);
    }
    return fitting;
  },
};

/** Returns the paths of everything that the bundle contains. */
async function bundle(file: string): Promise<string[]> {
  const build = await rolldown({
    input: join(root, 'src', 'main.ts'),
    cwd: root,
    platform: 'node',
    plugins: [oneModule],
    // As with "minify" below: code that seems to have no effect may check a request (docs/decisions/0016-program-in-few-files.md).
    treeshake: false,
    // A package that is not in the bundle would have to be on the host.
    onwarn: (warning) => {
      throw new Error(warning.message ?? String(warning));
    },
  });
  const { output: chunks } = await build.write({ file, format: 'esm', codeSplitting: false, minify: false });
  return chunks.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

/** The package of the Node that goes into the executable, unless Node was installed differently. */
function nodesPackage(): string[] {
  const folder = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(folder, 'package.json')) ? [folder] : [];
}

const folder = mkdtempSync(join(tmpdir(), 'rolegate-binary-'));
try {
  const main = join(folder, 'rolegate.mjs');
  const modules = await bundle(main);
  const config = join(folder, 'sea.json');
  writeFileSync(
    config,
    JSON.stringify({
      main,
      mainFormat: 'module',
      output,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      assets: Object.fromEntries(packagedFiles.map((path) => [path, join(root, path)])),
    }),
  );
  mkdirSync(join(root, 'build'), { recursive: true });
  execFileSync(process.execPath, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(`${output}.licenses.txt`, bundledLicenses(modules, nodesPackage()));
  // The system refuses to run a file that was changed after signing.
  if (process.platform === 'darwin') execFileSync('codesign', ['--force', '--sign', '-', output]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`build/rolegate ${process.platform}-${process.arch} ${statSync(output).size} bytes\n`);
