/** Keys of a Redis that need checks across values: its URL, passwords and topology. */
import type { RedisConfig, RedisServers } from '../config.ts';
import type { SecretSource } from '../schema/secret.ts';
import type { ConfigFile } from '../schema.ts';
import { readSecretText } from './check-secrets.ts';
import { checkClientTls, everyAuthority } from './check-tls.ts';
import type { Location } from './location.ts';

type Redis = NonNullable<ConfigFile['cache']['redis']>;

/** Address and access settings of Redis. */
export type RedisAccess = Pick<RedisConfig, 'servers' | 'username' | 'password' | 'tls'>;

type User = Pick<RedisConfig, 'username' | 'password'>;

/** Null: not configured, or a problem was reported. */
export function checkRedis(redis: Redis | undefined, at: Location): RedisAccess | null {
  if (redis === undefined) return null;
  const own = { ...readUser(redis, at), tls: checkClientTls(redis.tls, at.at('tls')) };
  const { url, sentinel, cluster = [] } = redis;
  if (url !== undefined) return checkUrl(url, redis, own, at);
  if (sentinel === undefined) return { servers: { kind: 'cluster', nodes: cluster }, ...own };
  const { name, nodes } = sentinel;
  return { servers: { kind: 'sentinel', name, nodes, ...readUser(sentinel, at.at('sentinel')) }, ...own };
}

function checkUrl(
  source: SecretSource,
  redis: Redis,
  own: Omit<RedisAccess, 'servers'>,
  at: Location,
): RedisAccess | null {
  const text = readSecretText(source, at.at('url'));
  if (text === null) return null;
  const url = parseRedisUrl(text);
  if (typeof url === 'string') {
    at.at('url').report(url, 'for example "redis://redis:6379"');
    return null;
  }
  for (const key of ['username', 'password'] as const) {
    if (url[key] === null || redis[key] === undefined) continue;
    at.at(key).reportKey(`"url" already contains a ${key}`, 'keep it in one of the two places');
  }
  if (url.tls && redis.tls === false) {
    at.at('tls').report('a URL that starts with rediss:// means TLS', 'write redis://, or omit "tls"');
  }
  return {
    servers: url.servers,
    username: own.username ?? url.username,
    password: own.password ?? url.password,
    tls: own.tls ?? (url.tls ? everyAuthority : null),
  };
}

interface RedisUrl extends User {
  readonly servers: RedisServers;
  readonly tls: boolean;
}

/** Its parts, or its problem. */
function parseRedisUrl(text: string): RedisUrl | string {
  const url = /^rediss?:\/\/[^\s/]/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '') return 'expected a URL that starts with redis:// or rediss://';
  if (url.search !== '' || url.hash !== '') return 'options in this URL are not supported: they are keys beside "url"';
  const database = /^(?:\/|\/(0|[1-9]\d{0,5}))?$/.exec(url.pathname);
  if (database === null) return 'expected nothing after the host, or the number of a database';
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === null || password === null)
    return 'the user or password in this URL is not percent-encoded correctly';
  if (username !== '' && password === '') return 'this URL contains a user without a password';
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

function readUser(from: Pick<Redis, 'username' | 'password'>, at: Location): User {
  return { username: from.username ?? null, password: readSecretText(from.password, at.at('password')) };
}
