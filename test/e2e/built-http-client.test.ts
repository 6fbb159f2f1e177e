/**
 * The HTTP client of the built program: with an Auth API and a service that offer HTTP/2 it uses HTTP/1.1, and it
 * trusts an authority configured in the system.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { buildProgram } from '../support/built-program.ts';
import { freePort } from '../support/free-port.ts';
import { certificate as cert, key } from '../support/localhost-certificate.ts';
import { sendRaw } from '../support/raw-client.ts';
import { type RunningCommand, runCommand } from '../support/running-command.ts';

const identity = {
  sessionID: '00000000-0000-4000-8000-000000000001',
  userID: '00000000-0000-4000-8000-000000000002',
  alias: 'ana',
  fullName: 'Ana Example',
  expireAt: Math.floor(Date.now() / 1000) + 3600,
  verified: true,
  roles: ['user'],
  groups: [],
};

let folder = '';
let server: Http2SecureServer | null = null;
let gateway: RunningCommand | null = null;

afterEach(async () => {
  gateway?.signal('SIGKILL');
  await gateway?.ended;
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an Auth API and a health check with TLS that offer HTTP/2', { timeout: 120_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-http-client-'));
  /** Path and version of all requests. */
  const asked: string[] = [];
  server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    asked.push(`${request.url} ${request.httpVersion}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(identity));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const port = await freePort();
  writeFileSync(join(folder, 'ca.pem'), cert);
  writeFileSync(
    join(folder, 'gateway.yaml'),
    `version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
authApi: { url: "${origin}" }
roles: { user: {} }
upstreams: { service: { targets: ["${origin}"], health: { path: "/live", interval: 1s } } }
routes: [{ id: all, match: { path: "/**" }, upstream: service, access: [user] }]
`,
  );
  gateway = runCommand(
    process.execPath,
    [buildProgram('http-client'), 'serve', '--config', join(folder, 'gateway.yaml')],
    { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
  );
  await gateway.see(/"msg":"started"/);
  for (const bearer of ['a', 'b']) {
    const head = `GET /things HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer ${bearer.repeat(64)}\r\n\r\n`;
    expect((await sendRaw(port, head)).status).toBe(200);
  }
  await vi.waitFor(() => expect(asked.some((one) => one.startsWith('/live '))).toBe(true), 10_000);
  expect(new Set(asked)).toEqual(new Set(['/api/auth/v2/session 1.1', '/things 1.1', '/live 1.1']));
});
