/** A memory of earlier requests changes nothing: what is decided and what is sent are what they are without it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, type Policy } from '../../../src/core/decide.ts';
import { type ClientFacts, clientFacts } from '../../../src/core/forwarding/client-facts.ts';
import { defaultIdentityHeaders } from '../../../src/core/forwarding/identity-headers.ts';
import {
  appendRequestHeaders,
  compileForwarding,
  type ForwardingRules,
} from '../../../src/core/forwarding/request-headers.ts';
import { requestLines } from '../../../src/core/forwarding/request-lines.ts';
import type { Allow } from '../../../src/core/outcome/decision.ts';
import { HeadMemory } from '../../../src/core/request/head-memory.ts';
import type { RequestView } from '../../../src/core/request/request-view.ts';
import { accept, makePolicy, type RouteSpec, sources } from './make-policy.ts';

const heads: readonly (readonly string[])[] = [
  ['Host', 'a.test', 'Authorization', 'Bearer t', 'Accept', '*/*'],
  ['Host', 'a.test', 'Authorization', 'Bearer t', 'Early-Data', '1'],
  ['Host', 'a.test', 'Cookie', 'session=t; other=1', 'Origin', 'http://a.test'],
  ['Host', 'a.test', 'Cookie', 'session=t', 'Sec-Fetch-Site', 'cross-site', 'Via', '1.1 rolegate'],
  ['Host', 'b.test:80', 'api-key', 'k', 'api-secret', 's', 'X-Request-Id', 'theirs', 'Forwarded', 'for=192.0.2.1'],
  ['Authorization', 'Bearer t'],
  ['Host', 'a.test', 'Connection', 'keep-alive, accept', 'Accept', '*/*', 'X-Forwarded-For', '192.0.2.9, 10.0.0.2'],
  ['Host', 'a.test', 'Authorization', 'Bearer t', 'Odd', 'a\r\nuser-id: b'],
];
const routes: readonly RouteSpec[] = [
  { on: '/open/**', access: 'public' },
  { on: '/kept/**', access: ['user'], forwardCredentials: true },
  { on: '/**', access: 'optional' },
];
const withCookie = { ...sources, bearerCookie: 'session' };
const policies: readonly Policy[] = [
  { ...makePolicy(routes), via: { name: 'rolegate', passes: 3 } },
  { ...makePolicy(routes, withCookie), via: { name: 'rolegate', passes: 0 } },
  makePolicy(routes, { ...withCookie, apiKeyHeader: 'x-key' }),
];
const rules: readonly ForwardingRules[] = [
  compileForwarding(defaultIdentityHeaders, sources),
  compileForwarding([{ name: 'x-alias', field: 'alias' }], withCookie, 'other', 'forwarded'),
];
const resolutions = [accept(), accept({ userId: 'b', alias: 'ł' }), { ...accept(), stale: true }];
const peers = [
  { address: '10.0.0.1', trusted: true, secure: false },
  { address: '203.0.113.7', trusted: false, secure: false },
  { address: '203.0.113.7', trusted: false, secure: true },
];

const step = fc.record({
  head: fc.nat(heads.length - 1),
  method: fc.constantFrom('GET', 'DELETE', 'OPTIONS'),
  target: fc.constantFrom('/open/a', '/kept/a', '/other?b', 'http://a.test/kept/b'),
  httpVersion: fc.constantFrom<'1.0' | '1.1'>('1.1', '1.1', '1.1', '1.0'),
  policy: fc.constantFrom(...policies),
  rules: fc.constantFrom(...rules),
  resolution: fc.constantFrom(...resolutions),
  peer: fc.constantFrom(...peers),
});

/** Clients repeat themselves. */
const steps = fc
  .array(fc.tuple(step, fc.integer({ min: 1, max: 3 })), { minLength: 2, maxLength: 12 })
  .map((runs) => runs.flatMap(([one, times]) => Array.from({ length: times }, () => one)));

function linesOf(used: ForwardingRules, decision: Allow, raw: readonly string[], facts: ClientFacts): string | null {
  const out: string[] = [];
  appendRequestHeaders(out, used, decision, raw, facts);
  if (out.some((text) => /[\r\n]/.test(text))) return null;
  let text = '';
  for (let i = 0; i < out.length; i += 2) text += `${out[i]}: ${out[i + 1]}\r\n`;
  return text;
}

test('whatever came before on the connection', () => {
  let repeated = 0;
  fc.assert(
    fc.property(steps, (sequence) => {
      const memories = heads.map(() => new HeadMemory());
      let id = 0;
      for (const { head, policy, resolution, peer, ...asked } of sequence) {
        const rawHeaders = heads[head]!;
        const memory = memories[head]!;
        const view: RequestView = { rawHeaders, ...asked };
        const alone = decide(view, policy, () => resolution);
        const behind = decide({ ...view, memory }, policy, () => resolution);
        expect(behind).toEqual(alone);
        if (alone instanceof Promise || alone.outcome !== 'allow') continue;
        id += 1;
        const { authority } = alone.request;
        const trusted = (address: string) => address.startsWith('10.');
        const facts = clientFacts(peer, authority, rawHeaders, trusted, () => `id-${id}`, asked.rules.forwardedHeaders);
        const before = memory.lines;
        expect(requestLines(asked.rules, alone, rawHeaders, facts, memory)).toBe(
          linesOf(asked.rules, alone, rawHeaders, facts),
        );
        if (before !== null && memory.lines === before) repeated += 1;
      }
    }),
    { numRuns: 2_000 },
  );
  // Else nothing was looked at.
  expect(repeated).toBeGreaterThan(500);
});

test('a character that no line holds is not made up for by a line too much', () => {
  const decision = decide(
    { method: 'GET', target: '/kept/a', rawHeaders: heads[0]!, httpVersion: '1.1' },
    policies[0]!,
    () => accept(),
  ) as Allow;
  const rawHeaders = [...heads[0]!, 'Odd', 'a\x01'];
  const facts = clientFacts(
    peers[1]!,
    'a',
    [],
    () => false,
    () => 'a',
  );
  for (let lines = 0; lines < 20; lines += 1) {
    const made = compileForwarding([{ name: `a${': b\r\nc'.repeat(lines)}`, field: 'userId' }], sources);
    expect(requestLines(made, decision, rawHeaders, facts, new HeadMemory())).toBeNull();
  }
});

test('an id that is no word is not sent', () => {
  const decision = decide(
    { method: 'GET', target: '/open/a', rawHeaders: ['Host', 'a'], httpVersion: '1.1' },
    policies[0]!,
    () => accept(),
  ) as Allow;
  const memory = new HeadMemory();
  const facts = clientFacts(
    peers[1]!,
    'a',
    [],
    () => false,
    () => 'a',
  );
  expect(requestLines(rules[0]!, decision, ['Host', 'a'], facts, memory)).toContain('\r\nx-request-id: a\r\n');
  const odd = { ...facts, requestId: 'a\r\nb: c' };
  expect(requestLines(rules[0]!, decision, ['Host', 'a'], odd, memory)).toBeNull();
});
