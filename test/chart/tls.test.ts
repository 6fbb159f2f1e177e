/** TLS of the ports for programs: probes, services and monitors follow the configuration. */
import { expect, test, vi } from 'vitest';
import { find, render } from './helm.ts';
import { podsOf } from './pods.ts';

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
