/**
 * docs/guides/kubernetes.md: every file of values renders, every command is known, and the first request runs
 * unchanged.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import { blocksOf, commandsOf } from '../support/markdown-page.ts';
import { runCommand, runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';
import { helmPath, type KubernetesObject, kindsOf, kubectlPath, objectsOf, runHelm } from './helm.ts';
import { callsOf, kubectlProblem, objectsNamedIn } from './kubectl-commands.ts';
import { nameProblems, valueProblems } from './kubernetes-schemas.ts';
import { danglingReferences } from './object-references.ts';
import { configProblems, filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const page = readFileSync('docs/guides/kubernetes.md', 'utf8');
const blocks = blocksOf(page);
const shell = blocks.filter(({ language }) => language === 'sh');
const commands = shell.flatMap(commandsOf);
const files = new Map(blocks.filter(({ names }) => names !== null).map(({ names, text }) => [names!, text]));
const valueFiles = [...files.keys()].filter((name) => /(^|\.)values\.yaml$/.test(name));
/** Objects created on the page, or existing at the reader's. */
const foreign = ['rolegate', 'rolegate-auth-api', 'rolegate-2', 'gateway-config', 'orders-client', 'checks'];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-guide-'));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

function renderFiles(names: readonly string[]): readonly KubernetesObject[] {
  const values = names.flatMap((name) => ['--values', join(folder, name)]);
  const { ok, output } = runHelm(['template', 'rolegate', 'helm', '--namespace', 'edge', ...values]);
  if (!ok) throw new Error(output);
  return objectsOf(output);
}

test('every block of YAML is a named file', () => {
  expect(blocks.filter(({ language, names }) => language === 'yaml' && names === null)).toEqual([]);
  expect(valueFiles.length).toBeGreaterThan(8);
});

test.each(valueFiles)('%s renders valid objects and a valid configuration', (name) => {
  const objects = renderFiles(name === 'values.yaml' ? [name] : ['values.yaml', name]);
  expect(objects.flatMap(valueProblems)).toEqual([]);
  expect(nameProblems(objects)).toBe('');
  expect(danglingReferences(objects, foreign)).toEqual([]);
  for (const map of objects.filter(({ kind }) => kind === 'ConfigMap'))
    expect(configProblems(filesOf(map))).toEqual([]);
});

