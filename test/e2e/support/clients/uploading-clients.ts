/** Clients that upload a file: each prints a line per upload, with the status that it has seen, or the error. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { need, needPackage } from './client-programs.ts';

export interface UploadingClient {
  readonly name: string;
  /** Installs or compiles it in the folder; otherwise the test is skipped. */
  prepare(folder: string): void;
  /** A script for the shell. */
  script(folder: string, url: string, file: string, count: number): string;
}

const programs = resolve('test/e2e/support/clients/uploads');

/** `upload`: a command without the URL; `URL` and `FILE` are replaced. */
function ofShell(program: string, upload: string): UploadingClient {
  return {
    name: program,
    prepare: () => needPackage(program, program, '--version'),
    script(_folder, url, file, count) {
      const command = upload.replace('URL', url).replace('FILE', file);
      return `for i in $(seq ${count}); do ${command} || echo lost; done`;
    },
  };
}

function ofProgram(name: string, prepare: UploadingClient['prepare'], start: (folder: string) => string) {
  return {
    name,
    prepare,
    script: (folder: string, url: string, file: string, count: number) =>
      `${start(folder)} ${JSON.stringify(name)} ${url} ${file} ${count}`,
  };
}

const prepareGo = (folder: string) => {
  need('go', 'version');
  const built = spawnSync('go', ['build', '-o', join(folder, 'upload-go'), join(programs, 'upload.go')], {
    stdio: 'inherit',
  });
  if (built.status !== 0) throw new Error('upload.go does not compile');
};

const prepareJava = (folder: string) => {
  need('javac', '-version');
  execFileSync('javac', ['-d', folder, join(programs, 'Upload.java')], { stdio: 'inherit' });
};

const python = (name: string) =>
  ofProgram(
    name,
    () => needPackage('python3', 'python3', '--version'),
    () => `python3 ${programs}/upload.py`,
  );
const node = (name: string) =>
  ofProgram(
    name,
    () => {},
    () => `${process.execPath} ${programs}/upload.mjs`,
  );
const java = (name: string) => ofProgram(name, prepareJava, (folder) => `java -cp ${folder} Upload`);

export const uploadingClients: readonly UploadingClient[] = [
  // It shows the status only among the headers.
  ofShell('wget', `(wget -q -S -t 1 -O /dev/null --post-file=FILE URL 2>&1 || true) | grep -o -m 1 'HTTP/1.1 [0-9]*'`),
  ofShell('curl', `curl -sS -o /dev/null -w '%{http_code}\\n' -H Expect: --data-binary @FILE URL`),
  python('http.client'),
  python('urllib'),
  node('node:http'),
  node('undici'),
  node('fetch'),
  node('fetch of a stream'),
  ofProgram('Go net/http', prepareGo, (folder) => join(folder, 'upload-go')),
  java('HttpClient'),
  java('HttpURLConnection'),
];
