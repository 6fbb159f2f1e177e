/** Headers of an upstream response on their way to the client. */
import { describe, expect, test } from 'vitest';
import { compileResponseTreatments } from '../../../src/core/forwarding/compile-forwarding.ts';
import { annotation, appendResponseHeaders } from '../../../src/core/forwarding/response-headers.ts';
import { splitHeader } from './make-policy.ts';

const errorId = '3f2b1c7e-1d2e-4f3a-8b4c-5d6e7f809101';

const treat = compileResponseTreatments(['user-id', 'groups'], false);

function pass(headers: readonly string[]) {
  const out: string[] = [];
  const seen = appendResponseHeaders(out, headers.flatMap(splitHeader), treat);
  return { out, seen };
}

test('ordinary headers keep order, spelling and repetition', () => {
  const headers = [
    'Content-Type: text/plain',
    'Set-Cookie: a=1',
    'set-cookie: b=2',
    'Location: http://elsewhere.test/',
    'X_Y: z',
  ];
  expect(pass(headers).out).toEqual(headers.flatMap(splitHeader));
});

test.each([
  ...['Connection: close', 'Keep-Alive: timeout=5', 'Transfer-Encoding: chunked', 'Upgrade: h2c', 'Trailer: X-Sum'],
  ...['Proxy-Authenticate: Basic', 'proxy-connection: close', 'TE: trailers'],
])('removes %s', (header) => {
  expect(pass([header, 'X-Kept: 1']).out).toEqual(['X-Kept', '1']);
});

test.each([
  ['__Host-rolegate=evil; Path=/; Secure; HttpOnly', []],
  ['__Host-rolegate-browser=evil', []],
  ['rolegate-session=evil', []],
  [' rolegate-session = evil', []],
  ['=rolegate-session=evil', []],
  ['rolegate-session', []],
  ['rolegate-sessions=1', ['Set-Cookie', 'rolegate-sessions=1']],
  ['a=rolegate-session', ['Set-Cookie', 'a=rolegate-session']],
])('with sessions, the cookie %s of a service arrives as %j', (value, expected) => {
  const out: string[] = [];
  appendResponseHeaders(out, ['Set-Cookie', value], compileResponseTreatments([], false, true));
  expect(out).toEqual(expected);
  // Control: without sessions the names mean nothing.
  expect(pass([`Set-Cookie: ${value}`]).out).toHaveLength(2);
});

test('removes what Connection lists, but keeps the length', () => {
  const { out, seen } = pass(['Connection: X-Hop, content-length', 'X-Hop: 1', 'Content-Length: 5', 'X-Kept: 1']);
  expect(out).toEqual(['Content-Length', '5', 'X-Kept', '1']);
  expect(seen.contentLength).toBe(5);
});

test('reports a missing length as -1', () => {
  expect(pass([]).seen).toEqual({ contentLength: -1, hasError: false, errorId: null });
});

describe('error headers of the service', () => {
  test('kept when both are well-formed', () => {
    const { out, seen } = pass(['X-Error: no such order', `X-Error-ID: ${errorId}`]);
    expect(out).toEqual(['x-error', 'no such order', 'x-error-id', errorId]);
    expect(seen).toMatchObject({ hasError: true, errorId });
  });

  test.each([
    ['text only', ['X-Error: a']],
    ['id only', [`X-Error-Id: ${errorId}`]],
    ['empty text', ['X-Error: ', `X-Error-Id: ${errorId}`]],
    ['long text', [`X-Error: ${'a'.repeat(257)}`, `X-Error-Id: ${errorId}`]],
    ['text beyond ASCII', ['X-Error: caf\xe9', `X-Error-Id: ${errorId}`]],
    ['control character', ['X-Error: a\tb', `X-Error-Id: ${errorId}`]],
    ['an id that is not a UUID', ['X-Error: a', 'X-Error-Id: 7']],
    ['a UUID with a line break', ['X-Error: a', `X-Error-Id: ${errorId}\n`]],
  ])('dropped: %s', (_name, headers) => {
    const { out, seen } = pass([...headers, 'X-Kept: 1']);
    expect(out).toEqual(['X-Kept', '1']);
    expect(seen).toMatchObject({ hasError: false, errorId: null });
  });

  test('repeated ones are never forwarded as two', () => {
    const { out } = pass(['X-Error: a', 'X-Error: b', `X-Error-Id: ${errorId}`]);
    expect(out.filter((name) => name.toLowerCase() === 'x-error').length).toBeLessThan(2);
  });
});

test.each([300, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 599])(
  'the text for %i contains no data from the request',
  (status) => {
    expect(annotation(status)).toMatch(/^[A-Z][a-z ]{5,100}$/);
  },
);
