/** Products whose configuration can be printed, by the names that the command line takes. */
export const productNames = [
  'nginx',
  'caddy',
  'haproxy',
  'traefik',
  'envoy',
  'istio',
  'envoy-gateway',
  'gateway-api',
] as const;
export type ProductName = (typeof productNames)[number];
