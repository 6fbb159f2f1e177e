/** Rules that join keys of one section: what cannot be said by the kind of a single value. */
import { holdEveryAddress } from '../../core/syntax/addresses.ts';
import { canonicalName, token } from '../../core/syntax/header-fields.ts';
import { forwarded, hopByHop, overrides } from '../../core/syntax/header-names.ts';
import type { AuthApiFile, ConfigFile, Parts } from '../schema.ts';
import { addressesCollide, leadsTo } from '../units/parse-address.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

type Section<Key extends keyof ConfigFile> = Parts<ConfigFile>[Key];

export function checkServer(server: Section<'server'>, check: Check): void {
  checkTrusted(server, ['server'], check);
  const { listen, admin } = server ?? {};
  if (listen === undefined || admin === undefined || admin === null) return;
  if (!addressesCollide(listen, admin)) return;
  const path = check.has(['server', 'admin']) ? ['server', 'admin'] : ['server', 'listen'];
  check.at(
    path,
    '"listen" and "admin" are on the same port',
    'give the admin port a number of its own, or "admin: false"',
  );
}

/** Of the Auth API's own file. */
export function checkAuthApiPorts({ listen, metrics }: Parts<AuthApiFile>, check: Check): void {
  if (listen === undefined || metrics === undefined || !addressesCollide(listen, metrics)) return;
  check.at(['metrics'], '"listen" and "metrics" are on the same port', 'give the metrics a number of their own');
}

/** Also of the Auth API's own file. A trusted peer chooses the address of the client, so "everyone" is said in words. */
export function checkTrusted(
  section: Parts<{ trustedProxies: readonly string[]; trustEveryPeer: boolean }> | undefined,
  path: Path,
  check: Check,
): void {
  const { trustedProxies, trustEveryPeer } = section ?? {};
  const at = [...path, 'trustedProxies'];
  const ranges = (trustedProxies ?? []).filter((range) => range !== undefined);
  if (holdEveryAddress(ranges)) {
    const hint = 'name the proxies in front; "trustEveryPeer: true" says that every client may choose its own address';
    check.at(at, 'these ranges hold every address', hint);
  } else if (trustEveryPeer === true && ranges.length > 0) {
    check.at(at, '"trustedProxies" has no meaning with "trustEveryPeer"', 'remove one of the two');
  }
}

export function checkAuthApi(authApi: Section<'authApi'>, check: Check): void {
  if (authApi === undefined || check.keys(['authApi']) === null) return;
  const [url, embedded] = [check.has(['authApi', 'url']), check.has(['authApi', 'embedded'])];
  if (url && embedded) {
    check.atKey(['authApi', 'embedded'], '"url" and "embedded" exclude each other', 'keep one of the two');
  } else if (!url && !embedded) {
    check.at(['authApi'], 'expected "url" or "embedded"', 'for example "url: http://auth-api:8081"');
  } else if (embedded) {
    for (const key of ['paths', 'headers', 'fields', 'gatewaySecret']) {
      if (!check.has(['authApi', key])) continue;
      check.atKey(
        ['authApi', key],
        `"${key}" describes another Auth API and has no meaning with "embedded"`,
        'remove it',
      );
    }
  }
  if (typeof authApi.url === 'object') {
    const path = ['authApi', 'url'];
    if (authApi.url.length === 0) check.at(path, 'expected at least one URL');
    checkRepeated(authApi.url, path, 'URL', check);
  }
  checkKeyHeaders(authApi.headers ?? {}, ['authApi', 'headers'], ['apiKey', 'apiSecret'], check);
}

/** Base URLs of a list: none may stand in it twice. */
function checkRepeated(urls: readonly (string | undefined)[], path: readonly string[], what: string, check: Check) {
  urls.forEach((url, index) => {
    if (url !== undefined && urls.indexOf(url) < index) check.at([...path, index], `this ${what} is listed twice`);
  });
}

