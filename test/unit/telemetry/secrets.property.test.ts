/** No credential and no query value reaches the log, wherever it is in the record. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Allow } from '../../../src/core/decision.ts';
import { type ReasonCode, reasons } from '../../../src/core/outcome/reasons.ts';
import { allowed, collect, makeRecord } from './make-record.ts';

/** Long and unlike anything else in a line, in the alphabet of a bearer (RFC 6750 section 2.1). */
const secret = fc
  .string({ unit: fc.constantFrom(...'abcXYZ0189-._~+/'), minLength: 8, maxLength: 60 })
  .map((text) => `Zq${text}Qz`);
const codes = Object.keys(reasons) as ReasonCode[];

/** Where libraries put values that they received: messages, properties, raw headers, nested causes. */
const surroundings: readonly ((value: string) => unknown)[] = [
  (value) => new Error(`invalid header value: Bearer ${value}`),
  (value) => new Error(`authorization: bearer ${value}`),
  (value) => new Error(`bad request to http://a.test/x?token=${value}&y=1`),
  (value) => new Error(`cannot parse http://user:${value.replaceAll('/', '_')}@a.test/`),
  (value) => new Error(`cookie: a=1; sid=${value}`),
  (value) => new Error(`{"apiSecret":"${value}"}`),
  (value) => Object.assign(new Error('failed'), { headers: { Authorization: `Bearer ${value}` } }),
  (value) => new Error('outer', { cause: { 'api-key': value, API_SECRET: value, password: [value] } }),
  (value) => ({ rawHeaders: ['Host', 'a.test', 'Authorization', value, 'Set-Cookie', value] }),
  (value) => new Map([['x-api-key', value]]),
  (value) => ({ request: { url: `/v1/orders?secret=${value}`, options: { token: value } } }),
];

const case_ = fc.record({
  secret,
  reason: fc.constantFrom(...codes),
  around: fc.constantFrom(...surroundings),
});

test('in the line of a request', async () => {
  await fc.assert(
    fc.asyncProperty(case_, async ({ secret: value, reason, around }) => {
      const { telemetry, text } = collect('debug');
      const decision = allowed(undefined, `?access_token=${value}`) as Allow;
      telemetry.observe(makeRecord({ decision, reason, cause: around(value) }));
      const written = await text();
      expect(written).toContain(`"reason":"${reason}"`);
      expect(written).not.toContain(value);
      expect(written).not.toContain(value.replaceAll('/', '_'));
    }),
    { numRuns: 1_000 },
  );
});

test('in any other line', async () => {
  await fc.assert(
    fc.asyncProperty(case_, async ({ secret: value, around }) => {
      const { telemetry, text } = collect('debug');
      const thing = around(value);
      telemetry.log.error({ err: thing }, `failed with Bearer ${value}`);
      telemetry.log.warn(thing as object, 'passed %s', `token=${value}`);
      telemetry.log.child({ request: thing, secret: value }).info({ nested: { thing } }, 'in a child');
      const written = await text();
      expect(written.split('\n')).toHaveLength(4);
      expect(written).not.toContain(value);
      expect(written).not.toContain(value.replaceAll('/', '_'));
    }),
    { numRuns: 500 },
  );
});
