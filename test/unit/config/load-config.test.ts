import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadAuthApiFile, loadConfig } from '../../../src/config/load-config.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'rolegate-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

test('a missing file is a problem at its first line', () => {
  const file = join(folder, 'none.yaml');
  expect(loadConfig(file, {})).toEqual({
    ok: false,
    problems: [{ file, line: 1, column: 1, message: 'the file does not exist', hint: null, frame: '' }],
  });
});

test.each([
  ['a folder', () => folder, 'this is a folder, not a file'],
  ['not UTF-8', () => write('latin.yaml', Uint8Array.of(0x76, 0xe9, 0x3a)), 'the file is not UTF-8 text'],
])('%s', (_, make, message) => {
  const result = loadConfig(make(), {});
  expect(result).toMatchObject({ ok: false, problems: [{ message }] });
});

test('refuses an endless device as a configuration or a secret', () => {
  expect(loadConfig('/dev/zero', {})).toMatchObject({
    ok: false,
    problems: [{ message: 'the file is larger than 16 MiB' }],
  });
  const file = write(
    'zero.yaml',
    'version: 1\nauthApi: { url: "http://a:1" }\ncache: { secret: { file: /dev/zero } }\nroutes: []\n',
  );
  expect(loadConfig(file, {})).toMatchObject({ ok: false, problems: [{ message: 'the secret file cannot be read' }] });
});

test('refuses a named pipe as a secret, without waiting for its writer', () => {
  const file = write(
    'pipe.yaml',
    'version: 1\nauthApi: { url: "http://a:1" }\ncache: { secret: { file: pipe } }\nroutes: []\n',
  );
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(loadConfig(file, {})).toMatchObject({ ok: false, problems: [{ message: 'the secret file cannot be read' }] });
});

test('reads a file with a byte order mark and CRLF', () => {
  const file = write('bom.yaml', '\ufeffversion: 1\r\nauthApi: { url: "http://a:1" }\r\nroutes: []\r\n');
  expect(loadConfig(file, {}).ok).toBe(true);
});

test("resolves secret files relative to the configuration's folder", () => {
  write('key', `${'k'.repeat(40)}\n`);
  const file = write(
    'secret.yaml',
    'version: 1\nauthApi: { url: "http://a:1" }\ncache: { secret: { file: key } }\nroutes: []\n',
  );
  const result = loadConfig(file, {});
  expect(result.ok && result.config.cache.secret).toBe('k'.repeat(40));
});

test('refuses a huge or binary secret file', () => {
  write('key', 'k'.repeat(70_000));
  const file = join(folder, 'secret.yaml');
  const refusal = { ok: false, problems: [{ line: 3, message: 'the secret file cannot be read' }] };
  expect(loadConfig(file, {})).toMatchObject(refusal);
  write('key', new Uint8Array(40).fill(0xff));
  expect(loadConfig(file, {})).toMatchObject(refusal);
});

test("the Auth API's own file", () => {
  const file = write('auth.yaml', `database: "file:./x.db"\nsecret: "\${S}"\nlisten: ":9999"\n`);
  expect(loadAuthApiFile(file, { S: 's'.repeat(32) })).toEqual({
    ok: true,
    config: {
      trustEveryPeer: false,
      listen: { host: '', port: 9999 },
      metrics: null,
      tls: null,
      metricsTls: null,
      clientsUnknown: true,
      tracing: null,
      settings: {
        ...authApiSettings,
        database: './x.db',
        secret: 's'.repeat(32),
        selfRegistration: false,
        outbox: 'none',
        trustedProxies: expect.any(Function),
      },
    },
  });
  expect(loadAuthApiFile(write('auth.yaml', 'databse: x\n'), {})).toMatchObject({
    ok: false,
    problems: [
      { line: 1, message: 'unknown key "databse"', hint: 'did you mean "database"?' },
      { line: 1, message: 'the key "database" is missing' },
      { line: 1, message: 'the key "secret" is missing' },
    ],
  });
});
