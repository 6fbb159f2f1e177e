/**
 * Settings that only the proxy can keep, where no route is reached through it (`server.listen: false`): another proxy forwards, and
 * would not heed them.
 */
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';

type File = Parts<ConfigFile>;

/** Whether every request is decided for other proxies, and none forwarded. */
export function isDecisionOnly({ server }: File): boolean {
  return server?.listen === null;
}

const ofRoutes = [
  ['rewrite', 'the proxy forwards the path as it came'],
  ['maxBody', 'no body is read'],
  ['bodyBuffer', 'no body is read'],
  ['bodyRate', 'no body is read'],
  ['timeout', 'nothing is forwarded'],
  ['idleTimeout', 'nothing is forwarded'],
  ['streams', 'an open stream is not looked at again'],
  ['evict', 'the response of the service is not seen'],
  ['responseHeaders', 'the response of the service is not seen'],
  ['cors', 'the response of the service is not seen, and no preflight gets a response'],
] as const satisfies readonly (readonly [keyof RouteEntry, string])[];

const ofDefaults = ofRoutes.filter(([name]) => name !== 'rewrite' && name !== 'evict' && name !== 'cors');

const ofSections = [
  ['upstreams', 'nothing is forwarded'],
  ['errors', 'the response of the service is not seen'],
] as const;

/** Of the whole file, but for routes. */
export function checkDecisionOnly(parts: File, at: Location): void {
  if (!isDecisionOnly(parts)) return;
  if (parts.authorizer === undefined) {
    at.at('server', 'listen').report('nothing listens for requests', 'add "authorizer", or give an address');
    return;
  }
  for (const [name, why] of ofSections) refuse(at.at(name), name, why);
  for (const [name, why] of ofDefaults) refuse(at.at('defaults', name), name, why);
  refuse(
    at.at('credentials', 'websocketProtocol'),
    'websocketProtocol',
    'the proxy sends the bearer on to the service',
  );
  refuse(
    at.at('credentials', 'resourceMetadata'),
    'resourceMetadata',
    'the proxy asks about the request, and cannot send the metadata',
  );
}

export function checkDecidedRoute(entry: Parts<RouteEntry>, at: Location): void {
  for (const [name, why] of ofRoutes) refuse(at.at(name), name, why);
  if (entry.path?.encodedSlash === 'decode')
    at.at('path', 'encodedSlash').report(
      '"decode" cannot be kept: the proxy forwards the path as it came',
      'use "keep" or "reject"',
    );
}

function refuse(at: Location, name: string, why: string): void {
  if (!at.isWritten) return;
  at.reportKey(
    `"${name}" cannot be kept where "server.listen" is false: ${why}`,
    'remove it, and set it in the other proxy',
  );
}
