/** The Auth API of the chart: its data, its secrets, and how gateways reach it. */
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { find, type KubernetesObject, kindsOf, render } from './helm.ts';
import { podOf } from './pods.ts';
import { filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

const podSpec = (objects: readonly KubernetesObject[]) => podOf(find(objects, 'Deployment', '-auth-api')).spec;
const gatewayConfig = (objects: readonly KubernetesObject[]) =>
  parse(filesOf(find(objects, 'ConfigMap'))['gateway.yaml']!);
const ownConfig = (objects: readonly KubernetesObject[]) =>
  parse(filesOf(find(objects, 'ConfigMap', '-auth-api'))['auth-api.yaml']!);

describe('with SQLite', () => {
  const objects = () => render('auth-api-sqlite');

  test('is one process with a persistent volume', () => {
    expect(find(objects(), 'Deployment', '-auth-api')['spec']).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
    const claim = find(objects(), 'PersistentVolumeClaim', '-auth-api');
    expect(claim.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(claim['spec']).toEqual({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } });
    expect(podSpec(objects()).volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'edge-rolegate-auth-api' },
    });
    expect(podSpec(objects()).containers[0]?.volumeMounts).toContainEqual({
      name: 'data',
      mountPath: '/var/lib/rolegate',
    });
    expect(ownConfig(objects())).toMatchObject({ database: 'file:/var/lib/rolegate/auth.db' });
  });

  test('is reached by the gateway, which keeps its other settings', () => {
    expect(gatewayConfig(objects()).authApi).toEqual({
      url: 'http://edge-rolegate-auth-api:8081',
      gatewaySecret: { file: '/run/secrets/rolegate/gateway-secret' },
      timeout: '1s',
    });
    expect(find(objects(), 'Service', '-auth-api')['spec']).toMatchObject({
      type: 'ClusterIP',
      ports: [{ port: 8081 }],
    });
    expect(ownConfig(objects())).toMatchObject({ listen: ':8081', selfRegistration: true });
  });

  test('accepts an existing claim, a class, or no persistence', () => {
    const claims = (set: string, persistence: object) => {
      const all = render(set, { authApi: { database: { persistence } } });
      return [
        all.filter(({ kind }) => kind === 'PersistentVolumeClaim'),
        podSpec(all).volumes!.find(({ name }) => name === 'data'),
      ];
    };
    expect(claims('existing-configmap', {})).toEqual([
      [],
      { name: 'data', persistentVolumeClaim: { claimName: 'users' } },
    ]);
    expect(claims('auth-api-sqlite', { enabled: false })).toEqual([[], { name: 'data', emptyDir: {} }]);
    const [[claim]] = claims('everything', {}) as [KubernetesObject[]];
    expect(claim?.['spec']).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } });
    expect(claim?.metadata.annotations).toBeUndefined();
  });
});

describe('with PostgreSQL', () => {
  const objects = () => render('auth-api-postgres');

  test('has any number of replicas, with the URL from a secret', () => {
    expect(find(objects(), 'Deployment', '-auth-api')['spec']).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    expect(ownConfig(objects())).toMatchObject({
      database: { file: '/run/secrets/rolegate-auth-api/database-url' },
      secret: { file: '/run/secrets/rolegate-auth-api/auth-secret' },
    });
    expect(kindsOf(objects())).toContain('PodDisruptionBudget edge-rolegate-auth-api');
    expect(kindsOf(objects()).join()).not.toContain('PersistentVolumeClaim');
  });

  test('has the Redis of the gateways, and only the password of their secrets', () => {
    const redis = { cluster: ['redis-1:6379', 'redis-2:6379'], username: 'rolegate' };
    expect(gatewayConfig(objects()).cache).toEqual({
      secret: { file: '/run/secrets/rolegate/cache-secret' },
      redis: { ...redis, password: { file: '/run/secrets/rolegate/redis-password' } },
    });
    expect(ownConfig(objects()).redis).toEqual({
      ...redis,
      password: { file: '/run/secrets/rolegate-auth-api/redis-password' },
    });
    expect(podSpec(objects()).volumes).toContainEqual({
      name: 'secrets',
      projected: {
        defaultMode: 0o440,
        sources: [
          { secret: { name: 'auth-api-secrets' } },
          {
            secret: {
              name: 'edge-rolegate-gateway-secret',
              items: [{ key: 'gateway-secret', path: 'gateway-secret' }],
            },
          },
          { secret: { name: 'rolegate-secrets', items: [{ key: 'redis-password', path: 'redis-password' }] } },
        ],
      },
    });
  });

  test('serves its metrics on a separate port, for operators only', () => {
    expect(ownConfig(objects()).metrics).toBe(':9091');
    expect(find(objects(), 'ServiceMonitor', '-auth-api')['spec']).toMatchObject({
      endpoints: [{ port: 'metrics', path: '/metrics' }],
    });
    const { ingress } = find(objects(), 'NetworkPolicy', '-auth-api')['spec'] as { ingress: { ports: object[] }[] };
    expect(ingress.map(({ ports }) => ports)).toEqual([
      [{ port: 'http', protocol: 'TCP' }],
      [{ port: 'metrics', protocol: 'TCP' }],
    ]);
    expect(JSON.stringify(ingress[0])).not.toContain('monitoring');
    expect(JSON.stringify(ingress[1])).toContain('monitoring');
    expect(ownConfig(render('auth-api-sqlite'))).not.toHaveProperty('metrics');
  });
});

