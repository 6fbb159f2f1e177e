import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';

const secretOf = (byte: number, bytes = 32) => `whsec_${Buffer.alloc(bytes, byte).toString('base64')}`;
const [first, second] = [secretOf(1), secretOf(2)];
const files: Readonly<Record<string, string>> = { '/run/secrets/webhook': `${first}\n` };

function read(keys: string) {
  return parseConfig(`version: 1\nauthApi: { url: "http://auth:8081" }\nroutes: []\n${keys}\n`, {
    file: 'f',
    env: { FIRST: first },
    readSecret: (path) => files[path]!,
  });
}

test.each([
  ['none', 'revocations: {}', []],
  ['one', `revocations: { webhookSecret: "${first}" }`, [first]],
  ['one of a variable', `revocations: { webhookSecret: "\${FIRST}" }`, [first]],
  ['one of a file', 'revocations: { webhookSecret: { file: /run/secrets/webhook } }', [first]],
  ['two, for a change', `revocations: { webhookSecret: ["${first}", "${second}"] }`, [first, second]],
  [
    'two, one of a file',
    `revocations: { webhookSecret: [{ file: /run/secrets/webhook }, "${second}"] }`,
    [first, second],
  ],
  ['the shortest', `revocations: { webhookSecret: "${secretOf(3, 24)}" }`, [secretOf(3, 24)]],
  ['the longest', `revocations: { webhookSecret: "${secretOf(3, 64)}" }`, [secretOf(3, 64)]],
])('webhook secrets: %s', (_name, keys, secrets) => {
  const result = read(keys);
  expect(result.ok ? result.config.revocations.webhookSecrets : result.problems).toEqual(secrets);
});

test.each([
  ['too short', secretOf(1, 23)],
  ['too long', secretOf(1, 65)],
  ['without its prefix', first.slice(6)],
  ['no base64', 'whsec_not base64'],
  ['base64 for URLs', 'whsec_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8='],
  ['nothing after the prefix', 'whsec_'],
])('a webhook secret that is %s is refused, and not shown', (_name, secret) => {
  const result = read(`revocations: { webhookSecret: "${secret}" }`);
  expect(result).toMatchObject({ ok: false, problems: [{ line: 4, message: expect.stringContaining('whsec_') }] });
  if (secret.length > 6) expect(JSON.stringify(result)).not.toContain(secret);
});

test('no secrets at all, and too many', () => {
  expect(read('revocations: { webhookSecret: [] }')).toMatchObject({ ok: false });
  const many = Array.from({ length: 9 }, (_, index) => `"${secretOf(index)}"`).join(', ');
  expect(read(`revocations: { webhookSecret: [${many}] }`)).toMatchObject({ ok: false });
});

test.each([
  ['100ms', 100],
  ['10s', 10_000],
  ['99ms', null],
  ['11s', null],
])('cache.whileDisconnected: %s', (written, ms) => {
  const result = read(`cache: { whileDisconnected: ${written} }`);
  expect(result.ok ? result.config.cache.whileDisconnectedMs : null).toBe(ms);
});
