/** State-changing requests to the admin port: the reload, and every check before it. */
import { describe, expect, test, vi } from 'vitest';
import type { ReloadProblem } from '../../../src/admin/admin-operations.ts';
import { createAdminServer } from '../../../src/admin/admin-server.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { adminOptions, expectProblem, noReplays, startAdmin } from './running-admin.ts';

const token = 'operators-0123456789abcdef0123456789';
const bearer = { authorization: `Bearer ${token}` };
const json = { 'content-type': 'application/json' };
const fine = { method: 'POST', headers: { ...bearer, ...json } };

async function start(answer: readonly ReloadProblem[] | 'draining' = []) {
  const reload = vi.fn(() => answer);
  return { reload, ...(await startAdmin({ token: () => token, reload })) };
}

describe('POST /reload', () => {
  test.each([
    ['without a body', {}],
    ['with a body that is ignored', { body: '{"access":"public"}' }],
    ['with a body that is not JSON', { body: 'nonsense' }],
  ])('reloads %s', async (_, part) => {
    const { reload, ask } = await start();
    const answer = await ask('/reload', { ...fine, ...part });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([202, { message: 'reloaded' }]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(reload).toHaveBeenCalledOnce();
  });

  test('keeps the connection for the requests that follow', async () => {
    const { port, reload } = await start();
    const connection = await openRaw(port);
    const head = `POST /reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
    const request = `${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    connection.write(request.repeat(2));
    expect((await connection.answer('POST')).status).toBe(202);
    expect((await connection.answer('POST')).status).toBe(202);
    expect(reload).toHaveBeenCalledTimes(2);
    connection.destroy();
  });

  test('lists the problems of a refused file', async () => {
    const problem = (line: number) => ({ file: 'gateway.yaml', line, message: `wrong ${line}`, hint: 'h', frame: 'f' });
    const { ask } = await start([problem(7), problem(9)]);
    const answer = await ask('/reload', fine);
    expectProblem(answer, 409, 'reload_refused');
    const { count, problems } = JSON.parse(answer.text);
    expect(count).toBe(2);
    expect(problems).toEqual([
      { at: 'gateway.yaml:7', message: 'wrong 7' },
      { at: 'gateway.yaml:9', message: 'wrong 9' },
    ]);
    const many = await start(Array.from({ length: 1000 }, (_, line) => problem(line)));
    const bounded = JSON.parse((await many.ask('/reload', fine)).text);
    expect([bounded.count, bounded.problems.length]).toEqual([1000, 50]);
  });

  test('is refused by a draining process', async () => {
    const { ask } = await start('draining');
    expectProblem(await ask('/reload', fine), 503, 'draining');
  });

  test('is a 500 after an internal error, and the port continues', async () => {
    const reload = () => {
      throw new Error('secret cause');
    };
    const { ask } = await startAdmin({ token: () => token, reload });
    const answer = await ask('/reload', fine);
    expectProblem(answer, 500, 'internal_error');
    expect(answer.text).not.toContain('secret cause');
    expect((await ask('/health/live')).status).toBe(200);
  });

  test('does not exist without anything to reload', async () => {
    const { ask } = await startAdmin({ token: () => token });
    expectProblem(await ask('/reload', fine), 404, 'route_not_found');
    expect((await ask('/')).text).not.toContain('reload');
  });

  test('is in the index as a POST', async () => {
    const { ask } = await start();
    expect((await ask('/')).text).toContain('\nPOST /reload\n');
  });
});

describe('no reload happens', () => {
  test.each([
    ['without a credential', { headers: json }, 401, 'credential_missing'],
    ['with a wrong one', { headers: { ...json, authorization: 'Bearer wrong' } }, 401, 'credential_rejected'],
    ['by GET', { method: 'GET' }, 405, 'method_not_allowed'],
    ['by HEAD', { method: 'HEAD' }, 405, null],
    ['by PUT', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['without a content type', { headers: bearer }, 415, 'content_type_unsupported'],
    ['with a form', { headers: { ...bearer, 'content-type': 'application/x-www-form-urlencoded' } }, 415, null],
    [
      'with a type that a page can send without a preflight',
      { headers: { ...bearer, 'content-type': 'text/plain' } },
      415,
      null,
    ],
    ['with a similar type', { headers: { ...bearer, 'content-type': 'application/json-seq' } }, 415, null],
    ['with two types in one', { headers: { ...bearer, 'content-type': 'text/plain, application/json' } }, 415, null],
    ['from a page of another site', { headers: { ...fine.headers, origin: 'null' } }, 403, 'origin_forbidden'],
    ['with a large body', { body: 'x'.repeat(70_000) }, 413, 'body_too_large'],
  ])('%s', async (_, part, status, code) => {
    const { reload, ask } = await start();
    const answer = await ask('/reload', { ...fine, ...part });
    if (code === null) expect(answer.status).toBe(status);
    else expectProblem(answer, status, code);
    if (status === 405) expect(answer.headers.get('allow')).toBe('POST');
    expect(reload).not.toHaveBeenCalled();
  });

  test.each(['Application/JSON', 'application/json; charset=utf-8', 'application/json;x'])(
    'accepts the type as %s',
    async (type) => {
      const { ask } = await start();
      const answer = await ask('/reload', { method: 'POST', headers: { ...bearer, 'content-type': type } });
      expect(answer.status).toBe(202);
    },
  );

  test('without a configured token, and the reason mentions the setting', async () => {
    const reload = vi.fn(() => []);
    const { ask } = await startAdmin({ reload });
    expectProblem(await ask('/reload', fine), 403, 'changes_disabled');
    expectProblem(await ask('/reload', { method: 'POST', headers: json }), 403, 'changes_disabled');
    expect(reload).not.toHaveBeenCalled();
    expect((await ask('/metrics')).status).toBe(200);
  });

  test('when the request is aborted', async () => {
    const reload = vi.fn(() => []);
    const server = createAdminServer(adminOptions({ token: () => token, reload }));
    const { port } = await server.listen();
    const connection = await openRaw(port);
    const head = `POST /reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
    connection.write(`${head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{`);
    connection.socket.end();
    await connection.closed();
    await server.close();
    expect(reload).not.toHaveBeenCalled();
  });

  test('with a body that is not valid HTTP', async () => {
    const { port, reload } = await start();
    const head = `POST /reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
    const body = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n';
    const answer = await sendRaw(port, head + body);
    expect([answer.status, JSON.parse(answer.text()).code]).toEqual([400, 'request_malformed']);
    expect(reload).not.toHaveBeenCalled();
  });
});

test('a refusal waits for the body, so the caller can read it', async () => {
  const { port, ask } = await start();
  const connection = await openRaw(port);
  connection.write('POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n');
  connection.write('x'.repeat(30_000));
  // Other callers get responses meanwhile.
  for (let count = 0; count < 5; count += 1) expect((await ask('/health/live')).status).toBe(200);
  expect(connection.unread()).toHaveLength(0);
  connection.write('x'.repeat(30_000));
  const answer = await connection.answer('POST');
  expect([answer.status, answer.complete, answer.header('connection')]).toEqual([401, true, 'close']);
  expect(await connection.closed()).toBe('end');
});

describe('a change', () => {
  test('is logged with endpoint, status and caller only', async () => {
    const changed = vi.fn();
    const revocations = {
      revoke: async () => 'delivered' as const,
      replays: noReplays,
      sourcesAlike: (name: string) => [name],
      webhookSecrets: () => [],
      now: Date.now,
    };
    const sources = { reload: () => [], revocations, explain: async () => ({}) };
    const { ask } = await startAdmin({ token: () => token, changed, ...sources });
    const question = { method: 'GET', host: null, secure: false, target: '/', headers: [], client: null, bearer: 'b' };
    expect((await ask('/explain', { ...fine, body: JSON.stringify(question) })).status).toBe(200);
    expect((await ask('/routes', { headers: bearer })).status).toBe(200);
    expect((await ask('/revocations', { ...fine, body: '{}' })).status).toBe(400);
    expect((await ask('/reload', { method: 'POST', headers: json })).status).toBe(401);
    expect(changed).not.toHaveBeenCalled();
    expect((await ask('/reload', fine)).status).toBe(202);
    expect((await ask('/revocations', { ...fine, body: '{"bearer":"a-secret-bearer"}' })).status).toBe(202);
    expect(changed.mock.calls).toEqual([
      [{ endpoint: '/reload', status: 202, client: '127.0.0.1', by: 'adminToken' }],
      [{ endpoint: '/revocations', status: 202, client: '127.0.0.1', by: 'adminToken' }],
    ]);
  });
});