/** Headers with a meaning of their own, which neither a credential nor an identity can travel in. */
const taken: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...overrides,
  ...forwarded,
  'accept',
  'accept-encoding',
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'early-data',
  'expect',
  'host',
  'origin',
  'range',
  'referer',
  'set-cookie',
  'user-agent',
  'via',
  'www-authenticate',
  'x-error',
  'x-error-id',
  'x-request-id',
  'x-rolegate-gateway',
  'x-rolegate-stale',
]);

/** Names as far as the section can be read; none where key pairs are switched off. */
export function keyPairHeaders({ credentials }: Parts<ConfigFile>): readonly string[] {
  const { apiKeyHeader, apiSecretHeader } = credentials?.keyPair ?? {};
  return [apiKeyHeader, apiSecretHeader].filter((name) => name !== undefined);
}

export function checkCredentials(parts: Parts<ConfigFile>, check: Check): void {
  const { credentials, authApi } = parts;
  checkKeyHeaders(credentials?.keyPair ?? {}, ['credentials', 'keyPair'], ['apiKeyHeader', 'apiSecretHeader'], check);
  const cookie = authApi?.embedded?.webSession?.cookie;
  const read = credentials?.bearerCookie;
  if (cookie === undefined || read === undefined || cookie === read) return;
  const path = ['authApi', 'embedded', 'webSession', 'cookie'];
  check.at(path, 'this cookie is not the one that is read', 'give "credentials.bearerCookie" the same name');
}

/** The headers of a key pair, towards Rolegate and towards the Auth API: two of them, without another meaning. */
function checkKeyHeaders<Key extends string>(
  headers: { readonly [K in Key]?: string | undefined },
  path: readonly string[],
  keys: readonly [Key, Key],
  check: Check,
): void {
  const [key, secret] = keys.map((name) => {
    const header: string | undefined = headers[name];
    if (header !== undefined && taken.has(canonicalName(header))) {
      check.at([...path, name], 'this header has another meaning in HTTP', 'choose one such as "api-key"');
    }
    return header;
  });
  if (key === undefined || secret === undefined || canonicalName(key) !== canonicalName(secret)) return;
  check.at([...path, keys[1]], 'key and secret need two different headers');
}

export function checkIdentityHeaders(parts: Parts<ConfigFile>, check: Check): void {
  const credentials = new Set(keyPairHeaders(parts).map(canonicalName));
  const seen = new Map<string, string>();
  for (const name of check.keys(['identityHeaders']) ?? []) {
    const path = ['identityHeaders', name];
    const canonical = canonicalName(name);
    const earlier = seen.get(canonical);
    if (name.includes('_')) {
      check.atKey(path, 'the name of an identity header has no "_"', 'services read "_" and "-" alike: write "-"');
    } else if (!token.test(name) || name.length > 100) {
      check.atKey(path, 'expected the name of a header, such as "user-id"');
    } else if (taken.has(canonical)) {
      check.atKey(path, `"${name}" has another meaning in HTTP and cannot carry an identity`);
    } else if (credentials.has(canonical)) {
      check.atKey(path, `"${name}" carries credentials and cannot carry an identity`);
    } else if (earlier !== undefined) {
      check.atKey(
        path,
        `"${name}" and "${earlier}" are the same header`,
        'services read every sign but letters and digits as "-", and no letter case',
      );
    }
    seen.set(canonical, name);
  }
}

export function checkUpstreams({ upstreams, server }: Parts<ConfigFile>, check: Check): void {
  const admin = server?.admin ?? null;
  for (const [name, upstream] of Object.entries(upstreams ?? {})) {
    const path = ['upstreams', name];
    if (name === 'auth-api') {
      check.atKey(path, '"auth-api" always means the Auth API', 'choose another name');
    }
    const targets = upstream?.targets;
    if (targets === undefined) continue;
    if (targets.length === 0) check.at([...path, 'targets'], 'an upstream needs at least one target');
    checkRepeated(targets, [...path, 'targets'], 'target', check);
    targets.forEach((target, index) => {
      if (target === undefined || admin === null || !leadsTo(target, admin)) return;
      const hint = 'no route leads to it: whoever may see it reaches it at its own address';
      check.at([...path, 'targets', index], 'this is the admin port of the gateway', hint);
    });
  }
}
