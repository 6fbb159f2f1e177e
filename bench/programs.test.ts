/** Finding the programs that benchmarks start beside Rolegate. */
import { afterEach, expect, test, vi } from 'vitest';
import { findProgram, versionIn } from './programs.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ['nginx version: nginx/1.22.1', '1.22.1'],
  ['HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/', '2.6.12'],
  ['v2.6.2 h1:abc=', '2.6.2'],
  ['Version:      3.7.15\nCodename:     langres\nGo version:   go1.26.9', '3.7.15'],
  ['/bin/envoy  version: 9e5580933739775e8bce/1.40.0/Clean/RELEASE/BoringSSL', '1.40.0'],
  ['oauth2-proxy undefined (built with go1.26.8)', null],
])('%s', (text, version) => {
  expect(versionIn(text)).toBe(version);
});

test('a variable names the program', () => {
  vi.stubEnv('HEIMDALL_BIN', process.execPath);
  expect(findProgram('heimdall')).toEqual({ path: process.execPath, version: process.version.slice(1) });
});

test('a missing program is a reason', () => {
  vi.stubEnv('HEIMDALL_BIN', '/missing/heimdall');
  expect(findProgram('heimdall')).toEqual({ missing: 'HEIMDALL_BIN names no program' });
});
