/** Rules over keys of several sections, or that depend on whether a key with a default is written. `at`: of the file. */
import { canonicalName, token } from '../../core/syntax/header-fields.ts';
import { takenByHttp } from '../schema/header-names.ts';
import type { ConfigFile } from '../schema.ts';
import { type Address, addressesCollide, leadsTo } from '../units/parse-address.ts';
import { checkClaimNames } from './check-identity-claims.ts';
import { checkSignIn } from './check-sign-in.ts';
import { checkSources } from './check-sources.ts';
import type { Location } from './location.ts';

type File = ConfigFile;

/** Headers of credentials besides `Authorization`; without those of disabled kinds. */
export function credentialHeaders({ credentials }: File): readonly string[] {
  const { keyPair, apiKey } = credentials;
  return [keyPair?.apiKeyHeader, keyPair?.apiSecretHeader, apiKey?.header].filter((name) => name !== undefined);
}

export function checkSections(parts: File, at: Location): void {
  checkPorts(parts, at.at('server'));
  checkAuthorizer(parts, at.at('authorizer'));
  checkAuthApi(parts, at.at('authApi'));
  checkSources(parts, at);
  checkSignIn(parts, at);
  checkIdentityHeaders(parts, at.at('identityHeaders'));
  checkClaimNames(parts, at);
  checkTargets(parts, at.at('upstreams'));
}

function checkPorts({ server }: File, at: Location): void {
  const { listen, admin } = server;
  const own = addressesOf(server);
  own.forEach((address, index) => {
    if (!own.slice(0, index).some((other) => addressesCollide(address, other))) return;
    at.at('listen', index, 'address').report('another entry listens on this port', 'give each its own number');
  });
  if (listen === null || admin === null || !own.some((address) => addressesCollide(address, admin))) return;
  const there = at.at('admin').isWritten ? at.at('admin') : at.at('listen');
  const hint = 'give the admin port its own number, or "admin: false"';
  there.report('"listen" and "admin" are on the same port', hint);
}

function addressesOf({ listen }: File['server']): readonly Address[] {
  if (listen === null) return [];
  return Array.isArray(listen) ? listen.map(({ address }) => address) : [listen];
}

function checkAuthorizer({ authorizer, server }: File, at: Location): void {
  if (authorizer === undefined) return;
  const taken: [owner: string, address: Address | null][] = [
    ...addressesOf(server).map((address): [string, Address] => ['server', address]),
    ['server', server.admin],
  ];
  for (const [listen, there] of [
    [authorizer.listen, at.at('listen')],
    [authorizer.grpc?.listen, at.at('grpc', 'listen')],
  ] as const) {
    if (listen === undefined) continue;
    if ('path' in listen) {
      if (server.workers !== 1)
        there.report('several workers cannot share a Unix socket', 'listen on an address with a port');
      continue;
    }
    const other = taken.find(([, address]) => address !== null && addressesCollide(listen, address));
    if (other !== undefined) there.report(`"${other[0]}" listens on this port`, 'give the authorizer its own number');
    taken.push(['authorizer', listen]);
  }
}

function checkAuthApi({ authApi }: File, at: Location): void {
  if (authApi === undefined) return;
  const { url, embedded } = authApi;
  if (url !== undefined && embedded !== undefined) {
    at.at('embedded').reportKey('"url" and "embedded" exclude each other', 'keep one of the two');
  } else if (url === undefined && embedded === undefined) {
    at.report('expected "url" or "embedded"', 'for example "url: http://auth-api:8081"');
  } else if (embedded !== undefined) {
    for (const key of ['paths', 'headers', 'fields', 'gatewaySecret', 'tls'].filter((name) => at.at(name).isWritten)) {
      const message = `"${key}" describes another Auth API and has no meaning with "embedded"`;
      at.at(key).reportKey(message, 'remove it');
    }
  }
}

function checkIdentityHeaders(parts: File, at: Location): void {
  const credentials = new Set(credentialHeaders(parts).map(canonicalName));
  const seen = new Map<string, string>();
  for (const name of Object.keys(parts.identityHeaders)) {
    const there = at.at(name);
    const canonical = canonicalName(name);
    const earlier = seen.get(canonical);
    const [sign] = /[^A-Za-z0-9-]/.exec(name) ?? [];
    if (sign !== undefined && token.test(name)) {
      const hint = `services treat "${sign}" and "-" as equal: write "-"`;
      there.reportKey(`the name of an identity header has no "${sign}"`, hint);
    } else if (!token.test(name) || name.length > 100) {
      there.reportKey('expected the name of a header, such as "user-id"');
    } else if (takenByHttp.has(canonical)) {
      there.reportKey(`"${name}" has another meaning in HTTP and cannot carry an identity`);
    } else if (credentials.has(canonical)) {
      there.reportKey(`"${name}" carries credentials and cannot carry an identity`);
    } else if (earlier !== undefined) {
      const hint = 'services treat every character except letters and digits as "-", and ignore case';
      there.reportKey(`"${name}" and "${earlier}" are the same header`, hint);
    }
    seen.set(canonical, name);
  }
}

function checkTargets({ upstreams, server }: File, at: Location): void {
  const { admin } = server;
  if (admin === null) return;
  for (const [name, { targets }] of Object.entries(upstreams)) {
    targets.forEach((target, index) => {
      if (!leadsTo(target, admin)) return;
      const hint = 'no route leads to it: operators reach it at its own address';
      at.at(name, 'targets', index).report('this is the admin port of the gateway', hint);
    });
  }
}
