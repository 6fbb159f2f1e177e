/** The pods of gateways: how they start, report health, change their configuration and end. */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { find, type KubernetesObject, kindsOf, render, tryTemplate } from './helm.ts';
import { danglingReferences } from './object-references.ts';
import { type Container, type Pod, podOf } from './pods.ts';
import { filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const deployment = (objects: readonly KubernetesObject[]) => find(objects, 'Deployment');
const gatewayOf = (objects: readonly KubernetesObject[], kind = 'Deployment') => podOf(find(objects, kind));
const containerOf = (pod: Pod): Container => pod.spec.containers.find(({ name }) => name === 'gateway')!;
const configOf = (objects: readonly KubernetesObject[]) => filesOf(find(objects, 'ConfigMap'))['gateway.yaml']!;

test('minimal values create two gateways, their service, and their protection', () => {
  const objects = render('minimal');
  expect(kindsOf(objects)).toEqual([
    'ConfigMap edge-rolegate',
    'Deployment edge-rolegate',
    'NetworkPolicy edge-rolegate',
    'Pod edge-rolegate-test',
    'PodDisruptionBudget edge-rolegate',
    'Service edge-rolegate',
    'ServiceAccount edge-rolegate',
  ]);
  expect(deployment(objects)['spec']).toMatchObject({
    replicas: 2,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  });
  expect(containerOf(gatewayOf(objects))).toMatchObject({
    image: `registry.example.test/rolegate:${version}`,
    args: ['serve', '--config', '/etc/rolegate/gateway.yaml'],
    ports: [
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: 9090 },
    ],
  });
});

describe('names', () => {
  test('follow the release and the chart, unless one of them is overridden', () => {
    expect(kindsOf(render('minimal', { fullnameOverride: 'gate' }))).toContain('Deployment gate');
    expect(kindsOf(render('minimal', { nameOverride: 'gate' }))).toContain('Deployment edge-gate');
    // The release is called "edge".
    expect(kindsOf(render('minimal', { nameOverride: 'edge' }))).toContain('Deployment edge');
  });

  test('are part of the labels that select pods', () => {
    const objects = render('monitoring', { nameOverride: 'gate' });
    const names = objects.map(({ metadata }) => metadata.labels['app.kubernetes.io/name']);
    expect(new Set(names)).toEqual(new Set(['gate']));
    expect(danglingReferences(objects)).toEqual([]);
  });
});

test('a digest replaces the tag', () => {
  expect(containerOf(gatewayOf(render('daemonset'), 'DaemonSet')).image).toMatch(/\/rolegate@sha256:[0-9a-f]{64}$/);
});

