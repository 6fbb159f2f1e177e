/**
 * One small package, `example-tools` 1.2.3, as in an npm registry and in a pip index, and the first path of an image
 * registry. Records who requested what, by the gateway's identity headers.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface PackageService {
  readonly url: string;
  /** `user method path` of each request. */
  readonly requests: string[];
  close(): Promise<void>;
}

interface File {
  readonly type: string;
  readonly body: string | Buffer;
}

export async function startPackageService(folder: string): Promise<PackageService> {
  const requests: string[] = [];
  const archive = npmArchive(folder);
  const wheel = pythonWheel(folder);
  const fileAt = (path: string, origin: string): File | null => {
    if (path === '/example-tools') return { type: 'application/json', body: JSON.stringify(npmMetadata(origin)) };
    if (path === '/example-tools/-/example-tools-1.2.3.tgz') return { type: 'application/octet-stream', body: archive };
    if (path === '/simple/example-tools/') {
      return { type: 'text/html', body: `<!doctype html><a href="/files/${wheelName}">${wheelName}</a>` };
    }
    if (path === `/files/${wheelName}`) return { type: 'application/octet-stream', body: wheel };
    return path === '/v2/' || path.startsWith('/orders/') ? { type: 'application/json', body: '{}' } : null;
  };
  const server = createServer(({ method, url = '', headers }, response) => {
    requests.push(`${headers['user-id']} ${method} ${url}`);
    const file = fileAt(url, `http://${headers['x-forwarded-host']}`);
    response.writeHead(file === null ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' }).end(file?.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const manifest = { name: 'example-tools', version: '1.2.3', license: 'MIT' };

function npmMetadata(origin: string): unknown {
  const tarball = `${origin}/example-tools/-/example-tools-1.2.3.tgz`;
  return {
    name: 'example-tools',
    'dist-tags': { latest: '1.2.3' },
    versions: { '1.2.3': { ...manifest, dist: { tarball } } },
  };
}

function npmArchive(folder: string): Buffer {
  const place = join(folder, 'package');
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  execFileSync('tar', ['-czf', 'package.tgz', 'package'], { cwd: folder });
  return readFileSync(join(folder, 'package.tgz'));
}

const wheelName = 'example_tools-1.2.3-py3-none-any.whl';

/** A wheel is a zip file, which Python can write. */
function pythonWheel(folder: string): Buffer | string {
  const info = 'example_tools-1.2.3.dist-info';
  const files = {
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: example-tools\nVersion: 1.2.3\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  };
  const program =
    'import json,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],"w") as z:\n for n,t in json.loads(sys.argv[2]).items(): z.writestr(n,t)';
  const file = join(folder, wheelName);
  try {
    execFileSync('python3', ['-c', program, file, JSON.stringify(files)], { stdio: 'pipe' });
    return readFileSync(file);
  } catch {
    return '';
  }
}
