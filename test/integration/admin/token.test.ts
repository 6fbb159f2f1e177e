/** The operators' token: what requires it, what is accepted as the token, and which checks come before and after. */
import { describe, expect, test, vi } from 'vitest';
import { findToken } from '../../../src/admin/check-caller.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { type Answer, expectProblem, startAdmin } from './running-admin.ts';

const token = 'operators-0123456789abcdef0123456789';
const bearer = { authorization: `Bearer ${token}` };
const json = { 'content-type': 'application/json' };
const plain = 'Bearer realm="rolegate"';
const invalid = 'Bearer realm="rolegate", error="invalid_token"';

function expectChallenge(answer: Answer, code: string, challenge: string): void {
  expectProblem(answer, 401, code);
  expect(answer.headers.get('www-authenticate')).toBe(challenge);
  expect(answer.text).not.toContain('operators');
}

describe('with a token', () => {
  const start = (reload = vi.fn(() => [])) => startAdmin({ token: () => token, reload });

  test.each(['/', '/health/live', '/health/ready', '/health/live?x'])('%s does not require it', async (path) => {
    const { ask } = await start();
    expect((await ask(path)).status).toBe(200);
    expect((await ask(path, { headers: { authorization: 'Bearer wrong' } })).status).toBe(200);
  });

  test.each([
    ['GET', '/metrics'],
    ['HEAD', '/metrics'],
    ['GET', '/routes'],
    ['POST', '/reload'],
    ['GET', '/reload'],
    ['DELETE', '/metrics'],
    ['GET', '/nothing'],
    ['GET', '/health/nothing'],
    ['GET', '/health'],
    ['GET', '//'],
  ])('%s %s requires it', async (method, path) => {
    const reload = vi.fn(() => []);
    const { ask } = await start(reload);
    const answer = await ask(path, { method, headers: json });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, plain]);
    expect(reload).not.toHaveBeenCalled();
  });

  test.each(['/metrics', '/routes'])('%s accepts it', async (path) => {
    const { ask } = await start();
    expect((await ask(path, { headers: bearer })).status).toBe(200);
  });

  test.each([
    ['another one of the same length', `Bearer ${token.replace('o', 'x')}`],
    ['a prefix of it', `Bearer ${token.slice(0, -1)}`],
    ['it with an extra character', `Bearer ${token}0`],
    ['it in another case', `Bearer ${token.toUpperCase()}`],
    ['it with a space and another word', `Bearer ${token} x`],
    ['nothing', 'Bearer'],
    ['another scheme', `Basic ${token}`],
    ['no scheme', token],
    ['a very long one', `Bearer ${'x'.repeat(5000)}`],
  ])('%s is refused', async (_, authorization) => {
    const { ask } = await start();
    expectChallenge(await ask('/metrics', { headers: { authorization } }), 'credential_rejected', invalid);
  });

  test('its absence is a missing credential', async () => {
    const { ask } = await start();
    expectChallenge(await ask('/metrics'), 'credential_missing', plain);
  });

  test('two headers are refused, even if both are right', async () => {
    const { port } = await start();
    const line = `Authorization: Bearer ${token}\r\n`;
    const once = await sendRaw(port, `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${line}\r\n`);
    expect(once.status).toBe(200);
    const twice = await sendRaw(port, `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${line}${line}\r\n`);
    expect(twice.status).toBe(401);
  });

  test('the scheme is case-insensitive, and spaces before the token are ignored', async () => {
    const { ask } = await start();
    expect((await ask('/metrics', { headers: { authorization: `bEARER   ${token}` } })).status).toBe(200);
  });

  test('only its holder learns which paths exist', async () => {
    const { ask } = await start();
    expectProblem(await ask('/nothing', { headers: bearer }), 404, 'route_not_found');
    const answer = await ask('/metrics', { method: 'DELETE', headers: bearer });
    expectProblem(answer, 405, 'method_not_allowed');
  });

  test.each([
    ['a page of another site', { origin: 'https://evil.example' }, 403, 'origin_forbidden'],
    ['a rebound name', { host: 'evil.example' }, 400, 'host_invalid'],
  ])('%s is refused first, whatever the request contains', async (_, headers, status, code) => {
    const { port } = await start();
    for (const held of [token, 'wrong']) {
      const all = Object.entries({ host: 'localhost', ...headers, authorization: `Bearer ${held}` });
      const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const answer = await sendRaw(port, `GET /metrics HTTP/1.1\r\n${lines}\r\n`);
      expect([answer.status, JSON.parse(answer.text()).code]).toEqual([status, code]);
    }
  });

  test('a changed token is valid from the next request on', async () => {
    let held = token;
    const { ask } = await startAdmin({ token: () => held });
    expect((await ask('/metrics', { headers: bearer })).status).toBe(200);
    held = 'another-0123456789abcdef0123456789abc';
    expect((await ask('/metrics', { headers: bearer })).status).toBe(401);
    expect((await ask('/metrics', { headers: { authorization: `Bearer ${held}` } })).status).toBe(200);
  });
});

test.each([0, 1, 31, 32, 33, 4096])('compares tokens of every length (%i characters)', (length) => {
  const known = (held: string) => [{ name: 'own', token: held, scope: 'read' } as const];
  // A comparison that requires equal lengths would throw here.
  expect(findToken(['Authorization', `Bearer ${'a'.repeat(length)}`], known(token))).toBe('credential_rejected');
  const own = 'a'.repeat(length);
  const found = findToken(['authorization', `Bearer ${own}`], known(own));
  expect(found).toEqual(length === 0 ? 'credential_rejected' : known(own)[0]);
});
