/**
 * The services of `docs/guides/verify-identity.md`, unchanged, behind a gateway: they accept the identity that it
 * sends, and no other. A language that is not installed is skipped; the Java service is only compiled, because its
 * library is missing here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { freePort } from '../../support/free-port.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import { runCommand } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { skipHere } from '../../support/skip-here.ts';

const blocks = blocksOf(readFileSync('docs/guides/verify-identity.md', 'utf8'));
const compileMs = 120_000;

let folder: string;
let authApi: FakeAuthApi;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-verify-'));
  authApi = await startFakeAuthApi();
  authApi.addSession('anas', { userId: 'ana', roles: ['user'] });
});
afterAll(async () => {
  await authApi.close();
  rmSync(folder, { recursive: true });
});

/** Writes the block of a kind to a file, and returns its path. */
function written(kind: string, name: string): string {
  const block = blocks.find(({ language, info }) => `${language} ${info}` === kind)!;
  const file = join(folder, name);
  const ours = pathToFileURL('src/verify.ts').href;
  writeFileSync(file, block.text.replace("'rolegate/verify'", `'${ours}'`));
  return file;
}

const works = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const python = () =>
  ['python3', '/usr/bin/python3'].find((one) => works(one, '-c', 'import jwt, cryptography')) ??
  skipHere('no Python with PyJWT and cryptography (Debian: apt-get install python3-jwt)');
const go = () =>
  works('go', 'list', 'slices') ? 'go' : skipHere('no Go 1.21 or newer (Debian 13: apt-get install golang-go)');
const java = () => (works('javac', '-version') ? 'java' : skipHere('no JDK (Debian: apt-get install default-jdk)'));

type Example = readonly [kind: string, name: string, command: () => readonly [string, ...string[]]];
const js: Example = ['js verify', 'service.mjs', () => [process.execPath]];
const py: Example = ['python verify', 'service.py', () => [python()]];

/** Well-formed, and from no gateway. */
const unknownKey = [{ alg: 'EdDSA', kid: 'unknown' }, { sub: 'ana' }, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

describe.each([js, py, ['go verify', 'main.go', () => [go(), 'run']] satisfies Example])(
  '%s',
  (kind, name, command) => {
    test.each(['EdDSA', 'ES256'])(
      '%s',
      async (algorithm) => {
        const [program, ...args] = command();
        const port = await freePort();
        const gateway = await startGateway(`version: 1
server: { listen: 127.0.0.1:0, admin: 127.0.0.1:0 }
authApi: { url: ${new URL(authApi.url).origin} }
identityAssertion: { issuer: "https://api.example.test", algorithm: ${algorithm} }
roles: { user: {} }
upstreams: { orders: { targets: ["http://127.0.0.1:${port}"] }, billing: { targets: ["http://127.0.0.1:${port}"] } }
routes:
  - { id: orders, match: { path: /orders }, upstream: orders, access: [user] }
  - { id: billing, match: { path: /billing }, upstream: billing, access: [user] }
`);
        const env = { ...process.env, PORT: String(port), JWKS_URL: `${gateway.admin}/.well-known/jwks.json` };
        const service = runCommand(program, [...args, written(kind, name)], env, { ownGroup: true });
        try {
          const direct = async (headers: Record<string, string> = {}) =>
            fetch(`http://127.0.0.1:${port}/`, { headers });
          await vi.waitFor(() => direct(), { timeout: compileMs });
          const headers = { authorization: 'Bearer anas' };
          const known = await fetch(`${gateway.origin}/orders`, { headers });
          expect([known.status, await known.text()], service.output()).toEqual([200, 'hello ana\n']);
          // Signed for another service.
          expect((await fetch(`${gateway.origin}/billing`, { headers })).status).toBe(401);
          for (const forged of [undefined, 'nonsense', 'e30.e30.e30', unknownKey])
            expect((await direct(forged === undefined ? {} : { 'x-rolegate-identity': forged })).status).toBe(401);
        } finally {
          service.signal('SIGKILL');
          await service.ended;
          await gateway.close();
        }
      },
      compileMs,
    );
  },
);

test.each([js, py])('%s: without the keys it is an outage, not a bad credential', async (kind, name, command) => {
  const [program, ...args] = command();
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), JWKS_URL: `http://127.0.0.1:${await freePort()}/` };
  const service = runCommand(program, [...args, written(kind, name)], env, { ownGroup: true });
  try {
    const status = async (header: string) =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-rolegate-identity': header } })).status;
    expect(await vi.waitFor(() => status('nonsense')), service.output()).toBe(401);
    expect(await status(unknownKey), service.output()).toBe(503);
  } finally {
    service.signal('SIGKILL');
    await service.ended;
  }
});

const parser = `import com.sun.source.util.JavacTask;
import java.nio.file.Path;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;

public class Parse {
    public static void main(String[] args) throws Exception {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var problems = new DiagnosticCollector<JavaFileObject>();
        try (var files = compiler.getStandardFileManager(problems, null, null)) {
            var units = files.getJavaFileObjects(Path.of(args[0]));
            ((JavacTask) compiler.getTask(null, files, problems, null, null, units)).parse();
        }
        problems.getDiagnostics().forEach(System.out::println);
        System.exit(problems.getDiagnostics().isEmpty() ? 0 : 1);
    }
}
`;

test("'java verify' is valid Java, and the control is not", { timeout: compileMs }, () => {
  const program = join(folder, 'Parse.java');
  writeFileSync(program, parser);
  const parse = (file: string) => spawnSync(java(), [program, file], { encoding: 'utf8' });
  const file = written('java verify', 'IdentityVerifier.java');
  const { status, stdout, stderr } = parse(file);
  expect(status, `${stdout}${stderr}`).toBe(0);
  writeFileSync(file, `${readFileSync(file, 'utf8')} }`);
  expect(parse(file).status).toBe(1);
});
