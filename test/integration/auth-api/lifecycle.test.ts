/** Start, restart, close, and what an embedder may do. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AccountTakenError } from '../../../src/auth-api/auth-api.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { headsOf } from './exchange-bytes.ts';
import { startAuthApi, testSettings } from './start-auth-api.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };

describe('createAuthApi', () => {
  it('refuses a secret that is too short', async () => {
    const settings = { ...testSettings, secret: 'x'.repeat(31) };
    await expect(createAuthApi({ settings, log: silent })).rejects.toThrow(RangeError);
  });

  it('refuses a database that cannot be opened', async () => {
    const settings = { ...testSettings, database: '/nonexistent/folder/auth.db' };
    await expect(createAuthApi({ settings, log: silent })).rejects.toThrow();
  });

  it('keeps users, sessions and key pairs over a restart, and invalidates them under another secret', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
    const settings = { ...testSettings, database: join(folder, 'auth.db') };
    try {
      const first = await startAuthApi({ settings });
      const { bearer } = await first.api.createVerifiedSession(first.userId);
      const pair = await first.api.createVerifiedKeyPair(first.userId, 'Example', 1);
      await first.api.close();
      const statusesUnder = async (secret: string) => {
        const api = await createAuthApi({ settings: { ...settings, secret }, log: silent });
        const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
        const base = `http://127.0.0.1:${port}/api/auth/v2`;
        const session = await fetch(`${base}/session`, { headers: { authorization: `Bearer ${bearer}` } });
        const keys = { 'api-key': pair.apiKey, 'api-secret': pair.apiSecret };
        const keypair = await fetch(`${base}/keypair`, { headers: keys });
        const user = await api.findUser('ANA@example.test');
        await api.close();
        return [session.status, keypair.status, user === first.userId];
      };
      expect(await statusesUnder(settings.secret)).toEqual([200, 200, true]);
      expect(await statusesUnder('another secret of thirty-two characters')).toEqual([401, 401, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('serves a file of SQLite once at a time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
    const settings = { ...testSettings, database: `file:${join(folder, 'auth.db')}` };
    const place = { host: '127.0.0.1', port: 0 };
    const first = await createAuthApi({ settings, log: silent });
    const second = await createAuthApi({ settings, log: silent });
    try {
      await first.listen(place);
      await expect(second.listen(place)).rejects.toThrow(
        /^rolegate: another process serves the database .*auth\.db: stop it/,
      );
      await first.close();
      await second.listen(place);
    } finally {
      await Promise.all([first.close(), second.close()]);
      rmSync(folder, { recursive: true });
    }
  });

  it('lets processes start on one new file at the same time, and write concurrently', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
    const script = fileURLToPath(new URL('create-user-process.ts', import.meta.url));
    const run = (alias: string) => promisify(execFile)(process.execPath, [script, join(folder, 'auth.db'), alias]);
    const results = await Promise.all(['a', 'b', 'c'].map(run));
    rmSync(folder, { recursive: true });
    const outcomes = results.map(({ stdout }) => JSON.parse(stdout) as { own: string[]; shared: string });
    expect(outcomes.map(({ own }) => own)).toEqual([['done'], ['done'], ['done']]);
    expect(outcomes.map(({ shared }) => shared).sort()).toEqual(['alias', 'alias', 'done']);
  });

  it('reports an address in use', async () => {
    const first = await startAuthApi();
    await expect(first.api.listen({ host: '127.0.0.1', port: first.port })).rejects.toThrow();
    await first.api.close();
  });

  it('refuses invalid accounts and keys', async () => {
    const { api, userId } = await startAuthApi();
    const good = { email: 'ben@example.test', fullName: 'Ben', alias: 'ben', roles: ['user'], groups: [] };
    await expect(api.createUser({ ...good, groups: ['a,b'] })).rejects.toThrow(TypeError);
    await expect(api.createUser({ ...good, email: 'ben' })).rejects.toThrow(TypeError);
    await expect(api.createVerifiedKeyPair(userId, '', 1)).rejects.toThrow(TypeError);
    await expect(api.createUser({ ...good, email: 'ANA@example.test' })).rejects.toThrow(
      new AccountTakenError('email'),
    );
    await expect(api.createUser({ ...good, alias: 'ANA' })).rejects.toThrow(new AccountTakenError('alias'));
    expect(await api.findUser('ben@example.test')).toBeNull();
    await api.close();
  });

  it('completes a request in progress before it closes, and accepts no new one', async () => {
    const { api, port } = await startAuthApi();
    const body = '{"email":"ana@example.test"}';
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    let received = '';
    socket.on('data', (text: string) => {
      received += text;
    });
    const ended = new Promise((resolve) => {
      socket.on('close', resolve);
    });
    const head = `POST /api/auth/v2/session HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.write(head);
    await new Promise((resolve) => {
      socket.once('data', resolve);
    });
    const closed = api.close();
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
    socket.write(body);
    await Promise.all([closed, ended]);
    expect(headsOf(received).map(({ status }) => status)).toEqual([100, 202]);
    expect(headsOf(received)[1]?.head).toContain('connection: close');
    await api.close();
  });

  it('responds 500 without a cause when the store fails, and logs the cause under the id', async () => {
    const { api, port, lines } = await startWithLateFault();
    const answer = await fetch(`http://127.0.0.1:${port}/api/auth/v2/session`, {
      headers: { authorization: 'Bearer x' },
    });
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toContain('clock');
    const errorId = answer.headers.get('x-error-id');
    expect(JSON.parse(text)).toMatchObject({ code: 'internal_error', errorId });
    expect(lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ errorId, err: new Error('the clock is broken') }),
    ]);
    await api.close();
  });

  it('does not let a failing outbox or listener fail the request', async () => {
    const fail = () => {
      throw new Error('no');
    };
    const { api, port, userId, lines } = await startAuthApi({ printCode: fail, onRevoked: fail });
    const base = `http://127.0.0.1:${port}/api/auth/v2/session`;
    const opened = await fetch(base, { method: 'POST', body: '{"email":"ana@example.test"}' });
    expect(opened.status).toBe(202);
    const { bearer, sessionId } = await api.createVerifiedSession(userId);
    const headers = { authorization: `Bearer ${bearer}` };
    expect((await fetch(`${base}/${sessionId}`, { method: 'DELETE', headers })).status).toBe(202);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(2);
    await api.close();
  });
});

/** A clock that breaks once everything is set up. */
async function startWithLateFault() {
  let broken = false;
  const started = await startAuthApi({
    now: () => {
      if (broken) throw new Error('the clock is broken');
      return Date.now();
    },
  });
  broken = true;
  return started;
}
