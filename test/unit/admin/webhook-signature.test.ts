import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { readSigned } from '../../../src/admin/webhook-signature.ts';

/** The example from the specification's own libraries. */
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestamp = '1614265330';
const body = '{"test": 2432232314}';
const good = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const nowMs = 1_614_265_330_000;

const sign = (key: string, part: { id?: string; timestamp?: string; body?: string } = {}) => {
  const text = `${part.id ?? id}.${part.timestamp ?? timestamp}.${part.body ?? body}`;
  return `v1,${createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
    .update(text)
    .digest('base64')}`;
};
const headers = (part: Record<string, string> = {}) =>
  Object.entries({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': good, ...part }).flat();
interface Changes {
  readonly body?: string;
  readonly secrets?: readonly string[];
  readonly nowMs?: number;
}
const check = (raw: readonly string[], part: Changes = {}) =>
  readSigned(raw, Buffer.from(part.body ?? body), part.secrets ?? [secret], part.nowMs ?? nowMs) !== null;

test('accepts the example signature of the specification', () => {
  expect(sign(secret)).toBe(good);
  expect(check(headers())).toBe(true);
});

test.each<readonly [string, readonly string[], Changes, boolean]>([
  ['one of two secrets', headers(), { secrets: [other, secret] }, true],
  ['one of two signatures', headers({ 'webhook-signature': `${sign(other)} ${good}` }), {}, true],
  ['header names in another case', headers().map((text, index) => (index % 2 ? text : text.toUpperCase())), {}, true],
  ['signatures of unknown versions next to it', headers({ 'webhook-signature': `v1a,AAAA ${good} v2,x` }), {}, true],
  ['a clock five minutes late', headers(), { nowMs: nowMs + 300_000 }, true],
  ['a clock five minutes early', headers(), { nowMs: nowMs - 300_000 }, true],
  ['too old', headers(), { nowMs: nowMs + 301_000 }, false],
  ['from the future', headers(), { nowMs: nowMs - 301_000 }, false],
  ['another body', headers(), { body: `${body} ` }, false],
  ['another id', headers({ 'webhook-id': 'msg_2' }), {}, false],
  ['another timestamp', headers({ 'webhook-timestamp': '1614265331' }), {}, false],
  ['another secret', headers(), { secrets: [other] }, false],
  ['no secret', headers(), { secrets: [] }, false],
  ['a signature without a version', headers({ 'webhook-signature': good.slice(3) }), {}, false],
  ['a truncated signature', headers({ 'webhook-signature': good.slice(0, -4) }), {}, false],
  ['an asymmetric signature', headers({ 'webhook-signature': good.replace('v1,', 'v1a,') }), {}, false],
  ['more signatures than the limit', headers({ 'webhook-signature': `${'v1,x '.repeat(16)}${good}` }), {}, false],
  ['two signature headers', [...headers(), 'webhook-signature', good], {}, false],
  ['two ids', [...headers(), 'Webhook-Id', id], {}, false],
  ['a timestamp in milliseconds', headers({ 'webhook-timestamp': `${nowMs}` }), {}, false],
  ['a malformed timestamp', headers({ 'webhook-timestamp': '1e9' }), {}, false],
  ['an empty signature', headers({ 'webhook-signature': '' }), {}, false],
  ['no headers', [], {}, false],
])('%s', (_name, raw, part, answer) => {
  expect(check(raw, part)).toBe(answer);
});

test('text cannot move between the signed parts', () => {
  const moved = headers({ 'webhook-id': 'a.1614265330', 'webhook-signature': sign(secret, { id: 'a' }) });
  expect(check(moved, { body: `1614265330.${body}` })).toBe(false);
});
