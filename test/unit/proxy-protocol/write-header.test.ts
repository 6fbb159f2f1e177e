import { expect, test } from 'vitest';
import { readHeader } from '../../../src/proxy-protocol/read-header.ts';
import { writeHeader } from '../../../src/proxy-protocol/write-header.ts';

const ipv4 = { address: '10.0.0.9', port: 8443 };
const ipv6 = { address: '2001:db8::9', port: 8443 };
const signature = '0d0a0d0a000d0a515549540a';

test.each([
  ['192.0.2.7', ipv4, 'PROXY TCP4 192.0.2.7 10.0.0.9 0 8443'],
  ['2001:db8::7', ipv6, 'PROXY TCP6 2001:db8::7 2001:db8::9 0 8443'],
  ['2001:0DB8:0::7', ipv4, 'PROXY TCP6 2001:db8::7 ::ffff:10.0.0.9 0 8443'],
  ['192.0.2.7', ipv6, 'PROXY TCP4 192.0.2.7 0.0.0.0 0 8443'],
  ['::ffff:192.0.2.7', { address: '::ffff:10.0.0.9', port: 8443 }, 'PROXY TCP4 192.0.2.7 10.0.0.9 0 8443'],
  ['fe80::1%eth0', ipv6, 'PROXY TCP6 fe80::1 2001:db8::9 0 8443'],
  ['0.0.0.1', { address: '', port: 0 }, 'PROXY TCP4 0.0.0.1 0.0.0.0 0 0'],
  // A client without an address, and the gateway itself.
  ['', ipv4, 'PROXY UNKNOWN'],
  [null, ipv4, 'PROXY UNKNOWN'],
])('version 1 of %j', (client, target, line) => {
  const header = writeHeader('v1', client, target);
  expect(String(header)).toBe(`${line}\r\n`);
  expect(readHeader(header)).toMatchObject({ length: header.length });
});

test.each([
  ['192.0.2.7', ipv4, `2111000cc00002070a000009000020fb`],
  ['2001:db8::7', ipv4, `2121002420010db800000000000000000000000700000000000000000000ffff0a000009000020fb`],
  ['192.0.2.7', ipv6, `2111000cc000020700000000000020fb`],
  ['', ipv4, '21000000'],
  [null, ipv4, '20000000'],
])('version 2 of %j', (client, target, rest) => {
  const header = writeHeader('v2', client, target);
  expect(header.toString('hex')).toBe(signature + rest);
  expect(readHeader(header)).toEqual({ length: header.length, client: client === '' ? null : client });
});
