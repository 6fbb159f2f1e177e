/** Guessing codes fails: each code allows a handful of tries, however many clients try at the same time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedAuthApi, startAuthApi } from './start-auth-api.ts';

let started: StartedAuthApi;
let bearer: string;
let clockMs: number;

beforeEach(async () => {
  clockMs = Date.now();
  started = await startAuthApi({ now: () => clockMs });
  bearer = (await started.api.createVerifiedSession(started.userId)).bearer;
});

afterEach(() => started.api.close());

async function call(method: string, path: string, body: object): Promise<Response> {
  return fetch(`http://127.0.0.1:${started.port}/api/auth/v2${path}`, {
    method,
    headers: path.startsWith('/session') ? {} : { authorization: `Bearer ${bearer}` },
    body: JSON.stringify(body),
  });
}

const kinds = {
  session: { ask: { path: '/session', body: { email: 'ana@example.test' } }, verify: '/session/verification' },
  'key pair': { ask: { path: '/keypair', body: { name: 'Example', days: 1 } }, verify: '/keypair/verification' },
  address: { ask: { path: '/email', body: { address: 'second@example.test' } }, verify: '/email/verification' },
} as const;

describe.each(Object.entries(kinds))('the code of a new %s', (_, { ask, verify }) => {
  async function askForCode(): Promise<{ verificationCodeID: string; code: string }> {
    expect((await call('POST', ask.path, ask.body)).status).toBe(202);
    const { codeId, code } = started.lastCode();
    return { verificationCodeID: codeId, code };
  }

  /** Codes other than the right one, each once. */
  function wrongCodes(right: string, count: number): string[] {
    return Array.from({ length: count }, (_item, at) => String((Number(right) + 1 + at) % 1_000_000).padStart(6, '0'));
  }

  it('allows five tries, one after the other', async () => {
    const { verificationCodeID, code } = await askForCode();
    const statuses: number[] = [];
    for (const guess of wrongCodes(code, 20)) {
      statuses.push((await call('PUT', verify, { verificationCodeID, code: guess })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, ...new Array<number>(15).fill(429)]);
    const right = await call('PUT', verify, { verificationCodeID, code });
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBe(600);
    // Waiting as instructed does not help: the code has expired by then.
    clockMs += 600_000;
    expect((await call('PUT', verify, { verificationCodeID, code })).status).toBe(404);
  });

  it('allows five of two hundred concurrent tries, even if the right one is among the others', async () => {
    const { verificationCodeID, code } = await askForCode();
    const guesses = wrongCodes(code, 199);
    const wrong = guesses.map((guess) => call('PUT', verify, { verificationCodeID, code: guess }));
    const statuses = (await Promise.all(wrong)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(194);
    expect((await call('PUT', verify, { verificationCodeID, code })).status).toBe(429);
  });

  it('does not count malformed tries, which reveal nothing about it', async () => {
    const { verificationCodeID, code } = await askForCode();
    for (const guess of ['', '12345', '1234567', 'abcdef', null, [code], { code }, -1, 1e6]) {
      expect((await call('PUT', verify, { verificationCodeID, code: guess })).status).toBe(400);
    }
    expect((await call('PUT', verify, { verificationCodeID, code })).status).toBe(202);
  });
});
