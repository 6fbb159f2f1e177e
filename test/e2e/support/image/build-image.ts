/** This project's image, built with `docker build`; where that is impossible the tests are skipped. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { dockerWith } from '../../../support/docker.ts';
import { skipHere } from '../../../support/skip-here.ts';

export const baseImage = 'node:26-trixie-slim';
export const redisImage = 'redis:8-alpine';
const tag = 'rolegate:e2e';

/** Output of one `docker` command; rejects with the output. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** For `beforeAll`: its tag. A second call is cheap: the engine keeps the layers. */
export async function useImage(): Promise<string> {
  for (const image of [baseImage, redisImage]) {
    if ((await dockerWith(image)) === null) skipHere(`no Docker engine that has ${image} or can pull it`);
  }
  try {
    await docker('buildx', 'version');
  } catch {
    skipHere('no docker command with BuildKit (Debian: apt-get install docker-cli docker-buildx)');
  }
  try {
    await docker('version');
  } catch {
    skipHere('no Docker engine answers the docker command');
  }
  await build('--tag', tag);
  return tag;
}

/** npm may be configured for a registry on this machine, so the build uses its network. */
export function build(...args: readonly string[]): Promise<string> {
  return docker('build', '--quiet', '--network=host', ...args, '.');
}
