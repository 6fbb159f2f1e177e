/** Git over HTTP: Git's own `git-http-backend` behind a minimal CGI server. The pusher is the gateway's user. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface GitService {
  readonly url: string;
  /** Subjects of the commits on `main` of a repository, newest first. */
  subjects(repository: string): string[];
  branches(repository: string): string[];
  close(): Promise<void>;
}

/** Serves the bare repositories in a folder, created here with one commit each. */
export async function startGitService(folder: string, repositories: readonly string[]): Promise<GitService> {
  const git = (...args: readonly string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' });
  for (const name of repositories) {
    const path = join(folder, name);
    git('init', '-q', '--bare', '-b', 'main', path);
    const identity = ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.test'];
    const tree = git('-C', path, 'hash-object', '-t', 'tree', '-w', '/dev/null').trim();
    const commit = git(...identity, '-C', path, 'commit-tree', tree, '-m', 'first').trim();
    git('-C', path, 'update-ref', 'refs/heads/main', commit);
  }
  const backend = join(git('--exec-path').trim(), 'git-http-backend');
  const server = createServer((request, response) => runBackend(backend, folder, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    subjects: (repository) => git('-C', join(folder, repository), 'log', '--format=%s', 'main').trim().split('\n'),
    branches: (repository) =>
      git('-C', join(folder, repository), 'for-each-ref', '--format=%(refname:short)', 'refs/heads').trim().split('\n'),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function runBackend(backend: string, folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://git');
  const { headers } = request;
  const child = spawn(backend, {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'] ?? '',
      CONTENT_LENGTH: headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      // Without it, nothing can be pushed.
      REMOTE_USER: String(headers['user-id'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin);
  child.stdin.on('error', () => request.resume());
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  child.on('close', () => sendCgi(Buffer.concat(output), response));
}

/** RFC 3875 section 6.2: a head with the status as `Status`, and the body. */
function sendCgi(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  for (const line of output.toString('latin1', 0, end).split('\r\n')) {
    const [name = '', value = ''] = line.split(/: (.*)/s);
    if (name === 'Status') response.statusCode = Number(value.slice(0, 3));
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}
