/** How the keys of the Auth API are compiled. */
import { describe, expect, test } from 'vitest';
import type { AuthApiSettings } from '../../../src/config/config.ts';
import { parseAuthApiFile, parseConfig } from '../../../src/config/parse-config.ts';
import { env, readSecret } from './environment.ts';

const files: Readonly<Record<string, string>> = {
  database: 'postgres://ann:opensesame@postgres/rolegate\n',
  smtp: 'smtps://ann:opensesame@mail\n',
  old: 'old-0123456789abcdef0123456789abcdef\n',
};

const options = {
  file: 'auth-api.yaml',
  env,
  readSecret(path: string): string {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  },
};

/** The Auth API's own file with these additional lines, which may include `database`. */
function settingsOf(lines: string): AuthApiSettings {
  const database = lines.startsWith('database') ? '' : 'database: ":memory:"\n';
  const result = parseAuthApiFile(`${database}secret: "\${AUTH_SECRET}"\n${lines}\n`, options);
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result.config.settings;
}

test.each([
  ['a file', 'database: ./x.db', './x.db'],
  ['a relative file URI', 'database: "file:./x.db"', './x.db'],
  ['an absolute file URI', 'database: "file:///var/x.db"', '///var/x.db'],
  ['memory', 'database: ":memory:"', ':memory:'],
  [
    'PostgreSQL',
    'database: "postgres://ann:pw@db:5432/x?sslmode=require"',
    'postgres://ann:pw@db:5432/x?sslmode=require',
  ],
  ['PostgreSQL from a file', 'database: { file: database }', 'postgres://ann:opensesame@postgres/rolegate'],
])('database: %s', (_, line, database) => {
  expect(settingsOf(line).database).toBe(database);
});

test('previous secrets come from variables and files, in order', () => {
  expect(settingsOf(`previousSecrets: [{ file: old }, "\${CACHE_SECRET}"]`).previousSecrets).toEqual([
    'old-0123456789abcdef0123456789abcdef',
    env['CACHE_SECRET'],
  ]);
});

describe('mail', () => {
  const from = 'from: "Rolegate <no-reply@example.test>"';

  test('sends codes once configured, unless the outbox overrides it', () => {
    const mail = `mail: { smtp: "smtp://127.0.0.1:25", ${from} }`;
    expect(settingsOf(mail)).toMatchObject({
      outbox: 'mail',
      mail: {
        smtp: { host: '127.0.0.1', port: 25, implicitTls: false, requireTls: false, credentials: null },
        from: { name: 'Rolegate', address: 'no-reply@example.test' },
      },
    });
    expect(settingsOf(`${mail}\noutbox: console`).outbox).toBe('console');
    expect(settingsOf('')).toMatchObject({ outbox: 'none', mail: null });
  });

  test.each([
    ['no password', '"smtp://mail"', '', false],
    ['no password, TLS required explicitly', '"smtp://mail"', 'requireTls: true', true],
    ['a password', '"smtp://ann:pw@mail"', '', true],
    ['a password from a file', '{ file: smtp }', '', true],
    ['a password for localhost', '"smtp://ann:pw@127.0.0.1"', '', false],
    ['a password for localhost, TLS required explicitly', '"smtp://ann:pw@127.0.0.1"', 'requireTls: true', true],
    ['a password for localhost, TLS not required', '"smtp://ann:pw@localhost"', 'requireTls: false', false],
  ])('TLS is required: %s', (_, smtp, more, requireTls) => {
    const { mail } = settingsOf(`mail: { smtp: ${smtp}, ${from}, ${more} }`);
    expect(mail?.smtp.requireTls).toBe(requireTls);
  });
});

test('compiles limits, Redis and proxies', () => {
  const settings = settingsOf(`limits: { codeTries: 3, mailsPerClient: 7, mailWindow: 1m, keyWindow: 2s }
redis: { url: "\${REDIS_URL}" }
trustedProxies: ["10.0.0.0/8"]`);
  expect(settings).toMatchObject({
    limits: {
      codeTries: 3,
      requestsPerClient: 300,
      mailsPerClient: 7,
      mailsPerAddressAndClient: 5,
      mailsPerAddress: 30,
      mailsPerUser: 10,
      mailWindowMs: 60_000,
      failuresPerClient: 100,
      keyFailures: 10,
      keyWindowMs: 2000,
    },
    redis: { servers: { host: 'redis.example.test' }, username: 'ann', keyPrefix: 'rolegate:', commandTimeoutMs: 50 },
  });
  expect(['10.1.2.3', '127.0.0.1'].map(settings.trustedProxies)).toEqual([true, false]);
});

test('an embedded Auth API trusts no peer: the gateway sends a secret generated at startup', () => {
  const result = parseConfig(
    `version: 1
authApi: { embedded: { database: ":memory:", secret: "\${AUTH_SECRET}" } }
routes: []
`,
    options,
  );
  if (!result.ok || result.config.authApi?.kind !== 'embedded') throw new Error('not read');
  const { gatewaySecrets, trustedProxies } = result.config.authApi.embedded;
  expect(gatewaySecrets).toEqual([]);
  expect(['127.0.0.1', '::1', '10.1.2.3'].map((peer) => trustedProxies(peer))).toEqual([false, false, false]);
});

