/**
 * Early data (RFC 8470): a proxy in front of the gateway marks requests from the first flight of TLS 1.3, which an
 * attacker can replay. Marked requests reach a service only if repeating them does no harm, and with the mark.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';

const early = 'Early-Data: 1';
const refused = { status: 425, code: 'too_early', reaches: null, harm: 'replayable change' } as const;

const changes: readonly (readonly [name: string, bytes: string])[] = [
  ['POST', request('POST /public/x', [early, 'Content-Length: 5'], 'hello')],
  ['POST without a body', request('POST /public/x', [early, 'Content-Length: 0'])],
  ['PUT in chunks', request('PUT /public/x', [early, 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n')],
  ['PATCH', request('PATCH /public/x', [early])],
  ['DELETE', request('DELETE /public/x', [early])],
  ['an unknown method', request('PURGE /public/x', [early])],
  ['with a credential', request('POST /private/x', [early, bearer, 'Content-Length: 0'])],
  ['without the required credential', request('POST /private/x', [early, 'Content-Length: 0'])],
  ['another value counts as 1: section 5.1', request('POST /public/x', ['Early-Data: 0'])],
  ['an empty value counts as 1', request('POST /public/x', ['Early-Data:'])],
  ['twice', request('POST /public/x', ['Early-Data: 0', early])],
  ['in lower case', request('POST /public/x', ['early-data: 1'])],
  ['in capitals', request('POST /public/x', ['EARLY-DATA: 1'])],
];

const rows: Attack[] = [
  ...changes.map(([name, bytes]) => ({ name, bytes, ...refused })),
  {
    // Without a control: where the list is applied first, the service gets no mark that would reveal the harm.
    name: 'listed by Connection',
    bytes: request('POST /public/x', ['Connection: Early-Data', early]),
    ...{ status: 425, code: 'too_early', reaches: null },
  },
  {
    name: 'a spelling that no proxy uses is not forwarded',
    bytes: request('POST /public/x', ['Early_Data: 1', 'Content-Length: 0']),
    ...{ status: 200, reaches: '/public/x' },
  },
  ...['GET', 'HEAD', 'OPTIONS'].map(
    (method): Attack => ({
      name: `${method} is forwarded, and a Connection list does not remove its mark: the service may refuse it itself`,
      bytes: request(`${method} /public/x`, [early, 'Connection: early-data']),
      ...{ status: 200, reaches: '/public/x' },
      check: ({ upstream }) => {
        const [seen] = upstream.seen('length-first');
        expect(seen?.headers.filter(([name]) => /^early.data$/i.test(name))).toEqual([['Early-Data', '1']]);
      },
    }),
  ),
];

attackSuite('early data', rows);