test("they match the page's description", () => {
  const config = (name: string) => {
    const map = renderFiles(['values.yaml', name]).find(
      (object) => object.kind === 'ConfigMap' && 'gateway.yaml' in filesOf(object),
    )!;
    return parse(filesOf(map)['gateway.yaml']!);
  };
  expect(config('own-auth-api.values.yaml').authApi).toEqual({ url: 'http://accounts.users.svc:8081' });
  expect(config('rotated.values.yaml').cache).toMatchObject({
    secret: { file: '/run/secrets/rolegate/cache-secret' },
    previousSecret: { file: '/run/secrets/rolegate/cache-secret-1' },
  });
  expect(kindsOf(renderFiles(['values.yaml', 'production.values.yaml'])).join()).not.toContain('redis');
  const { rules } = parse(files.get('adapter.yaml')!);
  const usual = parse(readFileSync('helm/values.yaml', 'utf8'));
  expect(rules[0].name.as).toBe(usual.autoscaling.requestsMetric);
  expect(page).toContain(`\`preStopSeconds\` (${usual.preStopSeconds})`);
  expect(page).toContain(`\`drainDelaySeconds\` (${usual.drainDelaySeconds})`);
  expect(page).toContain(`\`drainSeconds\` (${usual.drainSeconds})`);
  const metric = /^(\w+)\{/.exec(rules[0].seriesQuery)![1];
  expect(readFileSync('docs/reference/metrics.md', 'utf8')).toContain(`\`${metric}\``);
});

describe('commands', () => {
  test('use only programs that are checked here', () => {
    expect(commands.length).toBeGreaterThan(20);
    const known = /^(helm|kubectl|curl|docker (build|push)|\w+="\$\((sed|kubectl) )/;
    expect(commands.filter((command) => !known.test(command))).toEqual([]);
    // Where a test builds the image.
    expect(readFileSync('test/e2e/image.test.ts', 'utf8')).toContain('build');
  });

  test('of helm exist, with their flags', () => {
    const calls = callsOf(
      'helm',
      `${commands.join('\n')}\n${[...page.matchAll(/`(helm [^`]+)`/g)].map(([, one]) => one).join('\n')}`,
    );
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) {
      const { status, stderr } = spawnSync(helmPath(), [...call.split(' ').slice(1), '--help'], { encoding: 'utf8' });
      expect(status, `${call}: ${stderr}`).toBe(0);
      for (const [, name] of call.matchAll(/--values (\S+)/g)) expect(valueFiles).toContain(name);
    }
  });

  test('of kubectl exist, and concern objects of the release or of the page', () => {
    const kubectl = kubectlPath() ?? skipHere('no kubectl: put one on the PATH');
    const text = `${commands.join('\n')}\n${[...page.matchAll(/`(kubectl [^`]+)`/g)].map(([, one]) => one).join('\n')}`;
    const calls = callsOf('kubectl', text);
    expect(calls.length).toBeGreaterThan(15);
    expect(calls.map((call) => kubectlProblem(kubectl, call)).filter((problem) => problem !== '')).toEqual([]);
    const known = [...kindsOf(renderFiles(['values.yaml'])), 'Secret rolegate', 'Deployment mail'];
    expect(calls.flatMap(objectsNamedIn).filter((one) => !known.includes(one))).toEqual([]);
  });

  test('create the secrets that the values need', () => {
    const kubectl = kubectlPath() ?? skipHere('no kubectl: put one on the PATH');
    const keys = (name: string) => {
      const command = commands.find((one) => one.includes(`create secret generic ${name} `))!;
      // A cluster substitutes the contents of another Secret.
      const line = command.replaceAll(/\$\(kubectl [^)]*\)/g, 'from-the-cluster').replace(/^kubectl/, `"${kubectl}"`);
      const { stdout, stderr } = spawnSync('sh', ['-c', `${line} --dry-run=client --output yaml`], {
        encoding: 'utf8',
      });
      if (stdout === '') throw new Error(stderr);
      return Object.keys(parse(stdout).data).sort();
    };
    expect(keys('rolegate')).toEqual(['admin-token', 'cache-secret', 'redis-password']);
    expect(keys('rolegate-2')).toEqual(['admin-token', 'cache-secret', 'cache-secret-1', 'redis-password']);
    expect(keys('rolegate-auth-api')).toEqual(['auth-secret']);
  });
});

/**
 * Both programs with the rendered configuration, run here: only addresses and paths of files differ, and Redis is
 * missing.
 */
test('the first request runs unchanged', async () => {
  const [gatewayPort, authPort, servicePort] = [await freePort(), await freePort(), await freePort()];
  const service = createServer((request, response) => {
    response.end(`User-Id: ${request.headers['user-id']}\n`);
  }).listen(servicePort, '127.0.0.1');
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'x'.repeat(40));
  const maps = renderFiles(['values.yaml']).filter(({ kind }) => kind === 'ConfigMap');
  const rendered = (name: string) => parse(filesOf(maps.find((map) => name in filesOf(map))!)[name]!);

  const authApi = rendered('auth-api.yaml');
  expect(authApi.mail.smtp).toBe('smtp://mail:1025');
  Object.assign(authApi, {
    listen: `127.0.0.1:${authPort}`,
    database: join(folder, 'auth.db'),
    secret: { file: secret },
    gatewaySecret: { file: secret },
  });
  delete authApi.redis;
  const gateway = rendered('gateway.yaml');
  Object.assign(gateway.server, {
    listen: `127.0.0.1:${gatewayPort}`,
    admin: '127.0.0.1:0',
    adminToken: { file: secret },
  });
  Object.assign(gateway.authApi, { url: `http://127.0.0.1:${authPort}`, gatewaySecret: { file: secret } });
  gateway.upstreams.orders.targets = [`http://127.0.0.1:${servicePort}`];
  delete gateway.cache;
  const authFile = join(folder, 'auth-api.yaml');
  const gatewayFile = join(folder, 'gateway.yaml');
  writeFileSync(authFile, stringify(authApi));
  writeFileSync(gatewayFile, stringify(gateway));

  const from = page.slice(0, page.indexOf('## 5. ')).split('\n').length;
  const to = page.slice(0, page.indexOf('## In front of it')).split('\n').length;
  const [first, second] = shell.filter(({ line }) => line > from && line < to);
  const program = `"${process.execPath}" "${join(process.cwd(), 'src/main.ts')}"`;
  const run = async (lines: readonly string[]) => {
    const text = lines
      .filter((line) => !/ port-forward /.test(line))
      .map((line) => line.replace(/kubectl [^$]* exec deployment\/\S+ -- node \/app\/dist\/main\.js/, program))
      .join('\n')
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${gatewayPort}`);
    const env = { ROLEGATE_AUTH_API_CONFIG: authFile };
    const running = runCommand('sh', ['-e', '-c', text], env, { cwd: folder });
    expect(await running.ended, running.output()).toBe(0);
    return running.output();
  };
  const processes = [runRolegate(['auth-api', '--config', authFile]), runRolegate(['serve', '--config', gatewayFile])];
  try {
    await processes[0]!.see(/Auth API started/);
    await processes[1]!.see(/"msg":"started"/);
    expect(await run(commandsOf(first!))).toMatch(/^HTTP\/1\.1 401 [\s\S]*x-error-id: /m);
    const shown = await run(commandsOf(second!));
    expect(shown).toContain('created the administrator ann@example.test');
    expect(shown).toMatch(/User-Id: [0-9a-f-]{36}/);
  } finally {
    for (const one of processes) one.signal('SIGKILL');
    await Promise.all(processes.map(({ ended }) => ended));
    service.close();
  }
});
