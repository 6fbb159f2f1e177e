/** `compose.yaml`: it is valid, and the installation really serves, with every secret in a file. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { parseAuthApiFile, parseConfig } from '../../src/config/parse-config.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { type Composition, composition, useCompose } from './support/compose/docker-compose.ts';
import { docker, useImage } from './support/image/build-image.ts';
import { type Session, signIn } from './support/sign-in.ts';

const project = `rolegate-e2e-${process.pid}`;
const overridden = 'test/e2e/support/compose/override.yaml';
let copy: ProjectCopy;

interface ServiceEntry {
  readonly image: string;
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly read_only?: boolean;
  readonly volumes?: readonly { readonly source: string; readonly target: string }[];
  readonly deploy?: { readonly replicas?: number };
  readonly networks: Readonly<Record<string, unknown>>;
}
interface ComposeFile {
  readonly services: Readonly<Record<string, ServiceEntry>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

beforeAll(async () => {
  await useCompose();
  copy = copyProject({ installed: false });
  await promisify(execFile)('sh', ['compose/make-secrets.sh'], { cwd: copy.folder });
}, 180_000);
afterAll(() => copy?.remove());

const secretText = (name: string) => readFileSync(join(copy.folder, 'compose/secrets', name), 'utf8');

describe('the file', () => {
  let file: ComposeFile;
  let text: string;
  beforeAll(async () => {
    text = await composition(copy.folder, project, ['compose.yaml']).compose('config', '--format', 'json');
    file = JSON.parse(text) as ComposeFile;
  });

  test('is valid and has everything that an installation needs', () => {
    expect(Object.keys(file.services).sort()).toEqual([
      'auth-api',
      'gateway',
      'grafana',
      'mail',
      'orders',
      'postgres',
      'prometheus',
      'redis',
    ]);
    expect(file.services['gateway']).toMatchObject({ deploy: { replicas: 2 }, read_only: true });
  });

  test('specifies a version of every image that it does not build', () => {
    const images = Object.values(file.services).map(({ image }) => image);
    expect(images.filter((image) => !/^rolegate:local$|:v?\d+(\.\d+)*(-alpine)?$/.test(image))).toEqual([]);
  });

  test('takes every secret from a file that the script creates, and contains none', () => {
    const made = readdirSync(join(copy.folder, 'compose/secrets')).sort();
    expect(Object.keys(file.secrets).sort()).toEqual(made);
    for (const name of made) {
      expect(secretText(name).length).toBeGreaterThanOrEqual(64);
      expect(text).not.toContain(secretText(name));
    }
    expect(new Set(made.map(secretText)).size).toBe(made.length);
  });

  test('keeps existing secrets', async () => {
    const before = secretText('auth-secret');
    await promisify(execFile)('sh', ['compose/make-secrets.sh'], { cwd: copy.folder });
    expect(secretText('auth-secret')).toBe(before);
  });

  test('Git ignores them', async () => {
    const ignored = promisify(execFile)('git', ['check-ignore', 'compose/secrets/auth-secret']);
    expect((await ignored).stdout).toBe('compose/secrets/auth-secret\n');
  });

  test('Prometheus scrapes the admin port of every gateway, with the token', () => {
    const { scrape_configs: jobs, rule_files: rules } = parse(readFileSync('compose/prometheus.yaml', 'utf8'));
    expect(rules).toEqual(['alerts.yaml']);
    expect(file.services['prometheus']!.volumes).toContainEqual(
      expect.objectContaining({
        source: join(copy.folder, 'monitoring/alerts.yaml'),
        target: '/etc/prometheus/alerts.yaml',
      }),
    );
    expect(jobs).toEqual([
      {
        job_name: 'rolegate',
        authorization: { credentials_file: '/run/secrets/admin-token' },
        dns_sd_configs: [{ names: ['gateway'], type: 'A', port: 9090 }],
      },
    ]);
    expect(file.services['prometheus']!.secrets).toEqual([
      expect.objectContaining({ source: 'admin-token', target: '/run/secrets/admin-token' }),
    ]);
  });

  test('a trace collector is a profile, which the gateway and the Auth API can use', async () => {
    const own = composition(copy.folder, project, ['compose.yaml']);
    const { services } = JSON.parse(
      await own.compose('--profile', 'traces', 'config', '--format', 'json'),
    ) as ComposeFile;
    const collector = services['jaeger']!;
    expect(collector.image).toMatch(/:\d+(\.\d+)+$/);
    expect(Object.keys(file.services)).not.toContain('jaeger');
    const commented = /^# (?=tracing:)/m;
    const readSecret = (path: string) => secretText(basename(path));
    for (const [name, parseFile] of [
      ['gateway', parseConfig],
      ['auth-api', parseAuthApiFile],
    ] as const) {
      const shipped = readFileSync(`compose/${name}.yaml`, 'utf8');
      expect(shipped.match(commented)).not.toBeNull();
      const read = parseFile(shipped.replace(commented, ''), { file: `${name}.yaml`, env: {}, readSecret });
      if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join());
      const { hostname, port } = new URL(read.config.tracing?.endpoint ?? '');
      // The standard port of OTLP over HTTP.
      expect([hostname, port]).toEqual(['jaeger', '4318']);
      const networks = Object.keys(services[name]!.networks);
      expect(Object.keys(collector.networks).filter((network) => networks.includes(network))).toEqual(['traces']);
    }
    expect(Object.keys(services['orders']!.networks)).not.toContain('traces');
  });

  test('Grafana has Prometheus and the dashboards', () => {
    const sources = parse(readFileSync('compose/grafana.yaml', 'utf8'));
    expect(sources.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }]);
    const { providers } = parse(readFileSync('compose/grafana-dashboards.yaml', 'utf8'));
    const { path } = providers[0].options;
    const { volumes = [] } = file.services['grafana']!;
    const mounted = new Map(volumes.map(({ source, target }) => [target, source]));
    expect(mounted.get(path)).toBe(join(copy.folder, 'monitoring/dashboards'));
    for (const [folder, name] of [
      ['datasources', 'grafana'],
      ['dashboards', 'grafana-dashboards'],
    ] as const) {
      const target = `/etc/grafana/provisioning/${folder}/rolegate.yaml`;
      expect(mounted.get(target)).toBe(join(copy.folder, `compose/${name}.yaml`));
    }
  });
});

describe('the installation', () => {
  let running: Composition;
  let origins: string[];
  let session: Session;
  const order = (origin: string, method = 'GET') =>
    fetch(`${origin}/orders/7`, { method, headers: { authorization: `Bearer ${session.bearer}` } });

  /** Codes mailed so far, the newest last. */
  async function mailedCodes(): Promise<string[]> {
    const container = (await running.compose('ps', '--quiet', 'mail')).trim();
    const lines = (await docker('logs', container)).split('\n').filter((line) => line !== '');
    const mails = await Promise.all(lines.map((line) => simpleParser(JSON.parse(line).message)));
    return mails.flatMap(({ text }) => /\b\d{6}\b/.exec(text ?? '')?.[0] ?? []);
  }

  beforeAll(async () => {
    await useImage();
    running = composition(copy.folder, project, ['compose.yaml', overridden]);
    // With their dependencies. Prometheus and Grafana are not started: their images are not available here.
    await running.compose('up', '--build', '--wait', 'gateway');
    const ports = [1, 2].map((index) => running.compose('port', '--index', String(index), 'gateway', '8080'));
    origins = (await Promise.all(ports)).map((address) => `http://${address.trim()}`);
    let read = 0;
    session = await signIn(origins[0]!, async () => {
      read += 1;
      return await vi.waitFor(
        async () => {
          const code = (await mailedCodes())[read - 1];
          if (code === undefined) throw new Error('no mail yet');
          return code;
        },
        { timeout: 15_000, interval: 100 },
      );
    });
  }, 480_000);
  afterAll(async () => {
    await running?.compose('down', '--volumes', '--timeout', '0', '--remove-orphans');
  }, 60_000);

  test('serves a user who signed in with a mailed code, on both gateways', async () => {
    for (const origin of origins) {
      expect((await fetch(`${origin}/orders/7`)).status).toBe(401);
      const answer = await order(origin);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({
        method: 'GET',
        path: '/orders/7',
        'user-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        groups: 'public',
      });
      expect((await order(origin, 'DELETE')).status).toBe(403);
    }
  });

  test('metrics require the token', async () => {
    const ask = (headers: string) =>
      running.compose(
        'exec',
        '--no-TTY',
        'orders',
        'node',
        '-e',
        `fetch('http://gateway:9090/metrics', { headers: ${headers} }).then(async (a) => console.log(a.status, await a.text()))`,
      );
    expect(await ask('{}')).toMatch(/^401 /);
    const bearer = `{ authorization: 'Bearer ${secretText('admin-token')}' }`;
    expect(await ask(bearer)).toMatch(/^200 [\s\S]*rolegate_build_info/);
  });

  test('the documented command creates the first administrator', async () => {
    const [, line] = /^# {3}docker compose (exec auth-api .+)$/m.exec(readFileSync('compose.yaml', 'utf8'))!;
    const [command, ...rest] = line!.split(' ');
    expect(await running.compose(command!, '--no-TTY', ...rest)).toContain(
      'created the administrator ann@example.test',
    );
  });

  test('a sign-out on one gateway applies to the other at once', async () => {
    expect((await order(origins[1]!)).status).toBe(200);
    const signOut = await fetch(`${origins[0]}/api/auth/v2/session/${session.sessionID}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${session.bearer}` },
    });
    expect(signOut.status).toBe(202);
    await expect.poll(async () => (await order(origins[1]!)).status).toBe(401);
  });
});
