/** `POST /explain` accepts a request in exactly one form, and says which part of another is wrong without repeating it. */
import { expect, test, vi } from 'vitest';
import { expectProblem, startAdmin } from './running-admin.ts';

const token = 'operators-0123456789abcdef0123456789';
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const question = {
  method: 'GET',
  host: 'shop.example:8080',
  secure: true,
  target: '/orders?page=2',
  headers: ['x-region', 'eu'],
  client: '2001:db8::1',
  bearer: 'abc.def-_~+/==',
};

test('explains a complete question, also without host and client', async () => {
  const explain = vi.fn(async () => ({ status: 200 }));
  const { ask } = await startAdmin({ token: () => token, explain });
  for (const part of [{}, { host: null, client: null }]) {
    const body = JSON.stringify({ ...question, ...part });
    const answer = await ask('/explain', { method: 'POST', headers, body });
    expect([answer.status, answer.text]).toEqual([200, '{"status":200}\n']);
    expect(explain).toHaveBeenLastCalledWith({ ...question, ...part });
  }
});

const headersFault = 'headers are alternating names and values';

test.each([
  ['a list', '[]', 'the body is not a JSON object in UTF-8'],
  ['text', 'nonsense', 'the body is not a JSON object in UTF-8'],
  [
    'another key',
    { ...question, method: 'G T', secret: 'hunter2' },
    'the only keys are method, host, secure, target, headers, client, bearer',
  ],
  ['a method with a blank', { ...question, method: 'G T' }, 'method is not a method'],
  ['a long method', { ...question, method: 'A'.repeat(33) }, 'method is not a method'],
  ['no method', { ...question, method: undefined }, 'method is not a method'],
  ['no host', { ...question, host: undefined }, 'host is not a host or null'],
  ['a host with a path', { ...question, host: 'hunter2/a' }, 'host is not a host or null'],
  ['a scheme', { ...question, secure: 'https' }, 'secure is true or false'],
  ['a URL', { ...question, target: 'http://hunter2/' }, 'target is not a path'],
  ['half a header', { ...question, headers: ['x-region'] }, headersFault],
  ['a header with a line break', { ...question, headers: ['x-region', 'a\r\nhunter2: b'] }, headersFault],
  ['a number as a header', { ...question, headers: ['x-region', 7] }, headersFault],
  ['too many headers', { ...question, headers: Array.from({ length: 130 }, () => 'x') }, headersFault],
  ['a name as the client', { ...question, client: 'hunter2' }, 'client is not an address or null'],
  ['no client', { ...question, client: undefined }, 'client is not an address or null'],
  ['a bearer with a blank', { ...question, bearer: 'hunter 2' }, 'bearer is not a token of RFC 6750'],
])('refuses %s', async (_name, body, detail) => {
  const explain = vi.fn(async () => ({}));
  const { ask } = await startAdmin({ token: () => token, explain });
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await ask('/explain', { method: 'POST', headers, body: text });
  expectProblem(answer, 400, 'question_invalid');
  expect(JSON.parse(answer.text)).toMatchObject({ detail });
  expect(answer.text).not.toContain('hunter2');
  expect(explain).not.toHaveBeenCalled();
});
