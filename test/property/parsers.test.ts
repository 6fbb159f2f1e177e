/** Every parser of untrusted text returns a value or a reason and never throws, whatever the text. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { extractCredential } from '../../src/core/credential/extract-credential.ts';
import { decide } from '../../src/core/decide.ts';
import { parseAddress, parseCidr } from '../../src/core/syntax/addresses.ts';
import { connectionList } from '../../src/core/syntax/header-fields.ts';
import { canonicalHost } from '../../src/core/url/canonical-host.ts';
import { canonicalPath } from '../../src/core/url/canonical-path.ts';
import { ann, configText, patienceMs, readPolicy, runs, view } from './support.ts';

const policy = readPolicy();
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      '%',
      '2',
      'f',
      '/',
      '.',
      ';',
      '\\',
      ':',
      '[',
      ']',
      '@',
      ',',
      '"',
      '=',
      ' ',
      '\0',
      '\r',
      '\n',
      'a',
    ),
  }),
);
const addresses = fc.oneof(
  text,
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), text).map((parts) => parts.join('/')),
);

const names = fc.oneof(
  text,
  fc.constantFrom(
    'Host',
    'host',
    'HOST',
    'Authorization',
    'authorization',
    'Api-Key',
    'api-secret',
    'Connection',
    'Via',
  ),
  fc.constantFrom('Content-Length', 'Transfer-Encoding', 'Cookie', 'Origin', 'Upgrade', 'Forwarded', 'X-Forwarded-For'),
  fc.constantFrom('Access-Control-Request-Method', 'Sec-WebSocket-Protocol', '__proto__', 'constructor', 'user_id'),
);
const values = fc.oneof(
  text,
  fc.constantFrom(
    'a.test',
    'Bearer good',
    'bearer  x',
    'Basic eA==',
    '',
    'chunked',
    '5',
    'user-id, , close',
    'for=1.2.3.4',
    '1.1 a, 2 b',
  ),
);
const rawHeaders = fc.array(fc.tuple(names, values), { maxLength: 12 }).map((pairs) => pairs.flat());

test('paths, hosts and addresses', { timeout: patienceMs }, () => {
  fc.assert(
    fc.property(text, addresses, (one, address) => {
      canonicalPath(one);
      canonicalPath(`/${one}`);
      canonicalHost(one);
      parseAddress(address);
      parseCidr(address);
    }),
    runs(15_000),
  );
});

test('header lists and credentials', { timeout: patienceMs }, () => {
  fc.assert(
    fc.property(rawHeaders, (headers) => {
      connectionList(headers);
      const decision = decide(view('GET', '/private/x', headers), policy, ann);
      if (decision instanceof Promise) throw new Error('the decision is not synchronous');
      expect(decision.reason).not.toBe('internal_error');
      if (decision.outcome === 'allow') {
        expect(decision.identity?.userId).toBe('ann');
        const credential = extractCredential(decision.request, headers, policy.credentials, null);
        expect(credential).toMatchObject({ kind: 'bearer', token: 'good' });
      }
    }),
    runs(20_000),
  );
});

test('whole requests', { timeout: patienceMs }, () => {
  fc.assert(
    fc.property(
      text,
      text,
      rawHeaders,
      fc.constantFrom('1.0' as const, '1.1' as const),
      (method, target, headers, httpVersion) => {
        const decision = decide({ method, target, rawHeaders: headers, httpVersion }, policy, ann);
        if (decision instanceof Promise) throw new Error('the decision is not synchronous');
        expect(decision.reason).not.toBe('internal_error');
      },
    ),
    runs(10_000),
  );
});

/** The configuration with one place changed to something else. */
const damaged = fc
  .tuple(
    fc.nat(),
    fc.nat({ max: 12 }),
    fc.oneof(
      text,
      fc.constantFrom('{', '}', '[', ']', ': ', '&a', '*a', '!!js', '\n- ', '"', '|\n', '<<: ', '__proto__: 1'),
    ),
  )
  .map(([at, length, inserted]) => {
    const good = configText('http://127.0.0.1:9', 9);
    const from = at % good.length;
    return good.slice(0, from) + inserted + good.slice(from + length);
  });

test('configurations', { timeout: patienceMs }, () => {
  fc.assert(
    fc.property(fc.oneof(text, damaged, damaged, damaged), (config) => {
      const read = parseConfig(config, { file: 'p.yaml', env: {}, readSecret: () => '' });
      if (read.ok) return;
      expect(read.problems.length).toBeGreaterThan(0);
      for (const { line, message } of read.problems) {
        expect(line).toBeGreaterThan(0);
        expect(message).not.toBe('');
      }
    }),
    runs(800),
  );
});
