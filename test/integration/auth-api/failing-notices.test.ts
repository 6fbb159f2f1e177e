/** What works once is not lost because its owner could not be notified. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createPasskey, signChallenge } from '../../support/software-authenticator.ts';
import { startAuthApi, testSettings } from './start-auth-api.ts';

const page = { origin: 'https://app.example.test', rpId: 'app.example.test' };
const passkeys = { ...page, name: 'Example', requiredForRoles: null };

async function world() {
  const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
  const database = join(folder, 'auth.db');
  const started = await startAuthApi({ settings: { ...testSettings, database, passkeys } });
  onTestFinished(async () => {
    await started.api.close();
    rmSync(folder, { recursive: true });
  });
  const call = async (method: string, path: string, body?: object, bearer?: string) => {
    const response = await fetch(`http://127.0.0.1:${started.port}/api/auth/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: z.any().parse(await response.json()) };
  };
  const local = (await started.api.createVerifiedSession(started.userId)).bearer;
  const { options } = (await call('POST', '/passkey/options', {}, local)).json;
  const { credential, key } = createPasskey({ ...page, challenge: options.challenge });
  await call('POST', '/passkey', { name: 'Phone', credential }, local);
  const { challenge } = (await call('POST', '/session/passkey/options', {})).json.options;
  const signed = signChallenge({ ...page, ...key, userHandle: options.user.id, challenge });
  const { bearer } = (await call('POST', '/session/passkey', { credential: signed })).json;
  const codes = async () => await call('POST', '/recovery-codes', {}, bearer);
  const [code = ''] = (await codes()).json.codes;
  const link = (await started.api.createLink(started.userId))!;
  return {
    ...started,
    call,
    codes,
    code,
    link,
    /** The address of the owner cannot be read. */
    breakNotices() {
      const opened = new DatabaseSync(database);
      opened.exec('ALTER TABLE emails RENAME TO emails_gone');
      opened.close();
    },
    failures: () => started.lines.filter(({ level, message }) => level === 'error' && message.includes('notified')),
  };
}

it.each(['recovery', 'link'] as const)('a session by %s is opened, and the failure is logged', async (way) => {
  const { breakNotices, call, code, failures, lines, link } = await world();
  breakNotices();
  const opened = await call('POST', `/session/${way}`, way === 'link' ? { link } : { code });
  expect([opened.status, typeof opened.json.bearer]).toEqual([202, 'string']);
  expect(failures()).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain(way === 'link' ? link.split('.')[1] : code);
});

it('new recovery codes are shown', async () => {
  const { breakNotices, codes, failures } = await world();
  breakNotices();
  const created = await codes();
  expect([created.status, created.json.codes?.length]).toEqual([202, 10]);
  expect(failures()).toHaveLength(1);
});

it('the first passkey of an administrator is announced, whatever the database says once it is stored', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
  const database = join(folder, 'auth.db');
  const revoked: object[] = [];
  const onRevoked = (event: object) => revoked.push(event);
  const { api, port } = await startAuthApi({ settings: { ...testSettings, database, passkeys }, onRevoked });
  onTestFinished(async () => {
    await api.close();
    rmSync(folder, { recursive: true });
  });
  const email = 'root@example.test';
  const { userId } = await api.createUser({
    email,
    fullName: 'Root',
    alias: 'root',
    roles: ['users_admin'],
    groups: [],
  });
  const { bearer } = await api.createVerifiedSession(userId);
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` };
    const url = `http://127.0.0.1:${port}/api/auth/v2${path}`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, json: z.any().parse(await response.json()) };
  };
  const { options } = (await post('/passkey/options', {})).json;
  const { credential } = createPasskey({ ...page, challenge: options.challenge });
  const opened = new DatabaseSync(database);
  opened.exec('CREATE TRIGGER lost AFTER INSERT ON passkeys BEGIN DELETE FROM user_roles; END');
  opened.close();
  expect((await post('/passkey', { name: 'Phone', credential })).status).toBe(202);
  expect(revoked).toEqual([{ kind: 'user', id: userId }]);
});
