/** A candidate never delays or breaks a request: it compares after its turn, a bounded number. */
import { expect, test, vi } from 'vitest';
import { ShadowCandidate } from '../../../src/app/shadow-candidate.ts';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { Decided } from '../../../src/policy-tools/shadow/decide-alike.ts';
import { accept, makePolicy, view } from '../core/make-policy.ts';

const policy = makePolicy([{ on: '/x', access: ['user'] }]);
const asked = view('GET /x', ['Authorization: Bearer abc']);
const user = accept({ roles: ['user'] });
const decision = decide(asked, policy, () => user) as Decision;
const decided: Decided = { view: asked, decision, credential: { kind: 'bearer', token: 'abc' }, resolution: user };

function start() {
  const candidate = new ShadowCandidate({ compared: () => {}, differed: () => {} });
  candidate.use(policy as unknown as Config, null);
  return candidate;
}

test('a decision has the result of the source', () => {
  expect(decision).toMatchObject({ outcome: 'allow', resolution: user });
});

test('compares after the current turn', async () => {
  const candidate = start();
  candidate.look(decided);
  expect(candidate.report().decisions.same).toBe(0);
  await vi.waitFor(() => expect(candidate.report().decisions.same).toBe(1));
});

test('decisions beyond the bound are skipped and counted', async () => {
  const candidate = start();
  for (let n = 0; n < 1500; n += 1) candidate.look(decided);
  await vi.waitFor(() => expect(candidate.report().decisions.same).toBe(1024));
  expect(candidate.report().decisions.skipped).toBe(1500 - 1024);
});

test('a fault in a comparison skips it, and the next one is compared', async () => {
  const candidate = start();
  candidate.look({ ...decided, decision: null as never });
  candidate.look(decided);
  await vi.waitFor(() => expect(candidate.report().decisions).toMatchObject({ same: 1, skipped: 1 }));
});
