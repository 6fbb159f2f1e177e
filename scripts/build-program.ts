/**
 * `npm run build`, after the compiler has generated the types: bundles the program, because a command spends more time finding and
 * reading hundreds of small modules than running them. Packages are not bundled, except those that nearly every command needs
 * (docs/decisions/0016-program-in-few-files.md). An argument specifies another folder than `dist`.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { bundledLicenses } from './bundled-licenses.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const [, , place = join(root, 'dist')] = process.argv;
const inside: ReadonlySet<string> = new Set([
  ...['commander', 'picocolors', 'pino', 'prom-client', 'undici', 'yaml', 'zod'],
]);

/** `id`: as in imports, a package or a part of one. Whatever a bundled package imports is bundled, too. */
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
  // As with "minify" below: code that seems to have no effect may be a check, such as a call whose error refuses a request.
  treeshake: false,
  // These comments would contain paths of this machine.
  experimental: { attachDebugInfo: 'none' },
  // A missing package would have to be present when the program runs.
  onwarn: (warning) => {
    throw new Error(warning.message ?? String(warning));
  },
});
const { output } = await build.write({
  dir: resolve(place),
  format: 'esm',
  minify: false,
  // Node parses comments on every start; `licenses.txt`, below, contains the licenses.
  comments: false,
  // At the same depth as the sources that find files relative to themselves: `src/cli/packaged-file.ts`.
  chunkFileNames: 'chunks/[name].js',
  // Each file that is found, read and linked takes a third of a millisecond at every start.
  codeSplitting: {
    groups: [
      // One character beyond Latin-1 doubles the memory of its whole file, and these packages contain some.
      { name: 'zod', test: /node_modules[\\/]zod[\\/]/ },
      { name: 'yaml', test: /node_modules[\\/]yaml[\\/]/ },
      { name: 'pino', test: /node_modules[\\/]pino[\\/]/ },
      // What the command line knows of other rooms before it reads a command. In their files, `healthcheck` would load a gateway;
      // in its own, programs that embed a gateway would load the command line.
      {
        name: 'shared',
        test: /src[\\/](cli[\\/](version|exit-code)|core[\\/]url[\\/]form-texts|auth-api[\\/]store[\\/]store-errors)\.ts$|[\\/]picocolors[\\/]/,
      },
      { name: 'configuration', test: /src[\\/]cli[\\/]read-config\.ts$/ },
      // What tools and gateways decide with.
      {
        name: 'decision',
        test: /src[\\/](core|policy-tools[\\/](replay[\\/]decision-record|shadow[\\/]compare-decisions)|identity[\\/]sources[\\/](select-source|certificate[\\/]certificate-facts)|telemetry[\\/]log[\\/]ascii-json|authorizer[\\/]managed-headers)\b/,
      },
      { name: 'findings', test: /src[\\/]app[\\/]place-findings\.ts$/ },
      { name: 'gateway', test: /src[\\/]cli[\\/]serve\.ts$/ },
      { name: 'program', test: /src[\\/]cli[\\/]run\.ts$/ },
    ],
  },
});
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
writeFileSync(join(place, 'licenses.txt'), bundledLicenses(modules, []));
