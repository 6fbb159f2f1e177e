/**
 * What the chart's containers run besides the program: the check of "helm test", and the start of the bundled Redis.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { runCommand, runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';
import { find, render } from './helm.ts';
import { podOf } from './pods.ts';
import { filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-container-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('helm test', () => {
  /** Runs the pod's command, with other addresses. */
  async function check(urls: readonly string[]): Promise<{ code: number | null; output: string }> {
    const { command = [], args = [] } = podOf(find(render('minimal'), 'Pod', '-test')).spec.containers[0]!;
    const running = runCommand(process.execPath, [...command.slice(1), args[0]!, ...urls]);
    return { code: await running.ended, output: running.output() };
  }

  test('checks the service, and every health endpoint', () => {
    const urls = (set: string) => podOf(find(render(set), 'Pod', '-test')).spec.containers[0]!.args!.slice(1);
    expect(urls('minimal')).toEqual(['http://edge-rolegate:80/rolegate-helm-test']);
    expect(urls('http-route')).toEqual(['http://edge-rolegate:8080/rolegate-helm-test']);
    expect(urls('monitoring')).toContain('http://edge-rolegate-admin:9090/health/ready');
    expect(urls('auth-api-sqlite')).toContain('http://edge-rolegate-auth-api:8081/health/ready');
    expect(find(render('minimal'), 'Pod', '-test').metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
  });

  test('passes with a gateway that runs the rendered configuration, and a healthy Auth API', async () => {
    const health = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(health, 'listening');
    const authApi = `http://127.0.0.1:${(health.address() as AddressInfo).port}`;
    const files = filesOf(find(render('minimal', { config: { authApi: { url: authApi } } }), 'ConfigMap'));
    writeFileSync(join(folder, 'token'), 'x'.repeat(40));
    const text = files['gateway.yaml']!.replace('listen: :8080', 'listen: 127.0.0.1:0')
      .replace('admin: :9090', 'admin: 127.0.0.1:0')
      .replace('/run/secrets/rolegate/admin-token', join(folder, 'token'));
    writeFileSync(join(folder, 'gateway.yaml'), text);
    const gateway = runRolegate(['serve', '--config', join(folder, 'gateway.yaml')]);
    try {
      const [, started] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
      const { listen, admin } = JSON.parse(started!);
      const url = `http://127.0.0.1:${listen.port}`;
      const good = await check([
        `${url}/rolegate-helm-test`,
        `http://127.0.0.1:${admin.port}/health/live`,
        `${authApi}/`,
      ]);
      expect(good.code, good.output).toBe(0);
      expect(good.output).toContain('/rolegate-helm-test: 404 ');
      const refused = await check([`${url}/orders/7`]);
      expect(refused.output).toContain('/orders/7: 401 ');
      expect(refused.code).toBe(0);
      // Any other server there is not a gateway.
      const other = await check([`${authApi}/rolegate-helm-test`]);
      expect(other).toMatchObject({ code: 1, output: expect.stringContaining('FAILED') });
      const sick = await check([`${url}/x`, `${url}/health/ready`]);
      expect(sick).toMatchObject({ code: 1, output: expect.stringContaining('FAILED') });
    } finally {
      gateway.signal('SIGKILL');
      health.close();
    }
  });

  test('fails without a response', async () => {
    const { code, output } = await check([`http://127.0.0.1:${await freePort()}/`]);
    expect(code).toBe(1);
    expect(output).toContain('no answer (ECONNREFUSED)');
  });
});

test('the bundled Redis requires its password, and has the intended memory limit and policy', async () => {
  if (spawnSync('redis-server', ['--version']).status !== 0) skipHere('no redis-server on the PATH');
  const { command = [] } = podOf(find(render('redis-bundled'), 'Deployment', '-redis')).spec.containers[0]!;
  const password = 'with "quotes", \\ and $(signs)';
  const port = await freePort();
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'password'), password);
  const script = command[2]!
    .replaceAll('/run/secrets/redis/', `${folder}/`)
    .replaceAll('/run/redis', join(folder, 'run'))
    .replace(/volatile-ttl\s*$/, `volatile-ttl --port ${port} --bind 127.0.0.1`);
  const server = runCommand('sh', ['-ec', script], { MAX_MEMORY: '64mb' });
  try {
    await server.see(/Ready to accept connections/);
    const connect = (secret: string) =>
      new Redis({ host: '127.0.0.1', port, password: secret, lazyConnect: true, retryStrategy: () => null });
    const known = connect(password);
    known.on('error', () => {});
    await known.connect();
    expect(await known.config('GET', 'maxmemory*')).toEqual(
      expect.arrayContaining(['maxmemory', String(64 * 1024 ** 2), 'maxmemory-policy', 'volatile-ttl']),
    );
    await known.quit();
    const stranger = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
    stranger.on('error', () => {});
    await expect(stranger.get('x')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
    server.signal('SIGTERM');
    expect(await server.ended, server.output()).toBe(0);
  } finally {
    server.signal('SIGKILL');
  }
});
