/** Names and values of headers that probes send. */
import { randomBytes } from 'node:crypto';
import { headerCase } from '../proxy-config/proxy-settings.ts';

/** Headers in which proxies describe the original request, and which frameworks trust. */
export const pathNames = ['x-forwarded-uri', 'x-forwarded-path', 'x-forwarded-prefix', 'x-envoy-original-path', 'path'];
export const methodNames = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-forwarded-method',
  'x-original-method',
  'method',
];
export const addressNames = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-host', 'x-original-host', 'forwarded'];

/** With which authenticating proxies describe a user to services. */
export const identityOfProxies = ['user', 'email', 'groups', 'preferred-username', 'access-token', 'client-cert'].map(
  (name) => `x-forwarded-${name}`,
);
export const ofTrustedProxies = ['x-forwarded-host', 'x-ssl-client-verify', 'remote-user'];

/** Spellings that services read as this header: in any case, and with other characters for "-". */
export function spellingsOf(name: string): readonly string[] {
  const signs = ['_', '.', '~'].map((sign) => name.replaceAll('-', sign));
  return [...new Set([headerCase(name), name.toUpperCase(), ...signs, headerCase(name).replaceAll('-', '_')])];
}

export function newMarker(): string {
  return `prove-${randomBytes(9).toString('base64url').replace(/[-_]/g, 'x')}`;
}

/** Values, without the scheme in front. */
export function secretsIn(headers: readonly string[]): readonly string[] {
  return headers.filter((_, at) => at % 2 === 1).map((value) => value.replace(/^[A-Za-z]+ +/, ''));
}
