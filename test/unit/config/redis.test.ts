/** How Redis is configured: its topologies, users, TLS, and previous secrets. */
import { describe, expect, test } from 'vitest';
import type { CacheConfig, RedisConfig } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { createAuthority } from '../../support/certificates.ts';
import { env, readSecret } from './environment.ts';

const authority = createAuthority();
const [own, other] = [authority.issue({ hosts: ['gateway.test'] }), authority.issue({ hosts: ['gateway.test'] })];
const files: Record<string, string> = {
  'ca.pem': `${createAuthority().cert}${authority.cert}`,
  'own.pem': `${own.cert}${authority.cert}`,
  'own-key.pem': own.key,
  'other-key.pem': other.key,
  'broken.pem': own.cert.replace(/[A-Z]{4}/, 'AAAA'),
};

function read(cache: string) {
  return parseConfig(`version: 1\nauthApi: { url: "http://auth:8081" }\nroutes: []\ncache: { ${cache} }`, {
    file: 'f.yaml',
    env,
    readSecret: (path) => files[path] ?? readSecret(path),
  });
}

function cacheOf(cache: string): CacheConfig {
  const result = read(cache);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config.cache;
}

function redisOf(redis: string): RedisConfig {
  const { redis: made } = cacheOf(`secret: "\${CACHE_SECRET}", redis: { ${redis} }`);
  if (made === null) throw new Error('none');
  return made;
}

function problemsOf(redis: string): string[] {
  const result = read(`secret: "\${CACHE_SECRET}", redis: { ${redis} }`);
  return result.ok ? [] : result.problems.map(({ message }) => message);
}

describe('topologies', () => {
  test.each<[string, string, unknown]>([
    ['a server', 'redis://redis', { host: 'redis', port: 6379, database: 0 }],
    ['with a port', 'redis://redis:7000/', { host: 'redis', port: 7000, database: 0 }],
    ['with a database', 'redis://redis/12', { host: 'redis', port: 6379, database: 12 }],
    ['an IPv6 address', 'redis://[::1]:7000', { host: '::1', port: 7000, database: 0 }],
    ['in capitals', 'REDIS://redis', { host: 'redis', port: 6379, database: 0 }],
  ])('%s', (_, url, servers) => {
    expect(redisOf(`url: "${url}"`)).toEqual({
      servers: { kind: 'single', ...(servers as object) },
      username: null,
      password: null,
      tls: null,
      keyPrefix: 'rolegate:',
      commandTimeoutMs: 50,
    });
  });

  test('Sentinels with their own users', () => {
    const written = `sentinel: { name: m, nodes: ["s1:26379", "[::1]:1"], username: w, password: { file: /run/secrets/short } }`;
    expect(redisOf(`${written}, password: "\${COUNT}", tls: true`)).toMatchObject({
      servers: {
        kind: 'sentinel',
        name: 'm',
        nodes: [
          { host: 's1', port: 26379 },
          { host: '::1', port: 1 },
        ],
        username: 'w',
        password: 'opensesame',
      },
      username: null,
      password: '55',
      tls: { ca: null, cert: null, key: null, serverName: null },
    });
  });

  test('a Cluster', () => {
    expect(redisOf('cluster: ["r1:1", "r2:2"], username: u, password: p, keyPrefix: "a:", timeout: 1s')).toEqual({
      servers: {
        kind: 'cluster',
        nodes: [
          { host: 'r1', port: 1 },
          { host: 'r2', port: 2 },
        ],
      },
      username: 'u',
      password: 'p',
      tls: null,
      keyPrefix: 'a:',
      commandTimeoutMs: 1000,
    });
  });
});

test.each(['{}:', 'a{b:', 'a}b:', 'a b'])('refuses a prefix that would let keys be parsed apart: "%s"', (prefix) => {
  expect(problemsOf(`url: "redis://redis", keyPrefix: "${prefix}"`)).toEqual([
    'expected visible ASCII without blanks and braces, at most 64 characters',
  ]);
});

describe('users', () => {
  test.each<[string, string, (string | null)[]]>([
    ['in the URL', 'url: "redis://ann:p%40ss%2F@redis"', ['ann', 'p@ss/']],
    ['a password only', 'url: "redis://:secret@redis"', [null, 'secret']],
    ['next to the URL', 'url: "redis://redis", username: ann, password: secret', ['ann', 'secret']],
    ['in both places', 'url: "redis://:secret@redis", password: other', []],
    ['undecodable', 'url: "redis://ann:%zz@redis"', []],
  ])('%s', (_, redis, user) => {
    if (user.length === 0) {
      expect(problemsOf(redis)).toHaveLength(1);
      return;
    }
    const { username, password } = redisOf(redis);
    expect([username, password]).toEqual(user);
  });
});

describe('TLS', () => {
  test('reads the files and keeps a certificate chain unchanged', () => {
    const { tls } = redisOf(
      'url: "redis://redis", tls: { ca: ca.pem, cert: own.pem, key: own-key.pem, serverName: redis.test }',
    );
    expect(tls).toEqual({ ca: files['ca.pem'], cert: files['own.pem'], key: own.key, serverName: 'redis.test' });
  });

  test.each<[string, string, string]>([
    ['the key of another certificate', 'cert: own.pem, key: other-key.pem', 'this is not the key of "cert"'],
    ['a broken certificate', 'ca: broken.pem', 'this file contains no certificates in PEM form'],
    [
      'a key instead of a certificate',
      'cert: own-key.pem, key: own-key.pem',
      'this file contains no certificate in PEM form',
    ],
    [
      'a certificate instead of a key',
      'cert: own.pem, key: own.pem',
      'this file contains no private key in PEM form, or it has a passphrase',
    ],
    ['a key without a certificate', 'key: own-key.pem', '"key" has no effect without "cert"'],
  ])('refuses %s', (_, tls, problem) => {
    expect(problemsOf(`url: "rediss://redis", tls: { ${tls} }`)).toEqual([problem]);
  });
});

describe('previous secrets', () => {
  const [first, second] = ['1'.repeat(32), '2'.repeat(32)];
  test.each<[string, string, string[]]>([
    ['none', '', []],
    ['one', `, previousSecret: "${first}"`, [first]],
    ['one from a file', ', previousSecret: { file: /run/secrets/cache }', ['file-0123456789abcdef0123456789abcdef']],
    ['a list', `, previousSecret: ["${second}", "${first}"]`, [second, first]],
  ])('%s', (_, written, secrets) => {
    expect(cacheOf(`secret: "\${CACHE_SECRET}"${written}`).previousSecrets).toEqual(secrets);
  });

  test('refuses a previous secret that equals the current one, wherever it is set', () => {
    const result = read(`secret: "\${CACHE_SECRET}", previousSecret: "\${CACHE_SECRET}"`);
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual(['this is the current secret']);
  });
});
