/** Records of other versions. */
import { expect, test } from 'vitest';
import type { Runtime } from '../../../src/app/create-runtime.ts';
import { explainRecorded } from '../../../src/app/explain-recorded.ts';
import { policy } from '../policy-tools/policies.ts';

const config = policy(`roles: { user: {} }
routes: [{ id: one, match: { path: "/one" }, upstream: orders, access: [user] }]`);

function found(credential: string, kind: string) {
  const names = { userId: 'ann', identitySource: 'authApi', roles: ['user'], groups: [], sessionId: null, keyId: 'k' };
  const request = { at: '2026-11-02T09:30:00Z', method: 'GET', host: 'any.example', path: '/one' };
  const result = { verdict: 'accepted', outcome: 'allow', reason: null, route: 'one' };
  const decided = { ...request, ...result, credential, identity: { kind, ...names } };
  const text = JSON.stringify({ request: {}, secure: true, config: 'x', decided });
  return explainRecorded({ config } as Runtime, { text } as Parameters<typeof explainRecorded>[1]);
}

test('a recorded credential is explained', () => {
  expect(found('keyPair', 'keyPair')).toMatchObject({ explanation: { outcome: 'allow' }, rulesChanged: false });
});

test.each([
  ['key_pair', 'keyPair'],
  ['keyPair', 'key_pair'],
])('a kind of credential with an unknown name is not: %s, %s', (credential, kind) => {
  expect(found(credential, kind)).toMatchObject({
    identity: { userId: 'ann' },
    explanation: null,
    rulesChanged: false,
  });
});
