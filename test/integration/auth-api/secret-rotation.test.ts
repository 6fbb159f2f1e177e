/**
 * A new secret keeps what was created under the previous ones, and going back to the previous one keeps what the new
 * one created.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';

const [old, current, next] = ['old', 'current', 'next'].map(
  (name) => `${name} secret of more than thirty-two characters`,
) as [string, string, string];

let folder: string;
let userId: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
  userId = '';
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs with one Auth API on the shared database, under these secrets. */
async function under<Result>(
  secret: string,
  previousSecrets: readonly string[],
  work: (made: Made) => Promise<Result>,
): Promise<Result> {
  const codes: { code: string; codeId: string }[] = [];
  const api = await createAuthApi({
    settings: { ...authApiSettings, database: join(folder, 'auth.db'), secret, previousSecrets },
    log: { info() {}, warn() {}, error() {} },
    printCode: (mail) => mail.kind === 'code' && codes.push(mail),
  });
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  if (userId === '') {
    ({ userId } = await api.createUser({
      email: 'ana@example.test',
      fullName: 'Ana',
      alias: 'ana',
      roles: [],
      groups: [],
    }));
  }
  const ask = async (method: string, path: string, headers: Record<string, string>, json?: object) => {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    return fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, { method, headers, ...body });
  };
  try {
    return await work({
      bearer: async () => (await api.createVerifiedSession(userId)).bearer,
      pair: () => api.createVerifiedKeyPair(userId, 'Example', 1),
      async pendingCode() {
        await ask('POST', '/session', {}, { email: 'ana@example.test' });
        return codes.at(-1)!;
      },
      bearerStatus: async (bearer) => (await ask('GET', '/session', { authorization: `Bearer ${bearer}` })).status,
      pairStatus: async ({ apiKey, apiSecret }) =>
        (await ask('GET', '/keypair', { 'api-key': apiKey, 'api-secret': apiSecret })).status,
      verifyStatus: async ({ code, codeId }) =>
        (await ask('PUT', '/session/verification', {}, { verificationCodeID: codeId, code })).status,
    });
  } finally {
    await api.close();
  }
}

interface Pair {
  readonly apiKey: string;
  readonly apiSecret: string;
}

interface Code {
  readonly code: string;
  readonly codeId: string;
}

interface Made {
  bearer(): Promise<string>;
  pair(): Promise<Pair>;
  pendingCode(): Promise<Code>;
  bearerStatus(bearer: string): Promise<number>;
  pairStatus(pair: Pair): Promise<number>;
  verifyStatus(code: Code): Promise<number>;
}

const make = async ({ bearer, pair, pendingCode }: Made) => ({
  bearer: await bearer(),
  pair: await pair(),
  code: await pendingCode(),
});

async function statuses(made: Made, { bearer, pair, code }: Awaited<ReturnType<typeof make>>): Promise<number[]> {
  return [await made.bearerStatus(bearer), await made.pairStatus(pair), await made.verifyStatus(code)];
}

describe('a rotated secret', () => {
  it.each([
    ['the new one first, the old one kept', old, [], current, [old], [200, 200, 202]],
    ['two rotations later', old, [], next, [current, old], [200, 200, 202]],
    ['back to the old one, the new one kept', current, [old], old, [current], [200, 200, 202]],
    ['the coming one is listed before it is used', current, [], old, [current], [200, 200, 202]],
    ['the old one dropped', old, [], current, [], [401, 401, 401]],
    ['another one kept', old, [], current, [next], [401, 401, 401]],
  ])('%s', async (_, before, beforeKept, after, afterKept, expected) => {
    const made = await under(before, beforeKept, make);
    expect(await under(after, afterKept, (api) => statuses(api, made))).toEqual(expected);
  });

  it('rehashes a key pair when it is used, so the previous secret can be removed', async () => {
    const [used, unused] = await under(old, [], async ({ pair }) => [await pair(), await pair()] as const);
    await under(current, [old], async ({ pairStatus }) => {
      expect(await pairStatus({ ...unused, apiSecret: used.apiSecret })).toBe(401);
      expect(await pairStatus(used)).toBe(200);
    });
    await under(current, [], async ({ pairStatus }) => {
      expect(await pairStatus(used)).toBe(200);
      expect(await pairStatus(unused)).toBe(401);
    });
  });

  it('must be as long as the current one', async () => {
    await expect(under(current, ['short'], async () => {})).rejects.toThrow(RangeError);
  });
});
