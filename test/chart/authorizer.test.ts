/** Pods that decide for other proxies: their services, and the settings printed for data planes. */
import { describe, expect, test, vi } from 'vitest';
import { envoyGatewayConfig, gatewayApiConfig, istioConfig } from '../../src/cli/proxy-config/kubernetes.ts';
import { proxySettings } from '../../src/cli/proxy-config/proxy-settings.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { dataPlaneProblems } from './data-plane-schemas.ts';
import { find, type KubernetesObject, kindsOf, notes, objectsOf, render } from './helm.ts';
import { podsOf } from './pods.ts';
import { filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000 });

const specOf = (objects: readonly KubernetesObject[], kind: string, suffix = '') => find(objects, kind, suffix)['spec'];
const portsOf = (objects: readonly KubernetesObject[]) =>
  podsOf(objects)
    .find(({ owner }) => owner.startsWith('Deployment'))!
    .spec.containers[0]!.ports!.map(({ name }) => name);

/** The output of proxy-config for the configuration that the chart writes. */
function settingsOf(
  objects: readonly KubernetesObject[],
  dialect: 'envoy' | 'gateway-api',
  authorizer: string,
  grpc: boolean,
) {
  const text = filesOf(find(objects, 'ConfigMap'))['gateway.yaml']!;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => 'x'.repeat(40) });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return proxySettings(read.config, dialect, { service: 'http://orders:3000', listen: ':8000', authorizer, grpc });
}

const remove = (object: KubernetesObject): readonly string[] =>
  (object['spec'] as { headers: { earlyRequestHeaders: { remove: string[] } } }).headers.earlyRequestHeaders.remove;

type Mutation = { readonly remove?: string; readonly remove_on_match?: object };
type Filter = {
  configPatches: { patch: { value: { typed_config?: { early_header_mutation_extensions?: Early[] } } } }[];
};
type Early = { typed_config: { mutations: Mutation[] } };
const earlyOf = (object: KubernetesObject) =>
  (object['spec'] as Filter).configPatches.flatMap(
    ({ patch }) => patch.value.typed_config?.early_header_mutation_extensions ?? [],
  );
const mutations = (object: KubernetesObject, key: keyof Mutation): string[] =>
  earlyOf(object).flatMap(({ typed_config }) =>
    typed_config.mutations.flatMap((one) => (one[key] === undefined ? [] : [JSON.stringify(one[key])])),
  );

function withoutMutations(object: KubernetesObject): unknown {
  const copy = structuredClone(object);
  for (const { typed_config } of earlyOf(copy)) typed_config.mutations = [];
  return copy['spec'];
}

describe('pods that only decide', () => {
  const objects = () => render('authorizer');

  test('have no port for clients, and no service, ingress or route leads to one', () => {
    expect(portsOf(objects())).toEqual(['checks-grpc', 'admin']);
    const services = kindsOf(objects()).filter((name) => name.startsWith('Service '));
    expect(services).toEqual(['Service edge-rolegate-checks-grpc']);
    expect(filesOf(find(objects(), 'ConfigMap'))['gateway.yaml']).toMatch(/^ {2}listen: false$/m);
  });

  test('are all visible to a data plane over gRPC', () => {
    expect(specOf(objects(), 'Service', '-checks-grpc')).toMatchObject({
      clusterIP: 'None',
      ports: [{ port: 8071, targetPort: 'checks-grpc', appProtocol: 'kubernetes.io/h2c' }],
    });
    const tls = {
      authorizer: { grpc: { tls: { certificates: [{ cert: '/etc/tls/tls.crt', key: '/etc/tls/tls.key' }] } } },
    };
    const ofTls = specOf(render('authorizer', tls), 'Service', '-checks-grpc');
    expect(ofTls).toMatchObject({ ports: [{ appProtocol: 'https' }] });
  });

  test('are reachable only by the data plane', () => {
    const { ingress } = specOf(objects(), 'NetworkPolicy') as { ingress: { ports: object[]; from?: object[] }[] };
    expect(ingress[0]!.ports).toEqual([{ port: 'checks-grpc', protocol: 'TCP' }]);
    expect(ingress[0]!.from).toHaveLength(2);
    expect(JSON.stringify(ingress)).not.toContain('"http"');
  });

  test('are scaled by checks', () => {
    expect(specOf(objects(), 'HorizontalPodAutoscaler')).toMatchObject({
      metrics: [
        { type: 'Resource' },
        {
          type: 'Pods',
          pods: {
            metric: { name: 'rolegate_authorizer_checks_per_second' },
            target: { type: 'AverageValue', averageValue: '3000' },
          },
        },
      ],
    });
  });

  test('Envoy Gateway gets the output of proxy-config', () => {
    const printed = objectsOf(
      envoyGatewayConfig(settingsOf(objects(), 'envoy', 'edge-rolegate-checks-grpc:8071', true)),
    );
    expect(printed.flatMap((object) => dataPlaneProblems(object, false))).toEqual([]);
    const [security, client, traffic] = printed as [KubernetesObject, KubernetesObject, KubernetesObject];
    const { extAuth } = specOf(objects(), 'SecurityPolicy') as { extAuth: object };
    const told = (security['spec'] as { extAuth: object }).extAuth;
    expect({ ...extAuth, timeout: '3000ms' }).toEqual(told);
    expect([...remove(find(objects(), 'ClientTrafficPolicy'))].sort()).toEqual([...remove(client)].sort());
    const { timeout } = specOf(objects(), 'BackendTrafficPolicy') as { timeout: object };
    expect(timeout).toEqual((traffic['spec'] as { timeout: object }).timeout);
  });
});

