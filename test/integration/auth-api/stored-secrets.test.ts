/** The database file contains nothing that grants access, and neither does the log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createPasskey, signChallenge } from '../../support/software-authenticator.ts';
import { startAuthApi, testSettings } from './start-auth-api.ts';

const page = { origin: 'https://app.example.test', rpId: 'app.example.test' };
const passkeys = { ...page, name: 'Example', requiredForRoles: null };
const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
const secrets: Record<string, string> = {};
const known: string[] = [];
let stored = '';
let logged = '';

beforeAll(async () => {
  const started = await startAuthApi({ settings: { ...testSettings, database: join(folder, 'auth.db'), passkeys } });
  const call = async (method: string, path: string, body: object, bearer = '') => {
    const answer = await fetch(`http://127.0.0.1:${started.port}/api/auth/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }) },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, string>;
  };
  const opened = await call('POST', '/session', { email: 'ana@example.test' });
  secrets['bearer'] = opened['bearer'] ?? '';
  secrets['session code'] = started.lastCode().code;
  await call('PUT', '/session/verification', { verificationCodeID: opened['verificationCodeID'], code: '000000' });
  await call('PUT', '/session/verification', {
    verificationCodeID: opened['verificationCodeID'],
    code: started.lastCode().code,
  });
  const pending = await call('POST', '/session', { email: 'ana@example.test' });
  secrets['unverified bearer'] = pending['bearer'] ?? '';
  secrets['unused code'] = started.lastCode().code;
  const pair = await call('POST', '/keypair', { name: 'Example', days: 1 }, opened['bearer']);
  secrets['api secret'] = pair['apiSecret'] ?? '';
  secrets['key code'] = started.lastCode().code;
  const session = await started.api.createVerifiedSession(started.userId);
  secrets['local bearer'] = session.bearer;
  const local = await started.api.createVerifiedKeyPair(started.userId, 'Local', 1);
  secrets['local api secret'] = local.apiSecret;
  secrets['recovery code'] = await recoveryCode(call, session.bearer);
  secrets['link'] = (await started.api.createLink(started.userId))?.split('.')[1] ?? '';
  await call('GET', '/session', {}, 'wrong-bearer').catch(() => undefined);
  known.push(pair['keyID'] ?? '', pair['apiKey'] ?? '', session.sessionId, opened['sessionID'] ?? '');
  const readAll = () => readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
  stored = readAll().join('\n');
  logged = JSON.stringify(started.lines);
  await started.api.close();
  stored += readAll().join('\n');
});

/** Of a user who adds a passkey and signs in with it. */
async function recoveryCode(
  call: (method: string, path: string, body: object, bearer?: string) => Promise<object>,
  bearer: string,
): Promise<string> {
  const post = async (path: string, body: object, by?: string) => z.any().parse(await call('POST', path, body, by));
  const { options } = await post('/passkey/options', {}, bearer);
  const { credential, key } = createPasskey({ ...page, challenge: options.challenge });
  await post('/passkey', { name: 'Phone', credential }, bearer);
  const asked = await post('/session/passkey/options', {});
  const signed = signChallenge({
    ...page,
    ...key,
    challenge: asked.options.challenge,
    userHandle: String(options.user.id),
  });
  const opened = await post('/session/passkey', { credential: signed });
  const { codes } = await post('/recovery-codes', {}, opened.bearer);
  expect(codes).toHaveLength(10);
  return String(codes[0]);
}

afterAll(() => rmSync(folder, { recursive: true }));

/** Not as part of a longer word: an id can contain six digits by chance. */
const holds = (text: string, word: string) =>
  new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(text) || (word.length > 6 && text.includes(word));

describe('the database and the log', () => {
  it('control: contain what was stored, so the search can find something', () => {
    for (const word of known) expect(stored.includes(word)).toBe(true);
    expect(logged).toContain('code_wrong');
  });

  it.each([
    'bearer',
    'session code',
    'unverified bearer',
    'unused code',
    'api secret',
    'key code',
    'local bearer',
    'local api secret',
    'recovery code',
    'link',
  ])('do not contain the %s', (which) => {
    const secret = secrets[which] ?? '';
    expect(secret.length).toBeGreaterThanOrEqual(6);
    expect(holds(stored, secret)).toBe(false);
    expect(holds(logged, secret)).toBe(false);
  });
});