test('a daemon set has no replicas, budget or spread', () => {
  const objects = render('daemonset');
  const spec = find(objects, 'DaemonSet')['spec'];
  expect(spec).not.toHaveProperty('replicas');
  expect(spec).toMatchObject({ updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  expect(kindsOf(objects).filter((name) => /Budget|Deployment/.test(name))).toEqual([]);
  expect(gatewayOf(objects, 'DaemonSet').spec).not.toHaveProperty('topologySpreadConstraints');
});

describe('health', () => {
  test('is checked over the network, where the port requires a token', () => {
    const objects = render('minimal');
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(gatewayOf(objects));
    expect(startupProbe?.httpGet).toEqual({ path: '/health/live', port: 'admin' });
    expect(livenessProbe?.httpGet).toEqual({ path: '/health/live', port: 'admin' });
    expect(readinessProbe?.httpGet).toEqual({ path: '/health/ready', port: 'admin' });
    expect(configOf(objects)).toContain('admin: :9090');
    expect(configOf(objects)).toContain('file: /run/secrets/rolegate/admin-token');
  });

  test('is checked in the container, where nothing else reaches the port', () => {
    const objects = render('loopback');
    const { livenessProbe, readinessProbe, ports } = containerOf(gatewayOf(objects));
    // The image has no other name for its program.
    const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8'))!;
    const program: string[] = JSON.parse(entrypoint!);
    const command = [...program, 'healthcheck', '--url', 'http://127.0.0.1:9090/health/live'];
    expect(livenessProbe?.exec?.command).toEqual(command);
    expect(readinessProbe?.exec?.command.at(-1)).toBe('http://127.0.0.1:9090/health/ready');
    expect(ports?.map(({ name }) => name)).toEqual(['http']);
    expect(configOf(objects)).toContain('admin: 127.0.0.1:9090');
    expect(configOf(objects)).not.toContain('adminToken');
  });
});

describe('the times of probes', () => {
  const times = (objects: readonly KubernetesObject[], suffix: string) => {
    const [container] = podOf(find(objects, 'Deployment', suffix)).spec.containers;
    return [container!.startupProbe, container!.livenessProbe, container!.readinessProbe];
  };

  test('have defaults that can each be set', () => {
    expect(times(render('minimal'), '')).toMatchObject([
      { periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 30 },
      { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
      { periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2 },
    ]);
    const objects = render('everything');
    expect(times(objects, '')).toMatchObject([
      { periodSeconds: 2, failureThreshold: 60 },
      { periodSeconds: 10, failureThreshold: 3 },
      { initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 2 },
    ]);
    expect(times(objects, '-auth-api')).toMatchObject([
      { periodSeconds: 2, failureThreshold: 900 },
      { periodSeconds: 10, timeoutSeconds: 9, failureThreshold: 3 },
      { periodSeconds: 5, failureThreshold: 2 },
    ]);
  });

  test.each([{ httpGet: { path: '/' } }, { periodSeconds: 0 }, { periodSeconds: '5s' }])('refuse %j', (readiness) => {
    const { ok, output } = tryTemplate(['minimal'], { probes: { readiness } });
    expect(ok).toBe(false);
    expect(output).toContain("at '/probes/readiness");
  });
});

test('lifecycle hooks are added, and a preStop hook replaces the wait', () => {
  const hooks = (changes: object) => containerOf(gatewayOf(render('minimal', changes))).lifecycle;
  const postStart = { exec: { command: ['node', '--version'] } };
  expect(hooks({ lifecycle: { postStart } })).toEqual({ postStart, preStop: { sleep: { seconds: 5 } } });
  expect(containerOf(gatewayOf(render('everything'))).lifecycle).toEqual({
    postStart,
    preStop: { httpGet: { path: '/wait', port: 8081 } },
  });
});

test('additional objects are templates, as YAML and as text', () => {
  const objects = render('everything');
  expect(find(objects, 'ConfigMap', '-more')['data']).toEqual({ mode: 'gateway' });
  expect(find(objects, 'Secret', '-text').metadata.labels).toMatchObject({ 'app.kubernetes.io/component': 'more' });
});

describe('the end of a pod', () => {
  test.each([
    ['minimal', 5, 20],
    ['in-place', 15, 60],
    ['loopback', 0, 20],
  ])('%s: continues for %i s, is unready for 2 s, drains for %i s, and has time for all', (set, wait, drain) => {
    const objects = render(set);
    const pod = gatewayOf(objects);
    expect(pod.spec.terminationGracePeriodSeconds).toBe(wait + 2 + drain + 5);
    expect(containerOf(pod).lifecycle).toEqual(wait === 0 ? undefined : { preStop: { sleep: { seconds: wait } } });
    expect(configOf(objects)).toContain('drainDelay: 2s');
    expect(configOf(objects)).toContain(`drainTimeout: ${drain}s`);
  });
});

test('files next to the configuration are YAML, or unchanged texts', () => {
  const text = '# bad\n192.0.2.7\n10.0.0.0/8\n';
  const objects = render('minimal', { configFiles: { 'more.yaml': { routes: [] }, 'blocked.txt': text } });
  const data = find(objects, 'ConfigMap')['data'] as Record<string, string>;
  expect(data['blocked.txt']).toBe(text);
  expect(data['more.yaml']).toBe('routes: []\n');
});

describe('a change', () => {
  const annotations = (set: string, changes: object = {}) => gatewayOf(render(set, changes)).annotations;

  test('of the configuration replaces the pods', () => {
    const before = annotations('minimal');
    expect(before['checksum/config']).toMatch(/^[0-9a-f]{64}$/);
    expect(annotations('minimal')).toEqual(before);
    expect(annotations('minimal', { config: { roles: { guest: {} } } })).not.toEqual(before);
    expect(annotations('minimal', { configFiles: { 'a.yaml': {} } })).not.toEqual(before);
  });

  test('in place keeps them, except for keys that need a restart', () => {
    const before = annotations('in-place');
    expect(before).not.toHaveProperty('checksum/config');
    expect(annotations('in-place', { config: { roles: { guest: {} }, log: null } })).toEqual(before);
    expect(annotations('in-place', { config: { log: { level: 'debug' } } })).not.toEqual(before);
    expect(annotations('in-place', { config: { server: { limits: { headers: 50 } } } })).not.toEqual(before);
    expect(annotations('in-place', { admin: { bind: 'loopback' } })).not.toEqual(before);
  });

  test('of secrets created by the chart replaces them, too', () => {
    const change = (token: string) => ({
      secrets: { existingSecret: '', values: { 'admin-token': token.repeat(40) } },
    });
    expect(annotations('in-place', change('a'))).not.toEqual(annotations('in-place', change('b')));
  });

  test('is visible to a process, because the folder is mounted, not a file', () => {
    const mounts = containerOf(gatewayOf(render('minimal'))).volumeMounts!;
    expect(mounts).toContainEqual({ name: 'config', mountPath: '/etc/rolegate', readOnly: true });
    for (const mount of mounts) expect(mount).not.toHaveProperty('subPath');
  });
});

describe('the configuration', () => {
  test('if it exists already, is mounted as a folder, or as a single file under the expected name', () => {
    expect(gatewayOf(render('existing-configmap')).spec.volumes).toContainEqual({
      name: 'config',
      configMap: { name: 'gateway-config' },
    });
    expect(gatewayOf(render('existing-config-secret')).spec.volumes).toContainEqual({
      name: 'config',
      secret: {
        secretName: 'gateway-config',
        defaultMode: 0o440,
        items: [{ key: 'production.yaml', path: 'gateway.yaml' }],
      },
    });
  });

  test('keeps numbers unchanged', () => {
    expect(configOf(render('redis-sentinel'))).toContain('maxAccepted: 1000000\n');
  });

  test('has files next to it', () => {
    expect(Object.keys(filesOf(find(render('in-place'), 'ConfigMap')))).toEqual(['gateway.yaml', 'orders.routes.yaml']);
  });

  test('contains no secret', () => {
    for (const set of ['redis-bundled', 'existing-configmap']) {
      for (const object of render(set).filter(({ kind }) => kind !== 'Secret')) {
        expect(JSON.stringify(object)).not.toMatch(/a{40}|b{40}|c{40}|d{40}/);
      }
    }
  });
});

test('everything that can be added to a pod is rendered', () => {
  const objects = render('everything');
  const pod = gatewayOf(objects);
  expect(pod.labels).toMatchObject({ team: 'edge', tier: 'front' });
  expect(pod.annotations).toMatchObject({ 'example.test/inject': 'false' });
  expect(pod.spec).toMatchObject({
    serviceAccountName: 'edge',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'edge', operator: 'Exists', effect: 'NoSchedule' }],
    priorityClassName: 'system-cluster-critical',
    initContainers: [{ name: 'wait' }],
    topologySpreadConstraints: [{ whenUnsatisfiable: 'DoNotSchedule' }],
  });
  expect(pod.spec).toHaveProperty('affinity.nodeAffinity');
  expect(pod.spec.containers.map(({ name }) => name)).toEqual(['gateway', 'logs']);
  const container = containerOf(pod);
  expect(container.args).toEqual([
    'serve',
    '--config',
    '/etc/rolegate/gateway.yaml',
    '--shadow',
    '/etc/candidate/gateway.yaml',
  ]);
  expect(container.env).toEqual([{ name: 'REGION', value: 'eu' }]);
  expect(container.envFrom).toEqual([{ secretRef: { name: 'rolegate-env' } }]);
  expect(container.volumeMounts).toContainEqual({ name: 'candidate', mountPath: '/etc/candidate', readOnly: true });
  expect(deployment(objects).metadata.annotations).toEqual({ 'example.test/team': 'edge' });
  expect(deployment(objects)['spec']).toMatchObject({ strategy: { rollingUpdate: { maxSurge: '50%' } } });
  for (const { metadata } of objects) expect(metadata.labels).toMatchObject({ team: 'edge' });
});

test('a process with its data in a file never has a second replica', () => {
  expect(deployment(render('embedded'))['spec']).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
});

test('gateways are spread over zones and nodes, but still start if that is impossible', () => {
  const { topologySpreadConstraints: spread } = gatewayOf(render('minimal')).spec;
  expect(spread).toMatchObject([
    { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
    { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
  ]);
});
