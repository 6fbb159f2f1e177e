/** A request that Node has parsed, and the gateway's grammar parses again. */
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { readRequest } from '../../../src/middleware/read-request.ts';

function parsedByNode(rawHeaders: string[]): IncomingMessage {
  const line = { method: 'GET', url: '/a', httpVersionMajor: 1, httpVersionMinor: 1 };
  return { ...line, rawHeaders } as Partial<IncomingMessage> as IncomingMessage;
}

it.each([
  ['of Latin-1', ['Host', 'a.test', 'X-A', 'caf\xe9'], null],
  ['with a line end in a value', ['Host', 'a.test', 'X-A', 'b\r\nAuthorization: c'], 'malformed'],
  [
    'with characters whose low bytes are a line end',
    ['Host', 'a.test', 'X-A', 'b\u010d\u010aAuthorization: c'],
    'malformed',
  ],
  ['with a space in a name', ['Host', 'a.test', 'X A', 'b'], 'malformed'],
])('%s', (_name, rawHeaders, fault) => {
  const read = readRequest(parsedByNode(rawHeaders));
  expect(read.fault).toBe(fault);
  expect(read.request.rawHeaders).toEqual(rawHeaders);
});
