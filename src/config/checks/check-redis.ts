/** Keys of a Redis that need more than the kind of a single value: which form it has, its URL, passwords. */
import type { Address, RedisConfig, RedisServers } from '../config.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { checkRedisTls } from './check-redis-tls.ts';
import { readSecretText } from './check-secrets.ts';

type Redis = Parts<NonNullable<ConfigFile['cache']['redis']>>;

/** Where Redis is and how it is reached. */
export type RedisAccess = Pick<RedisConfig, 'servers' | 'username' | 'password' | 'tls'>;

type User = Pick<RedisConfig, 'username' | 'password'>;

const forms = ['url', 'sentinel', 'cluster'] as const;

/** Null: there is none, or a problem was reported, here or before. */
export function checkRedis(redis: Redis | undefined, path: Path, check: Check): RedisAccess | null {
  if (redis === undefined || check.keys(path) === null) return null;
  const written = forms.filter((form) => check.has([...path, form]));
  const [form, ...more] = written;
  if (form === undefined) {
    check.at(path, 'expected "url", "sentinel" or "cluster"', 'for example "url: redis://redis:6379"');
  }
  for (const other of more) {
    check.atKey([...path, other], `"${form}" and "${other}" exclude each other`, 'keep one of the two');
  }
  const own = readUser(redis, path, check);
  const tls = checkRedisTls(redis.tls, [...path, 'tls'], check);
  if (form === 'url') return checkUrl(redis, { ...own, tls }, path, check);
  const servers = form === 'sentinel' ? readSentinel(redis, path, check) : readCluster(redis, path, check);
  return servers === null ? null : { servers, ...own, tls };
}

function checkUrl(redis: Redis, own: Omit<RedisAccess, 'servers'>, path: Path, check: Check): RedisAccess | null {
  const urlPath = [...path, 'url'];
  const text = readSecretText(redis.url, urlPath, check);
  if (text === null) return null;
  const url = parseRedisUrl(text);
  if (typeof url === 'string') {
    check.at(urlPath, url, 'for example "redis://redis:6379"');
    return null;
  }
  for (const key of ['username', 'password'] as const) {
    if (url[key] === null || !check.has([...path, key])) continue;
    check.atKey([...path, key], `"url" holds a ${key} already`, 'keep it in one of the two places');
  }
  if (url.tls && redis.tls === false) {
    check.at([...path, 'tls'], 'a URL that starts with rediss:// means TLS', 'write redis://, or leave "tls" out');
  }
  const none = { ca: null, cert: null, key: null, serverName: null };
  return {
    servers: url.servers,
    username: own.username ?? url.username,
    password: own.password ?? url.password,
    tls: own.tls ?? (url.tls ? none : null),
  };
}

interface RedisUrl extends User {
  readonly servers: RedisServers;
  readonly tls: boolean;
}

/** Its parts, or what is wrong with it. */
function parseRedisUrl(text: string): RedisUrl | string {
  const url = /^rediss?:\/\/[^\s/]/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '') return 'expected a URL that starts with redis:// or rediss://';
  if (url.search !== '' || url.hash !== '') return 'options in this URL are not read: they are keys beside "url"';
  const database = /^(?:\/|\/(0|[1-9]\d{0,5}))?$/.exec(url.pathname);
  if (database === null) return 'expected nothing after the host, or the number of a database';
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === null || password === null) return 'user or password of this URL are not percent-encoded properly';
  if (username !== '' && password === '') return 'this URL holds a user without a password';
  return {
    servers: {
      kind: 'single',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 6379 : Number(url.port),
      database: Number(database[1] ?? 0),
    },
    username: username === '' ? null : username,
    password: password === '' ? null : password,
    tls: url.protocol === 'rediss:',
  };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function readUser(from: Pick<Redis, 'username' | 'password'>, path: Path, check: Check): User {
  const password = readSecretText(from.password, [...path, 'password'], check);
  if (check.has([...path, 'username']) && !check.has([...path, 'password'])) {
    check.atKey([...path, 'username'], 'a user needs a password', 'add "password"');
  }
  return { username: from.username ?? null, password };
}

function readSentinel({ sentinel }: Redis, path: Path, check: Check): RedisServers | null {
  const sentinelPath = [...path, 'sentinel'];
  if (sentinel === undefined || check.keys(sentinelPath) === null) return null;
  const nodes = readNodes(sentinel.nodes, [...sentinelPath, 'nodes'], check);
  const user = readUser(sentinel, sentinelPath, check);
  return nodes === null || sentinel.name === undefined
    ? null
    : { kind: 'sentinel', name: sentinel.name, nodes, ...user };
}

function readCluster({ cluster }: Redis, path: Path, check: Check): RedisServers | null {
  const nodes = readNodes(cluster, [...path, 'cluster'], check);
  return nodes === null ? null : { kind: 'cluster', nodes };
}

function readNodes(
  nodes: readonly (Address | undefined)[] | undefined,
  path: Path,
  check: Check,
): readonly Address[] | null {
  if (nodes === undefined) return null;
  if (nodes.length === 0) check.at(path, 'expected at least one node');
  const read = nodes.filter((node) => node !== undefined);
  nodes.forEach((node, index) => {
    const first = nodes.findIndex((other) => other?.host === node?.host && other?.port === node?.port);
    if (node !== undefined && first < index) check.at([...path, index], 'this node is listed twice');
  });
  return read.length === nodes.length ? read : null;
}