describe('the secret that it shares with gateways', () => {
  const key = 'gateway-secret';
  const item = { secret: { name: `edge-rolegate-${key}`, items: [{ key, path: key }] } };
  const secretsOf = (objects: readonly KubernetesObject[], of: string) => {
    const { volumes } = podOf(find(objects, 'Deployment', of)).spec;
    return volumes!.find(({ name }) => name === 'secrets');
  };

  test('is created by the chart, and mounted where both configurations expect it', () => {
    const objects = render('auth-api-sqlite');
    const made = find(objects, 'Secret', `-${key}`)['data'] as Record<string, string>;
    expect(Object.keys(made)).toEqual([key]);
    expect(Buffer.from(made[key]!, 'base64').toString()).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(ownConfig(objects).gatewaySecret).toEqual({ file: `/run/secrets/rolegate-auth-api/${key}` });
    for (const of of ['', '-auth-api'])
      expect(secretsOf(objects, of)).toMatchObject({ projected: { sources: expect.arrayContaining([item]) } });
  });

  test("is one of the gateway's secrets if a key is specified", () => {
    const objects = render('auth-api-sqlite', { authApi: { gatewaySecretKey: 'shared' } });
    expect(kindsOf(objects).join()).not.toContain(`-${key}`);
    expect(gatewayConfig(objects).authApi.gatewaySecret).toEqual({ file: '/run/secrets/rolegate/shared' });
    const own = { secret: { name: 'rolegate-secrets', items: [{ key: 'shared', path: 'shared' }] } };
    expect(secretsOf(objects, '-auth-api')).toMatchObject({ projected: { sources: expect.arrayContaining([own]) } });
  });

  test('does not exist without an Auth API of the chart', () => {
    expect(JSON.stringify(render('minimal'))).not.toContain(key);
  });
});

test('a gateway has none of its secrets', () => {
  const { volumes } = podOf(find(render('auth-api-sqlite'), 'Deployment')).spec;
  expect(JSON.stringify(volumes)).not.toContain('auth-api-secrets');
});

test('a change of its configuration or secrets replaces its pod', () => {
  const annotations = (changes: object) =>
    podOf(find(render('existing-configmap', changes), 'Deployment', '-auth-api')).annotations;
  const before = annotations({});
  expect(annotations({ authApi: { config: { selfRegistration: true } } })).not.toEqual(before);
  expect(annotations({ authApi: { secrets: { values: { 'auth-secret': 'e'.repeat(40) } } } })).not.toEqual(before);
  expect(annotations({ replicas: 5 })).toEqual(before);
});

test('everything that can be added to its pod is rendered', () => {
  const pod = podOf(find(render('everything'), 'Deployment', '-auth-api'));
  expect(pod.labels).toMatchObject({ tier: 'back', team: 'edge' });
  expect(pod.annotations).toMatchObject({ 'example.test/inject': 'false' });
  expect(pod.spec).toMatchObject({
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'edge', operator: 'Exists' }],
    containers: [
      {
        args: ['auth-api', '--config', '/etc/rolegate/auth-api.yaml'],
        env: [{ name: 'NODE_EXTRA_CA_CERTS' }],
        envFrom: [{ configMapRef: { name: 'auth-api-env' } }],
      },
    ],
  });
  expect(pod.spec).toHaveProperty('affinity.podAntiAffinity');
  expect(pod.spec.volumes).toContainEqual({ name: 'ca', configMap: { name: 'ca' } });
});
