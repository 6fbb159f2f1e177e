/** Products whose configuration can be printed, by their names on the command line. */
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
