/**
 * `npm run build`, after the compiler has made the types: bundles the program, since a command spends more time on finding
 * and reading hundreds of small modules than in them. Packages stay packages, but for those that nearly every command
 * needs (docs/decisions/0016-program-in-few-files.md). An argument names another folder than `dist`.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { bundledLicenses } from './bundled-licenses.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const [, , place = join(root, 'dist')] = process.argv;
const inside: ReadonlySet<string> = new Set(['cockatiel', 'commander', 'picocolors', 'pino', 'undici', 'zod']);

/** A name as imports have it: a package, or a part of one. What a package in the bundle imports goes into it, too. */
function staysPackage(id: string, importer = ''): boolean {
  return /^[a-z@]/.test(id) && !inside.has(id.split('/', 1)[0] ?? '') && !/[\\/]node_modules[\\/]/.test(importer);
}

const build = await rolldown({
  input: Object.fromEntries(
    ['main', 'index', 'verify', 'in-process'].map((name) => [name, join(root, 'src', `${name}.ts`)]),
  ),
  cwd: root,
  platform: 'node',
  external: staysPackage,
  // With "minify" below: what seems to be without effect may be a check, such as a call whose error refuses a request.
  treeshake: false,
  // Comments would tell where packages lie on this machine.
  experimental: { attachDebugInfo: 'none' },
  // A package that is not there would be looked for when the program runs.
  onwarn: (warning) => {
    throw new Error(warning.message ?? String(warning));
  },
});
const { output } = await build.write({
  dir: resolve(place),
  format: 'esm',
  minify: false,
  // Node reads them with each start; `licenses.txt`, below, has the licenses.
  comments: false,
  // As deep as the sources that find files by their own place: `src/cli/packaged-file.ts`.
  chunkFileNames: 'chunks/[name].js',
});
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
writeFileSync(join(place, 'licenses.txt'), bundledLicenses(modules, []));