describe('pods that do both', () => {
  const objects = () => render('authorizer-both');

  test('have all ports', () => {
    expect(portsOf(objects())).toEqual(['http', 'checks', 'checks-grpc', 'admin']);
    expect(filesOf(find(objects(), 'ConfigMap'))['gateway.yaml']).toMatch(/^ {2}listen: :8080$/m);
  });

  test('Istio gets the output of proxy-config', () => {
    const settings = settingsOf(objects(), 'envoy', 'edge-rolegate-checks-grpc.gateways.svc.cluster.local:8071', true);
    const [mesh, policy, filter] = objectsOf(istioConfig(settings)) as unknown as [
      { extensionProviders: { envoyExtAuthzGrpc: object }[] },
      KubernetesObject,
      KubernetesObject,
    ];
    expect([policy, filter].flatMap((object) => dataPlaneProblems(object, false))).toEqual([]);
    // Patterns that are safe behind another proxy too, and names that are not.
    const [, , behind] = objectsOf(istioConfig({ ...settings, trustedRanges: ['0.0.0.0/0'] }));
    const ofChart = find(objects(), 'EnvoyFilter');
    expect(ofChart.metadata.namespace).toBe('istio-system');
    expect(mutations(ofChart, 'remove').sort()).toEqual(mutations(filter, 'remove').sort());
    expect(mutations(ofChart, 'remove_on_match')).toEqual(mutations(behind!, 'remove_on_match'));
    expect(withoutMutations(ofChart)).toEqual(withoutMutations(filter));
    const rendered = find(objects(), 'AuthorizationPolicy');
    expect(rendered.metadata.namespace).toBe('istio-system');
    expect(rendered['spec']).toEqual({ ...(policy['spec'] as object), provider: { name: 'edge-rolegate' } });
    const [, snippet = ''] = /( {3}extensionProviders:\n(?: {5,}.*\n)+)/.exec(notes('authorizer-both')) ?? [];
    const [noted] = objectsOf(snippet) as unknown as [typeof mesh];
    expect(noted.extensionProviders[0]!.envoyExtAuthzGrpc).toEqual(mesh.extensionProviders[0]!.envoyExtAuthzGrpc);
  });

  test('the Gateway API gets the output of proxy-config', () => {
    const settings = settingsOf(objects(), 'gateway-api', 'edge-rolegate-checks:8070', false);
    const [printed] = objectsOf(gatewayApiConfig(settings)) as [KubernetesObject];
    type Filters = {
      rules: {
        filters: {
          requestHeaderModifier?: { remove: string[] };
          externalAuth?: { http: { allowedHeaders: string[]; allowedResponseHeaders: string[] } };
        }[];
      }[];
    };
    const filters = (object: KubernetesObject) => (object['spec'] as Filters).rules[0]!.filters;
    const sorted = (object: KubernetesObject) => {
      const [modifier, auth] = filters(object);
      const { http } = auth!.externalAuth!;
      return {
        removed: [...modifier!.requestHeaderModifier!.remove].sort(),
        read: [...new Set(http.allowedHeaders)].sort(),
        returned: [...http.allowedResponseHeaders].sort(),
      };
    };
    expect(sorted(find(objects(), 'HTTPRoute', '-protected'))).toEqual(sorted(printed));
  });
});

test('gateways have none of it', () => {
  const text = JSON.stringify(render('minimal').filter(({ kind }) => kind !== 'Pod'));
  expect(text).not.toMatch(/-checks|8070|8071|SecurityPolicy/);
});
