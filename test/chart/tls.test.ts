/** TLS to clients, services and data planes, by Secrets; and that of the ports for programs: probes, services and monitors follow the configuration. */
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { find, kindsOf, notes, render } from './helm.ts';
import { valueProblems } from './kubernetes-schemas.ts';
import { danglingReferences } from './object-references.ts';
import { podOf, podsOf } from './pods.ts';
import { configProblems, filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

const tls = { certificates: [{ cert: '/etc/tls/tls.crt', key: '/etc/tls/tls.key' }] };
const withTls = {
  config: { server: { adminTls: tls } },
  authApi: { config: { tls, metricsTls: tls }, serviceMonitor: { enabled: true } },
  networkPolicy: { operators: [{ namespaceSelector: {} }] },
  serviceMonitor: { enabled: true, tlsConfig: { serverName: 'rolegate' } },
};

const text = (value: unknown) => JSON.stringify(value);
const probesOf = (objects: ReturnType<typeof render>) =>
  podsOf(objects)
    .filter(({ owner }) => /^Deployment/.test(owner))
    .flatMap(({ spec }) => spec.containers)
    .flatMap((container) => text(container).match(/"httpGet":\{[^}]*\}/g) ?? []);

test('probes, services and monitors use https', () => {
  const objects = render('auth-api-sqlite', withTls);
  const probes = probesOf(objects);
  expect(probes).toHaveLength(6);
  for (const probe of probes) expect(probe).toContain('"scheme":"HTTPS"');
  expect(text(find(objects, 'ConfigMap')['data'])).toContain('https://edge-rolegate-auth-api:8081');
  for (const suffix of ['', '-auth-api'])
    expect(find(objects, 'ServiceMonitor', suffix)['spec']).toMatchObject({
      endpoints: [{ scheme: 'https', tlsConfig: { serverName: 'rolegate' } }],
    });
  // The control: without it, none does.
  const plain = render('auth-api-sqlite');
  for (const probe of probesOf(plain)) expect(probe).not.toContain('scheme');
});

test('probes within the pod accept the certificate of the port alone', () => {
  const probes = text(podsOf(render('loopback', { config: { server: { adminTls: tls } } })));
  expect(probes).toContain('"--url","https://127.0.0.1:9090/health/ready","--certificate","/etc/tls/tls.crt"');
  expect(text(podsOf(render('loopback')))).not.toContain('--certificate');
});

describe('to clients', () => {
  const certificate = { enabled: true, issuerRef: { name: 'own' }, dnsNames: ['api.example.test'] };
  const listenOf = (objects: ReturnType<typeof render>) =>
    parse(filesOf(find(objects, 'ConfigMap'))['gateway.yaml']!).server.listen;
  const ofSecret = { tls: { secretName: 'api.tls' } };
  const pairOf = (name: string) => ({ cert: `/run/tls/${name}/tls.crt`, key: `/run/tls/${name}/tls.key` });

  test('an existing Secret is mounted as a folder, and all objects lead to https', () => {
    const objects = render('ingress', ofSecret);
    expect(listenOf(objects)).toEqual([{ address: ':8080', tls: { certificates: [pairOf('api.tls')] } }]);
    expect(configProblems(filesOf(find(objects, 'ConfigMap')))).toEqual([]);
    const { spec } = podOf(find(objects, 'Deployment'));
    expect(spec.volumes).toContainEqual({ name: 'tls-api-tls', secret: { secretName: 'api.tls', defaultMode: 288 } });
    expect(spec.containers[0]!.volumeMounts).toContainEqual({
      name: 'tls-api-tls',
      mountPath: '/run/tls/api.tls',
      readOnly: true,
    });
    expect(find(objects, 'Service')['spec']).toMatchObject({
      ports: [{ name: 'https', targetPort: 'https', appProtocol: 'https' }],
    });
    expect(text(find(objects, 'Ingress')['spec'])).toContain('"port":{"name":"https"}');
    expect(text(find(objects, 'NetworkPolicy')['spec'])).toContain('"port":"https"');
    expect(text(find(objects, 'Pod', '-test')['spec'])).toContain('"https://edge-rolegate:80/rolegate-helm-test"');
    expect(notes('minimal', ofSecret)).toContain('curl -i --insecure https://127.0.0.1:8080/');
    const known = danglingReferences(objects, ['api.tls', 'rolegate-secrets', 'default']);
    expect(known).toEqual([]);
  });

  test('cert-manager writes the Secret, and a load balancer sends the address of the client', () => {
    const objects = render('tls');
    expect(find(objects, 'Certificate')['spec']).toMatchObject({
      secretName: 'edge-rolegate-tls',
      dnsNames: ['api.example.test'],
      issuerRef: { name: 'letsencrypt', kind: 'ClusterIssuer' },
    });
    expect(listenOf(objects)).toEqual([
      {
        address: ':8080',
        http2: true,
        proxyProtocol: true,
        tls: {
          certificates: [pairOf('edge-rolegate-tls')],
          minVersion: 'TLSv1.3',
          clientCertificates: { ca: '/run/tls/devices/ca.crt', mode: 'optional' },
        },
      },
    ]);
    // The pod of the test sends no header.
    expect(text(find(objects, 'Pod', '-test')['spec'])).toContain('"tcp://edge-rolegate:443/rolegate-helm-test"');
  });

  test('control: without these values, nothing of it is there', () => {
    const objects = render('minimal');
    expect(listenOf(objects)).toBe(':8080');
    expect(text(objects)).not.toMatch(/\/run\/tls|"https"|"https:\/\/edge|"Certificate"/);
  });

  test('pods that only decide have no certificate for clients', () => {
    expect(kindsOf(render('authorizer', { tls: { certificate } }))).not.toContain('Certificate edge-rolegate');
  });
});

test('Envoy Gateway verifies the certificate of checks', () => {
  const pair = { cert: '/run/tls/checks/tls.crt', key: '/run/tls/checks/tls.key' };
  const objects = render('authorizer', {
    tlsSecrets: ['checks'],
    authorizer: {
      grpc: { tls: { certificates: [pair], clientCertificates: { ca: '/run/tls/checks/ca.crt' } } },
      envoyGateway: { backendTls: { caConfigMap: 'authority' } },
    },
  });
  expect(find(objects, 'BackendTLSPolicy')['spec']).toEqual({
    targetRefs: [{ group: '', kind: 'Service', name: find(objects, 'Service', '-checks-grpc').metadata.name }],
    validation: {
      caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'authority' }],
      hostname: 'edge-rolegate-checks-grpc.gateways.svc',
    },
  });
  expect(valueProblems(find(objects, 'BackendTLSPolicy'))).toEqual([]);
  expect(configProblems(filesOf(find(objects, 'ConfigMap')))).toEqual([]);
  expect(kindsOf(render('authorizer'))).not.toContain('BackendTLSPolicy edge-rolegate');
});
