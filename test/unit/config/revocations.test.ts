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
  ['one from a variable', `revocations: { webhookSecret: "\${FIRST}" }`, [first]],
  ['one from a file', 'revocations: { webhookSecret: { file: /run/secrets/webhook } }', [first]],
  ['two, during a rotation', `revocations: { webhookSecret: ["${first}", "${second}"] }`, [first, second]],
  [
    'two, one from a file',
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
  ['invalid base64', 'whsec_not base64'],
  ['base64 for URLs', 'whsec_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8='],
  ['nothing after the prefix', 'whsec_'],
])('refuses a webhook secret that is %s, and does not show it', (_name, secret) => {
  const result = read(`revocations: { webhookSecret: "${secret}" }`);
  expect(result).toMatchObject({ ok: false, problems: [{ line: 4, message: expect.stringContaining('whsec_') }] });
  if (secret.length > 6) expect(JSON.stringify(result)).not.toContain(secret);
});

test('refuses an empty list of secrets and one that is too long', () => {
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
