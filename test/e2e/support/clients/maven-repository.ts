/**
 * A Maven repository: the artifacts in Debian's packages, and deployed ones. Maven requests the plugin version that it
 * was built with, and gets the installed one.
 */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const root = '/usr/share/maven-repo';
const plugins = 'org/apache/maven/plugins';
/** Where `libmaven-deploy-plugin-java` installs the plugin. */
export const deployPlugin = join(root, plugins, 'maven-deploy-plugin');

/** The newest installed version. */
export const deployVersion = () =>
  readdirSync(deployPlugin)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1)!;

export interface MavenRepository {
  readonly url: string;
  /** `user method status path` of each request. */
  readonly requests: string[];
  /** By path below the repository. */
  readonly deployed: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

export async function startMavenRepository(): Promise<MavenRepository> {
  const requests: string[] = [];
  const deployed = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request;
    const path = url.replace('/repository/', '');
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (method === 'PUT') deployed.set(path, Buffer.concat(parts));
      const body = method === 'PUT' ? '' : (deployed.get(path) ?? fileAt(path));
      const status = method === 'PUT' ? 201 : body === null ? 404 : 200;
      requests.push(`${headers['user-id']} ${method} ${status} ${path}`);
      response.writeHead(status).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    deployed,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function fileAt(path: string): Buffer | string | null {
  if (path === `${plugins}/maven-metadata.xml`) return prefixes;
  if (path.split('/').includes('..')) return null;
  const file = join(root, path);
  return existsSync(file) && statSync(file).isFile() ? readFileSync(file) : null;
}

const prefixes =
  '<metadata><plugins><plugin><prefix>deploy</prefix><artifactId>maven-deploy-plugin</artifactId></plugin></plugins></metadata>';
