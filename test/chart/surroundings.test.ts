/** The surroundings of gateways: services, external access, scaling, the network, metrics. */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { find, type KubernetesObject, kindsOf, render, valueSets } from './helm.ts';
import { filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

const specOf = (objects: readonly KubernetesObject[], kind: string, suffix = '') => find(objects, kind, suffix)['spec'];
const pods = (component: string) => ({
  podSelector: {
    matchLabels: {
      'app.kubernetes.io/name': 'rolegate',
      'app.kubernetes.io/instance': 'edge',
      'app.kubernetes.io/component': component,
    },
  },
});
const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };

describe('the service', () => {
  test('leads to the port of clients', () => {
    expect(specOf(render('minimal'), 'Service')).toMatchObject({
      type: 'ClusterIP',
      ports: [{ name: 'http', port: 80, targetPort: 'http', appProtocol: 'http' }],
    });
    expect(specOf(render('daemonset'), 'Service')).toMatchObject({ internalTrafficPolicy: 'Local' });
  });

  test('can be a load balancer', () => {
    expect(specOf(render('load-balancer'), 'Service')).toMatchObject({
      type: 'LoadBalancer',
      ports: [{ port: 443, nodePort: 30443 }],
      loadBalancerClass: 'example.test/nlb',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      externalTrafficPolicy: 'Local',
    });
  });

  test.each(valueSets)('%s: nothing that clients reach leads to the admin port', (set) => {
    const objects = render(set);
    const admin = objects.filter(({ kind, spec }) => kind === 'Service' && JSON.stringify(spec).includes('admin'));
    // A headless one for Prometheus, which has the token.
    expect(admin.map(({ metadata }) => metadata.name)).toEqual(
      set === 'monitoring' || set === 'scoped-tokens' ? ['edge-rolegate-admin'] : [],
    );
    for (const { spec } of admin) expect(spec).toMatchObject({ type: 'ClusterIP', clusterIP: 'None' });
    for (const { spec } of objects.filter(({ kind }) => kind === 'Ingress' || kind === 'HTTPRoute')) {
      expect(JSON.stringify(spec)).not.toMatch(/admin|9090/);
    }
  });
});

test('an ingress routes every path of its hosts to the service', () => {
  const path = {
    path: '/',
    pathType: 'Prefix',
    backend: { service: { name: 'edge-rolegate', port: { name: 'http' } } },
  };
  expect(specOf(render('ingress'), 'Ingress')).toEqual({
    ingressClassName: 'nginx',
    tls: [{ secretName: 'api-tls', hosts: ['api.example.test'] }],
    rules: [
      { host: 'api.example.test', http: { paths: [path] } },
      { host: '*.api.example.test', http: { paths: [path] } },
    ],
  });
});

test('an ingress and a Gateway API route can select one path of their hosts', () => {
  const ingress = render('ingress', { ingress: { path: '/api(/|$)', pathType: 'ImplementationSpecific' } });
  expect(specOf(ingress, 'Ingress')).toMatchObject({
    rules: [
      { host: 'api.example.test', http: { paths: [{ path: '/api(/|$)', pathType: 'ImplementationSpecific' }] } },
      { host: '*.api.example.test', http: { paths: [{ path: '/api(/|$)', pathType: 'ImplementationSpecific' }] } },
    ],
  });
  expect(specOf(render('http-route', { httpRoute: { path: '/api' } }), 'HTTPRoute')).toMatchObject({
    rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/api' } }] }],
  });
});

test('a Gateway API route does the same', () => {
  expect(specOf(render('http-route'), 'HTTPRoute')).toEqual({
    parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'https' }],
    hostnames: ['api.example.test'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ name: 'edge-rolegate', port: 8080 }],
      },
    ],
  });
});

describe('scaling', () => {
  test('uses CPU and requests', () => {
    const objects = render('autoscaling');
    expect(specOf(objects, 'HorizontalPodAutoscaler')).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'edge-rolegate' },
      minReplicas: 3,
      maxReplicas: 12,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        {
          type: 'Pods',
          pods: {
            metric: { name: 'rolegate_requests_per_second' },
            target: { type: 'AverageValue', averageValue: '2000' },
          },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    });
    expect(specOf(objects, 'Deployment')).not.toHaveProperty('replicas');
    expect(specOf(objects, 'PodDisruptionBudget')).toMatchObject({ maxUnavailable: '25%' });
  });

  test('uses one of them', () => {
    const only = (autoscaling: object) => specOf(render('autoscaling', { autoscaling }), 'HorizontalPodAutoscaler');
    expect(only({ targetRequestsPerSecond: 0 })).toMatchObject({ metrics: [{ type: 'Resource' }] });
    expect(only({ targetCPUUtilizationPercentage: 0 })).toMatchObject({ metrics: [{ type: 'Pods' }] });
  });
});

test('one replica has no budget, which would prevent its node from being drained', () => {
  expect(kindsOf(render('embedded')).join()).not.toContain('PodDisruptionBudget');
  expect(kindsOf(render('minimal', { podDisruptionBudget: { enabled: false } })).join()).not.toContain('Budget');
});

