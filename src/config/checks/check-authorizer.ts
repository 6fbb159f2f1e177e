/**
 * Settings that only Rolegate's own proxy can apply, in a configuration that does not forward: another proxy forwards
 * (`server.listen: false` with `authorizer`), or an application uses the rules in its own process (without). Neither applies them.
 */
import type { ConfigFile, RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';

/** What applies the decisions if Rolegate itself does not forward. */
export type DecidesFor = 'other proxies' | 'an application';

/** Null: Rolegate's own proxy applies them. */
export function decidesFor({ server, authorizer }: ConfigFile, inProcess: boolean): DecidesFor | null {
  if (inProcess) return 'an application';
  if (server.listen !== null) return null;
  return authorizer === undefined ? 'an application' : 'other proxies';
}

/** Why each of them cannot apply a setting; null: it can. */
type Why = Readonly<Record<DecidesFor, string | null>>;

const always = (why: string): Why => ({ 'other proxies': why, 'an application': why });
const inProxies = (why: string): Why => ({ 'other proxies': why, 'an application': null });
const inApplications = (why: string): Why => ({ 'other proxies': null, 'an application': why });

const ofRoutes = {
  rewrite: inProxies('the proxy forwards the path unchanged'),
  maxBody: always('no body is read'),
  bodyBuffer: always('no body is read'),
  bodyRate: always('no body is read'),
  timeout: always('nothing is forwarded'),
  idleTimeout: always('nothing is forwarded'),
  streams: always('an open stream is not rechecked'),
  evict: always('Rolegate does not see the response of the service'),
  responseHeaders: inProxies('Rolegate does not see the response of the service'),
  cors: inProxies('Rolegate does not see the response of the service and cannot respond to a preflight'),
} as const satisfies Partial<Record<keyof RouteEntry, Why>>;

const { rewrite: _, evict: __, cors: ___, ...ofDefaults } = ofRoutes;

/** By path. */
const ofFile: readonly (readonly [path: readonly string[], why: Why])[] = [
  [['upstreams'], always('nothing is forwarded')],
  [['errors'], always('Rolegate does not see the response of the service')],
  [['credentials', 'websocketProtocol'], inProxies('the proxy forwards the bearer to the service')],
  [['credentials', 'resourceMetadata'], inProxies('the proxy only checks the request and cannot send the metadata')],
  [['server', 'workers'], inApplications('it has its own processes')],
  [['authorizer'], inApplications('it opens no port')],
  [['authApi', 'embedded'], inApplications('it opens no port')],
];

/** For the whole file, except routes. */
export function checkDecisionOnly({ server }: ConfigFile, decider: DecidesFor | null, at: Location): void {
  if (decider === null) return;
  for (const [path, why] of ofFile) refuse(at.at(...path), path.at(-1)!, why, decider);
  refuseAll(ofDefaults, at.at('defaults'), decider);
  refuseRemoval(at.at('defaults'), decider);
  if (decider !== 'an application') return;
  for (const name of ['listen', 'admin'] as const)
    if (server[name] !== null) refuse(at.at('server', name), name, always('it opens no port'), decider);
}

export function checkDecidedRoute(entry: RouteEntry, decider: DecidesFor, at: Location): void {
  refuseAll(ofRoutes, at, decider);
  refuseRemoval(at, decider);
  if (decider === 'other proxies' && entry.path.encodedSlash === 'decode')
    at.at('path', 'encodedSlash').report(
      '"decode" cannot be applied: the proxy forwards the path unchanged',
      'use "keep" or "reject"',
    );
}

/** Headers that an application adds later are not seen. */
function refuseRemoval(at: Location, decider: DecidesFor): void {
  const why = inApplications('Rolegate does not see the response of the application');
  refuse(at.at('responseHeaders', 'remove'), 'remove', why, decider);
}

function refuseAll(settings: Readonly<Record<string, Why>>, at: Location, decider: DecidesFor): void {
  for (const [name, why] of Object.entries(settings)) refuse(at.at(name), name, why, decider);
}

function refuse(at: Location, name: string, whys: Why, decider: DecidesFor): void {
  const why = whys[decider];
  if (why === null || !at.isWritten) return;
  const [where, hint] =
    decider === 'other proxies'
      ? ['where "server.listen" is false', 'remove it, and set it in the other proxy']
      : ['inside an application', 'remove it; only a gateway keeps it'];
  at.reportKey(`"${name}" cannot be applied ${where}: ${why}`, hint);
}
