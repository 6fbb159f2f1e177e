/** Files that the services serve, bodies that the clients send, and a repository for git. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const text = 'A line of text.\n'.repeat(100);
const modified = new Date('2026-01-01T00:00:00Z');

/** Below `folder`: `site`, `stored` and `bodies`. */
export function writeSite(folder: string): void {
  const site = join(folder, 'site');
  mkdirSync(join(site, 'folder'), { recursive: true });
  const content: Readonly<Record<string, string | Buffer>> = {
    'text.txt': text,
    'a b.txt': text,
    'folder/index.html': '<!doctype html><title>Index</title>\n',
    'large.bin': Buffer.alloc(1024 * 1024, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))),
  };
  for (const [name, bytes] of Object.entries(content)) {
    writeFileSync(join(site, name), bytes);
    utimesSync(join(site, name), modified, modified);
  }
  utimesSync(join(site, 'folder'), modified, modified);
  // Servers that start as root change to a user of their own.
  const stored = join(folder, 'stored');
  mkdirSync(stored);
  chmodSync(stored, 0o777);
  for (const name of ['small', 'large']) {
    writeFileSync(join(stored, name), '');
    chmodSync(join(stored, name), 0o666);
  }
  mkdirSync(join(folder, 'bodies'));
  writeBody(folder, 'empty', '');
  writeBody(folder, 'small', JSON.stringify({ text: 'ä', numbers: [1, 2, 3] }));
  writeBody(folder, 'form', 'a=1&b=%C3%A4&c=d+e');
  writeBody(folder, 'large', JSON.stringify({ text: 'x'.repeat(999_000) }));
}

export function writeBody(folder: string, name: string, bytes: string | Buffer): void {
  writeFileSync(join(folder, 'bodies', name), bytes);
}

const author = {
  GIT_AUTHOR_NAME: 'Ana',
  GIT_AUTHOR_EMAIL: 'ana@example.test',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'Ana',
  GIT_COMMITTER_EMAIL: 'ana@example.test',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

/** `repositories/app.git` with one commit, and requests for it: of protocol 0, the same compressed, and of protocol 2. */
export function writeRepository(folder: string): void {
  const path = join(folder, 'repositories/app.git');
  const env = { ...process.env, ...author };
  const git = (args: readonly string[], input = '') =>
    execFileSync('git', args, { encoding: 'utf8', env, input }).trim();
  git(['init', '-q', '--bare', '-b', 'main', path]);
  const blob = git(['-C', path, 'hash-object', '-w', join(folder, 'site/large.bin')]);
  const tree = git(['-C', path, 'mktree'], `100644 blob ${blob}\tlarge.bin\n`);
  const commit = git(['-C', path, 'commit-tree', tree, '-m', 'first']);
  git(['-C', path, 'update-ref', 'refs/heads/main', commit]);
  git(['-C', path, 'config', 'http.receivepack', 'true']);
  git(['-C', path, 'update-server-info']);
  execFileSync('chmod', ['-R', 'a+rX', join(folder, 'repositories')]);
  const want = `${packet(`want ${commit} no-progress\n`)}0000${packet('done\n')}`;
  writeBody(folder, 'want', want);
  writeBody(folder, 'want.gz', gzipSync(want));
  writeBody(folder, 'list', `${packet('command=ls-refs\n')}0001${packet('symrefs\n')}0000`);
}

/** A line of Git's protocol, after its length in hexadecimal. */
const packet = (line: string) => (line.length + 4).toString(16).padStart(4, '0') + line;

/** The body with which npm publishes a package of this name, with a large archive. */
export function writePublication(folder: string, name: string): string {
  const archive = Buffer.alloc(700_000, name);
  const file = `${name.split('/').at(-1)}-1.0.0.tgz`;
  const dist = {
    integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    shasum: createHash('sha1').update(archive).digest('hex'),
    tarball: `https://registry.example.test/${name}/-/${file}`,
  };
  const attachment = {
    content_type: 'application/octet-stream',
    data: archive.toString('base64'),
    length: archive.length,
  };
  const publication = {
    _id: name,
    name,
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name, version: '1.0.0', _id: `${name}@1.0.0`, dist } },
    _attachments: { [file]: attachment },
  };
  const body = JSON.stringify(publication);
  writeBody(folder, name.replace('/', '-'), body);
  return body;
}
