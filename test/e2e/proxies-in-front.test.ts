/** The configurations of nginx and Caddy in docs/guides/existing-service.md, in front of the page's gateway. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from '../support/markdown-page.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningCommand, runCommand, runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const blocks = blocksOf(readFileSync('docs/guides/existing-service.md', 'utf8'));
const shown = (language: string, name: string) =>
  blocks.find((block) => block.language === language && block.names === name)!.text;

const folder = createConfigFolder();
let service: RecordingUpstream;
let gateway: RunningCommand;
let gatewayPort: number;

beforeAll(async () => {
  service = await startRecordingUpstream();
  const text = shown('yaml', 'gateway.yaml')
    .replace('"127.0.0.1:8080"', '"127.0.0.1:0"')
    .replace('"127.0.0.1:9090"', '"127.0.0.1:0"')
    .replace('"http://127.0.0.1:3000"', `"${service.origin}"`);
  gateway = runRolegate(['serve', '--config', folder.write('gateway.yaml', text)]);
  const [, started] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
  gatewayPort = JSON.parse(started!).listen.port;
});
afterAll(async () => {
  gateway.signal('SIGTERM');
  await gateway.ended;
  await service.close();
  folder.remove();
});

const proxies = [
  {
    name: 'nginx',
    version: ['-v'],
    file: () => folder.write('nginx.conf', onPorts(shown('nginx', 'nginx.conf'))),
    args: (file: string) => ['-e', 'stderr', '-p', dirname(file), '-c', file, '-g', 'daemon off;'],
  },
  {
    name: 'caddy',
    version: ['version'],
    file: () => folder.write('Caddyfile', onPorts(shown('caddyfile', 'Caddyfile'))),
    args: (file: string) => ['run', '--config', file, '--adapter', 'caddyfile'],
  },
];
let port: number;

function onPorts(text: string): string {
  return text.replace(/\b127\.0\.0\.1:8080\b/, `127.0.0.1:${gatewayPort}`).replace(/\b844[34]\b/, String(port));
}

/** From an address that is not a trusted proxy. */
async function ask(path: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const asked = request({ host: '127.0.0.1', port, path, headers, localAddress: '127.0.0.2', agent: false });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer;
}

describe.each(proxies)('$name', ({ name, version, file, args }) => {
  let proxy: RunningCommand;

  beforeAll(async () => {
    if (spawnSync(name, version).error !== undefined) skipHere(`no ${name}: install it to try what the page shows`);
    port = await freePort();
    proxy = runCommand(name, args(file()), { HOME: folder.write('home', ''), XDG_DATA_HOME: dirname(file()) });
    await vi.waitFor(async () => expect((await ask('/ready', {})).statusCode).toBe(200), { timeout: 15_000 });
  });
  afterAll(async () => {
    proxy?.signal('SIGTERM');
    await proxy?.ended;
  });

  test('the service receives the real client, scheme and host, and the original path', async () => {
    service.clear();
    const forged = {
      'x-forwarded-for': '10.9.9.9',
      'x-real-ip': '10.9.9.9',
      'user-id': 'root',
      host: 'shop.example.test',
    };
    expect((await ask('/a%20b/%C3%A9?x=%2F', forged)).statusCode).toBe(200);
    const seen = service.last();
    expect(seen.target).toBe('/a%20b/%C3%A9?x=%2F');
    // The client, and the proxy after it.
    expect(seen.header('x-forwarded-for')).toEqual(['127.0.0.2, 127.0.0.1']);
    expect(seen.header('x-real-ip')).toEqual(['127.0.0.2']);
    expect(seen.header('x-forwarded-proto')).toEqual(['http']);
    expect(seen.header('x-forwarded-host')).toEqual(['shop.example.test']);
    expect(seen.header('user-id')).toEqual([]);
  });

  test('refusals pass unchanged', async () => {
    service.clear();
    const refused = await ask('/api/orders', {});
    expect([refused.statusCode, refused.headers['x-error']]).toEqual([401, 'A credential is required']);
    expect(refused.headers['x-error-id']).toMatch(/^[0-9a-f-]{36}$/);
    for (const path of ['/api/%2e%2e/admin/users', '/api/..%2fadmin/users', '/api/..;/admin/users']) {
      expect([path, (await ask(path, {})).statusCode]).toEqual([path, 400]);
    }
    expect(service.requests).toEqual([]);
  });
});
