import { describe, expect, test } from 'vitest';
import { isSecretName, redactText, redactValue } from '../../../src/telemetry/log/redaction.ts';
import { cpuMs } from '../../support/cpu-time.ts';

test.each([
  'authorization',
  'Proxy-Authorization',
  'cookie',
  'Set-Cookie',
  'cookies',
  'api-key',
  'api_secret',
  'apiKey',
  'X-API-KEY',
  'token',
  'accessToken',
  'refresh_tokens',
  'secret',
  'clientSecret',
  'password',
  'dbPassword',
  'bearer',
  'credentials',
  'privateKey',
])('%s is a secret name', (name) => expect(isSecretName(name)).toBe(true));

test.each(['userId', 'keyId', 'sessionId', 'route', 'path', 'secretary', 'tokenizer', 'authority', ''])(
  '%s is not a secret name',
  (name) => expect(isSecretName(name)).toBe(false),
);

describe('text', () => {
  test.each([
    ['a bearer', 'sent Bearer abc.def', 'sent Bearer [redacted]'],
    ['a bearer in any case', 'BEARER abc', 'BEARER [redacted]'],
    ['an escaped space', 'bearer%20abc', 'bearer%20[redacted]'],
    ['a header', 'api-secret: s3cret! next', 'api-secret: [redacted] next'],
    ['a member of JSON', '{"password":"a \\" b","n":1}', '{"password":[redacted],"n":1}'],
    ['a truncated member of JSON', '{"password":"a b', '{"password":[redacted]'],
    ['a form', 'token=abc', 'token=[redacted]'],
    ['all cookies', 'cookie: a=1; b=2\nhost: x', 'cookie: [redacted]\nhost: x'],
    ['a password in a URL', 'redis://u:p@r:6379/0', 'redis://[redacted]@r:6379/0'],
    ['a query', 'GET /a?b=c HTTP', 'GET /a?[redacted] HTTP'],
    ['nothing', 'connect ECONNREFUSED 10.0.0.1:80', 'connect ECONNREFUSED 10.0.0.1:80'],
    ['a question', 'is the token right? no', 'is the token right? no'],
  ])('with %s', (_, text, expected) => expect(redactText(text)).toBe(expected));

  test('is bounded', () => expect(redactText('a'.repeat(100_000)).length).toBeLessThan(8200));

  test.each(['/', '?', 'token="', 'a://', "secret:'", 'bearer ', 'cookie:', '\\"', 'password: '])(
    'of many %j is redacted in time',
    (piece) => expect(cpuMs(() => redactText(piece.repeat(8192)))).toBeLessThan(500),
  );
});

describe('values', () => {
  test('keep their shape, without their secrets', () => {
    const when = new Date(0);
    expect(
      redactValue({
        n: 1,
        b: true,
        none: null,
        when,
        big: 7n,
        list: [1, 'x'],
        set: new Set(['y']),
        token: 'a',
        f: () => 1,
      }),
    ).toEqual({
      n: 1,
      b: true,
      none: null,
      when: when.toISOString(),
      big: '7',
      list: [1, 'x'],
      set: ['y'],
      token: '[redacted]',
    });
  });

  test('counts bytes without showing them', () => expect(redactValue(Buffer.from('secret'))).toBe('[6 bytes]'));

  test('raw headers are masked by name', () =>
    expect(redactValue(['Host', 'a', 'Cookie', 'x=1'])).toEqual(['Host', 'a', 'Cookie', '[redacted]']));

  test('a list of settings is not a list of headers', () =>
    expect(redactValue(['cache.secret', 'server.listen'])).toEqual(['cache.secret', 'server.listen']));

  test('cuts a cycle, but not a repeated object', () => {
    const twice = { x: 1 };
    const value: Record<string, unknown> = { a: twice, b: twice };
    value['self'] = value;
    expect(redactValue(value)).toEqual({ a: { x: 1 }, b: { x: 1 }, self: '[circular]' });
  });

  test('bounds depth and number of entries', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 50; level += 1) deep = { deep };
    expect(JSON.stringify(redactValue(deep)).length).toBeLessThan(100);
    expect(redactValue(Array.from({ length: 1000 }, () => 0))).toHaveLength(64);
  });

  test('treats prototype names as ordinary names', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1}}') as object;
    expect(JSON.stringify(redactValue(value))).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
