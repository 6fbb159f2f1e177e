/** The digest is shown without a token: no secret may affect it, and every rule must. */
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { references } from '../../../src/config/reference-yaml.ts';
import { secretKeysOf } from '../../../src/config/schema/secret-keys.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { createConfigFolder } from '../../support/config-folder.ts';
import { env, readSecret } from './environment.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

function digestOf(text: string, variables: Readonly<Record<string, string>> = env): string {
  const result = parseConfig(text, { file: 'f.yaml', env: variables, readSecret });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config.digest;
}

const inline = (text: string, values: Readonly<Record<string, string>>) =>
  text.replace(/\$\{(\w+)\}/g, (_, name) => values[name]!);

/** Also secrets of their own form keep it. */
const others = Object.fromEntries(
  Object.entries(env).map(([name, value]) => [
    name,
    value
      .replaceAll('opensesame', 'hunter2')
      .replaceAll('0123', '7777')
      .replaceAll('MDEy', 'NDU2')
      .replaceAll('fedc', '8888'),
  ]),
);

describe('with every key', () => {
  const reference = references.gateway();

  test('written secrets do not affect it', () => {
    for (const key of secretKeysOf(configSchema).secretKeys) expect(reference).toMatch(new RegExp(`\\b${key}:`));
    const [one, other] = [inline(reference, env), inline(reference, others)];
    expect(other).not.toBe(one);
    expect(digestOf(other)).toBe(digestOf(one));
  });

  test('variables do not affect it', () => {
    expect(digestOf(reference, others)).toBe(digestOf(reference));
  });
});

const config = (more: string, access = 'public') => `version: 1
authApi: { url: "http://auth:8081" }
upstreams: { orders: { targets: ["http://orders:8080"] } }
roles: { user: {} }
routes: [{ id: a, match: { path: /a }, upstream: orders, access: ${access} }]
${more}
`;

test.each([
  [
    'a URL with userinfo',
    (secret: string) => `cache: { secret: ${'s'.repeat(40)}, redis: { url: "redis://ann:${secret}@redis:6379" } }`,
  ],
  [
    'the default of a variable',
    (secret: string) => `cache: { secret: ${'s'.repeat(40)}, redis: { url: "redis://:\${PW:-${secret}}@redis:6379" } }`,
  ],
  ['a query', (secret: string) => `tracing: { endpoint: "http://collector:4318/?api_token=${secret}" }`],
  ['a query in a default', (secret: string) => `tracing: { endpoint: "\${OTLP:-http://collector/?token=${secret}}" }`],
  ['a header', (secret: string) => `tracing: { headers: { x-key: ${secret} }, endpoint: "http://collector:4318" }`],
  [
    'a block',
    (secret: string) =>
      `cache:\n  secret: ${'s'.repeat(40)}\n  redis:\n    url: redis://redis\n    password: >-\n      ${secret}\n      and more`,
  ],
  ['a comment', (secret: string) => `# before: ${secret}`],
])('%s does not affect it', (_, more) => {
  expect(digestOf(config(more('correct-horse')))).toBe(digestOf(config(more('hunter2'))));
});

test.each([
  ['access', config('', '[user]')],
  ['another target', config('').replace('orders:8080', 'orders:8081')],
  ['another setting', config('cache: { accepted: 10s }')],
  ['another Auth API', config('').replace('auth:8081', 'auth:8082')],
  ['a header that conditions use', config('conditions: { headers: { x-region: any } }')],
])('%s affects it', (_, text) => {
  expect(digestOf(text)).not.toBe(digestOf(config('')));
});

test('included files and lists affect it', () => {
  const file = folder.write('gateway.yaml', config('include: ["*.routes.yaml"]'));
  const digest = (path: string, list: string) => {
    folder.write(
      'b.routes.yaml',
      `routes:\n  - id: b\n    match: { path: ${path} }\n    upstream: orders\n    access: public\n    when: [{ client: address, cidr: { file: inside.txt }, reason: not_inside }]\n`,
    );
    folder.write('inside.txt', list);
    const result = loadConfig(file, {});
    if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
    return result.config.digest;
  };
  const first = digest('/b', '10.0.0.0/8\n');
  expect(digest('/b', '10.0.0.0/8\n')).toBe(first);
  expect(digest('/c', '10.0.0.0/8\n')).not.toBe(first);
  expect(digest('/b', '10.0.0.0/9\n')).not.toBe(first);
});
