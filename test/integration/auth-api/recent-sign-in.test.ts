/** `recentSignIn`: the bearer of an old session adds no key and no address. */
import { afterEach, expect, test } from 'vitest';
import { type StartedAuthApi, startAuthApi, testSettings } from './start-auth-api.ts';

let started: StartedAuthApi | null = null;
afterEach(() => started?.api.close());

/** The outcomes of adding a key and an address with a session of this age. */
async function outcomesAt(ageMs: number, recentSignInMs: number | null) {
  let nowMs = Date.now();
  started = await startAuthApi({ settings: { ...testSettings, recentSignInMs }, now: () => nowMs });
  const { bearer } = await started.api.createVerifiedSession(started.userId);
  nowMs += ageMs;
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const url = (path: string) => `http://127.0.0.1:${started!.port}/api/auth/v2${path}`;
  // An extension makes a session live longer, and its sign-in no younger.
  expect((await fetch(url('/session/extend'), { method: 'PUT', headers })).status).toBe(202);
  const outcomes: (string | number)[] = [];
  for (const [path, body] of [
    ['/keypair', { name: 'Example', days: 1 }],
    ['/email', { address: 'other@example.test' }],
  ] as const) {
    const response = await fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) });
    const { code = null } = (await response.json()) as { code?: string };
    outcomes.push(code ?? response.status);
  }
  return outcomes;
}

test.each([
  ['younger than the maximum', 59_000, 60_000, [202, 202]],
  ['as old as the maximum', 60_000, 60_000, ['sign_in_too_old', 'sign_in_too_old']],
  ['control: any age where nothing is configured', 3_600_000, null, [202, 202]],
])('a session %s', async (_name, ageMs, recentSignInMs, outcomes) => {
  expect(await outcomesAt(ageMs, recentSignInMs)).toEqual(outcomes);
});