describe('the gateway secret', () => {
  const secret = 'g'.repeat(40);

  test('accepts one secret, or several during a rotation, and is empty if unset', () => {
    expect(settingsOf(`gatewaySecret: ${secret}`).gatewaySecrets).toEqual([secret]);
    expect(settingsOf(`gatewaySecret: [{ file: old }, ${secret}]`).gatewaySecrets).toEqual([
      'old-0123456789abcdef0123456789abcdef',
      secret,
    ]);
    expect(settingsOf('').gatewaySecrets).toEqual([]);
  });

  test.each(['short', `${'g'.repeat(40)} with blanks`])('cannot be "%s"', (text) => {
    expect(() => settingsOf(`gatewaySecret: "${text}"`)).toThrow(/shorter than 32|cannot be sent/);
  });

  test.each([
    ['listen: "127.0.0.1:8081"', false],
    ['listen: "[::1]:8081"', false],
    ['listen: ":8081"', true],
    ['listen: "10.0.0.1:8081"', true],
    [`listen: ":8081"\ngatewaySecret: ${secret}`, false],
    ['listen: ":8081"\ntrustedProxies: [10.0.0.0/8]', false],
  ])('%s: clients behind a gateway cannot be distinguished: %s', (lines, unknown) => {
    const result = parseAuthApiFile(`database: ":memory:"\nsecret: "\${AUTH_SECRET}"\n${lines}\n`, options);
    expect(result.ok && result.config.clientsUnknown).toBe(unknown);
  });
});

test('metrics have their own address, or none', () => {
  const metricsOf = (lines: string) => {
    const result = parseAuthApiFile(`database: ":memory:"\nsecret: "\${AUTH_SECRET}"\n${lines}\n`, options);
    return result.ok ? result.config.metrics : result.problems.map(({ message }) => message);
  };
  expect(metricsOf('')).toBeNull();
  expect(metricsOf('metrics: ":9091"')).toEqual({ host: '', port: 9091 });
  expect(metricsOf('metrics: ":8081"')).toEqual(['"listen" and "metrics" are on the same port']);
});

describe('tracing', () => {
  const read = (lines: string) =>
    parseAuthApiFile(`database: ":memory:"\nsecret: "\${AUTH_SECRET}"\n${lines}\n`, options);

  test("is off, or has the gateway's settings with its own service name", () => {
    expect(read('')).toMatchObject({ ok: true, config: { tracing: null } });
    expect(
      read('tracing: { endpoint: "http://collector:4318/v1/traces", headers: { Key: { file: old } } }'),
    ).toMatchObject({
      ok: true,
      config: {
        tracing: {
          trust: 'proxies',
          endpoint: 'http://collector:4318/v1/traces',
          headers: { key: 'old-0123456789abcdef0123456789abcdef' },
          sample: 0.01,
          serviceName: 'rolegate-auth-api',
          queue: 4096,
          timeoutMs: 10_000,
        },
      },
    });
    expect(read('tracing: {}')).toMatchObject({ ok: true, config: { tracing: { endpoint: null } } });
  });

  test('reports mistakes', () => {
    expect(read('tracing: { endpoint: "collector:4317", sample: 2, headers: { "x y": a } }')).toMatchObject({
      ok: false,
      problems: [
        { line: 3, message: 'expected an http or https URL, such as "https://id.example.test/introspect"' },
        { line: 3, message: 'expected a number from 0 to 1' },
        { line: 3, message: 'expected the name of a header' },
      ],
    });
    expect(read('tracing: { headers: { key: "a\\u00e9" } }')).toMatchObject({
      ok: false,
      problems: [{ line: 3, message: 'a header cannot carry this value' }],
    });
  });

  test('does not apply to an embedded Auth API, which its gateway traces', () => {
    const embedded = `embedded: { database: ":memory:", secret: "\${AUTH_SECRET}", tracing: {} }`;
    expect(parseConfig(`version: 1\nauthApi: { ${embedded} }\nroutes: []\n`, options)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringMatching(/^unknown key/), line: 2 }],
    });
  });
});

test('trusting every peer requires an explicit setting', () => {
  const read = (more: string) =>
    parseAuthApiFile(`database: ":memory:"\nsecret: "${'s'.repeat(40)}"\n${more}`, { file: 'a.yaml', env, readSecret });
  const [said, ranged] = [read('trustEveryPeer: true'), read('trustedProxies: [0.0.0.0/0]')];
  expect(said).toMatchObject({ ok: true, config: { trustEveryPeer: true } });
  expect(said.ok && said.config.settings.trustedProxies('203.0.113.7')).toBe(true);
  expect(ranged).toMatchObject({ ok: false, problems: [{ line: 3, message: 'these ranges contain every address' }] });
});
