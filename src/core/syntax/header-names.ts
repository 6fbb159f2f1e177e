/** Header names with a meaning for a gateway. */

/** Headers of one connection, never passed on in either direction (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2). */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Values that servers with CGI-like interfaces accept from their proxy: the part of the path before the application, and the rest. */
const cgiNames = ['script-name', 'path-info', 'x-script-name'];

/** How a service finds files that a proxy in front of it sends, and by which header (the class of CVE-2025-61780). */
const filePlaces = ['x-sendfile-type', 'x-accel-mapping'];

/**
 * Headers that make a service act on another method or path than the one that was authorized, or send its own requests
 * through a proxy that the client names (`Proxy` behind CGI-like interfaces, the class of CVE-2016-5385).
 */
export const overrides: readonly string[] = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  ...cgiNames,
  ...filePlaces,
  'proxy',
];

/**
 * Carries the secret that gateways share with the Auth API: only with it does the Auth API trust a gateway's information about its client.
 * Removed from every request of a client.
 */
export const gatewayHeader = 'x-rolegate-gateway';

/**
 * Carries the secret that proxies share with the authorizer, in their checks. Removed from every request of a client, so that it never
 * reaches a service.
 */
export const authorizerHeader = 'x-rolegate-authorizer';

/** Default header of the signed identity. Removed from every request of a client, even if no identity is sent. */
export const assertionHeader = 'x-rolegate-identity';

/**
 * Headers that only a proxy in front may set: the client's address, or its original request. Services trust them, so they are removed
 * unless the peer is a trusted proxy. A name that ends in "*" is a prefix.
 */
export const proxyHeaders: readonly string[] = [
  'cf-connecting-ip',
  'client-cert',
  'client-cert-chain',
  'remote-user',
  'ssl-client-*',
  'true-client-ip',
  'x-client-ip',
  'x-envoy-original-path',
  'x-forwarded',
  'x-host',
  'x-original-host',
  'x-original-method',
  'x-rewrite-uri',
  'x-ssl-client-*',
];

/** Forwarded headers that Rolegate writes itself. */
export const forwarded: readonly string[] = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-real-ip',
  'forwarded',
];