describe('the network', () => {
  test('allows everyone to reach the gateway, but not its admin port', () => {
    expect(specOf(render('minimal'), 'NetworkPolicy')).toMatchObject({
      ...pods('gateway'),
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: 'http', protocol: 'TCP' }] }],
    });
  });

  test('allows the listed peers, and Prometheus', () => {
    expect(specOf(render('monitoring'), 'NetworkPolicy')).toMatchObject({
      ingress: [
        {
          ports: [{ port: 'http' }],
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }, pods('test')],
        },
        { ports: [{ port: 'admin' }], from: [monitoring, pods('test')] },
      ],
    });
  });

  test('allows gateways only the necessary destinations', () => {
    expect(specOf(render('redis-bundled'), 'NetworkPolicy')).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        {
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
        { ports: [{ port: 6379 }], to: [pods('redis')] },
        { to: [{ podSelector: { matchLabels: { app: 'orders' } } }] },
      ],
    });
  });

  test('isolates Redis and the Auth API', () => {
    expect(specOf(render('redis-bundled'), 'NetworkPolicy', '-redis')).toMatchObject({
      ingress: [{ ports: [{ port: 'redis' }], from: [pods('gateway'), pods('auth-api')] }],
    });
    expect(specOf(render('auth-api-postgres'), 'NetworkPolicy', '-auth-api')).toMatchObject({
      ingress: [
        { ports: [{ port: 'http' }], from: [pods('gateway'), pods('test')] },
        { ports: [{ port: 'metrics' }], from: [monitoring] },
      ],
    });
  });

  test('has no policy if disabled', () => {
    expect(kindsOf(render('loopback')).join()).not.toContain('NetworkPolicy');
  });
});

test("Prometheus scrapes with the operators' token", () => {
  const objects = render('monitoring');
  const monitor = find(objects, 'ServiceMonitor');
  expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
  expect(monitor['spec']).toMatchObject({
    selector: { matchLabels: { 'app.kubernetes.io/component': 'admin' } },
    endpoints: [
      {
        port: 'admin',
        path: '/metrics',
        interval: '30s',
        relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
        metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'nodejs_.*', action: 'drop' }],
        authorization: { type: 'Bearer', credentials: { name: 'rolegate-secrets', key: 'admin-token' } },
      },
    ],
  });
  expect(find(objects, 'Service', '-admin').metadata.labels).toMatchObject({ 'app.kubernetes.io/component': 'admin' });
});

test('tokens of the admin port have scopes, and Prometheus can have its own', () => {
  const objects = render('scoped-tokens');
  const { server } = parse(filesOf(find(objects, 'ConfigMap'))['gateway.yaml']!);
  expect(server).toMatchObject({
    adminToken: { file: '/run/secrets/rolegate/admin-token' },
    adminTokens: {
      prometheus: { token: { file: '/run/secrets/rolegate/prometheus-token' }, scope: 'metrics' },
      support: { token: { file: '/run/secrets/rolegate/support-token' }, scope: 'read' },
    },
  });
  expect(specOf(objects, 'ServiceMonitor')).toMatchObject({
    endpoints: [{ authorization: { credentials: { name: 'rolegate-secrets', key: 'prometheus-token' } } }],
  });
});

test('one collector receives the traces of gateways and Auth API, which keep their other settings', () => {
  const objects = render('tracing');
  const [gateway, authApi] = [
    filesOf(find(objects, 'ConfigMap'))['gateway.yaml'],
    filesOf(find(objects, 'ConfigMap', '-auth-api'))['auth-api.yaml'],
  ].map((text) => parse(text!).tracing);
  const endpoint = 'http://otel-collector.monitoring.svc:4318/v1/traces';
  expect(gateway).toEqual({
    endpoint,
    sample: 0.05,
    headers: { authorization: { file: '/run/secrets/rolegate/otlp' } },
  });
  expect(authApi).toEqual({ endpoint, serviceName: 'accounts' });
  expect(parse(filesOf(find(render('minimal'), 'ConfigMap'))['gateway.yaml']!)).not.toHaveProperty('tracing');
});

test('Prometheus has the rules of monitoring/alerts.yaml, with runbooks at the location of the documentation', () => {
  const objects = render('monitoring');
  const rule = find(objects, 'PrometheusRule');
  expect(rule.metadata.labels).toMatchObject({ release: 'prometheus' });
  const own = readFileSync('monitoring/alerts.yaml', 'utf8');
  const base = 'runbook_url: https://wiki.example.test/rolegate/';
  expect(rule['spec']).toEqual(parse(own.replaceAll('runbook_url: ', base)));
  expect(find(render('monitoring', { prometheusRule: { runbookBase: '' } }), 'PrometheusRule')['spec']).toEqual(
    parse(own),
  );
  expect(kindsOf(render('minimal')).join()).not.toContain('PrometheusRule');
});

test('Grafana has each dashboard of monitoring/dashboards, by the label of its sidecar', () => {
  const maps = render('monitoring').filter(({ metadata }) => metadata.name.includes('-dashboard-'));
  const files = globSync('monitoring/dashboards/*.json').map((file) => basename(file));
  expect(maps.flatMap((map) => Object.keys(filesOf(map))).sort()).toEqual(files.sort());
  for (const map of maps) {
    expect(map.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(map.metadata.annotations).toEqual({ grafana_folder: 'Edge' });
    for (const [file, text] of Object.entries(filesOf(map))) {
      expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(`monitoring/dashboards/${file}`, 'utf8')));
    }
  }
  expect(kindsOf(render('minimal')).join()).not.toContain('dashboard');
});

test('the service account has no token, and can be an existing one', () => {
  expect(find(render('minimal'), 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
  expect(kindsOf(render('existing-config-secret')).join()).not.toContain('ServiceAccount');
});

test('optional values may be empty', () => {
  const empty = { redis: { settings: null }, authApi: { config: null }, secrets: { values: null }, configFiles: null };
  expect(kindsOf(render('minimal', empty))).toEqual(kindsOf(render('minimal')));
  expect(kindsOf(render('auth-api-sqlite', empty))).toEqual(kindsOf(render('auth-api-sqlite')));
  expect(kindsOf(render('redis-bundled', { redis: { settings: null } }))).toEqual(kindsOf(render('redis-bundled')));
});
