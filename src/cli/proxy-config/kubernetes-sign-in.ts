/**
 * The pages of sign-in in Kubernetes: what leads requests for them to Rolegate unchecked. Only the route that leads there is exempt from the
 * check, so that without it nothing is.
 */
import { ownPaths } from '../../core/credential/sign-in.ts';
import type { ProxySettings } from './proxy-settings.ts';

const name = 'rolegate-sign-in';

type Pages = NonNullable<ProxySettings['signIn']>;

/** `service`: the host of Rolegate's Service. Istio moves a route for every path behind it. */
export function istioRoute({ host }: Pages, service: { readonly host: string; readonly port: number }): object {
  const destination = { host: service.host, port: { number: service.port } };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'istio-system' },
    spec: {
      hosts: [host],
      gateways: ['gateway'],
      http: [{ name, match: [{ uri: { prefix: ownPaths } }], route: [{ destination }] }],
    },
  };
}

/** An Envoy route of Istio has the name of the one in the VirtualService. */
export const istioExemption = {
  applyTo: 'HTTP_ROUTE',
  match: { context: 'GATEWAY', routeConfiguration: { vhost: { route: { name } } } },
  patch: {
    operation: 'MERGE',
    value: {
      typed_per_filter_config: {
        'envoy.filters.http.ext_authz': {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
          disabled: true,
        },
      },
    },
  },
};

/** A rule of the Gateway API. A prefix has whole segments there. */
export function pagesRule(backendRefs: readonly object[]): object {
  return { matches: [{ path: { type: 'PathPrefix', value: ownPaths.slice(0, -1) } }], backendRefs };
}

/** For Envoy Gateway: a policy of a route replaces that of its Gateway, so an empty one exempts the route. */
export function envoyGatewayRoute({ host }: Pages, backendRefs: readonly object[]): readonly object[] {
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name },
      spec: { parentRefs: [{ name: 'gateway' }], hostnames: [host], rules: [pagesRule(backendRefs)] },
    },
    {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'SecurityPolicy',
      metadata: { name },
      spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name }] },
    },
  ];
}

/** A comment. */
export const sameHosts = (kind: string) =>
  `\n# The ${kind} sends the pages of sign-in, among them callback and sign-out, to Rolegate: give it the hosts and the Gateway of that of your service.`;
