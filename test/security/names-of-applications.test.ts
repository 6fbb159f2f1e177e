/**
 * Headers by which a proxy tells a service where its application is mounted and where its files are. A service trusts
 * them from any peer, so a client that sends them through the gateway could choose another path. Sources:
 * github.com/benoitc/gunicorn/issues/2650 (`SCRIPT_NAME`, `PATH_INFO`), github.com/rails/rails/issues/41148 and
 * CVE-2025-61780 (Rack::Sendfile).
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';

const mounted = ['SCRIPT_NAME', 'Script-Name', 'script_name', 'Script.Name', 'X-Script-Name', 'X_SCRIPT_NAME'];
const paths = ['PATH_INFO', 'Path-Info', 'path_info'];
const files = ['X-Sendfile-Type', 'X_Sendfile_Type', 'X-Accel-Mapping', 'x_accel_mapping'];

/** The sloppy service merges `_` with `-`, but nothing else. */
const merged = (name: string) => !name.includes('.');

attackSuite('mount points of applications', [
  ...mounted.map(
    (name): Attack => ({
      name: `${name} does not remove a part of the path`,
      bytes: request('GET /public/admin/x', [`${name}: /public`]),
      ...{ status: 200, reaches: '/public/admin/x' },
      ...(merged(name) ? { harm: 'protected path' } : {}),
      check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/script.name/i),
    }),
  ),
  ...paths.map(
    (name): Attack => ({
      name: `${name} does not set another path`,
      bytes: request('GET /public/x', [`${name}: /admin/x`]),
      ...{ status: 200, reaches: '/public/x', harm: 'protected path' },
      check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/path.info/i),
    }),
  ),
  ...mounted.map(
    (name): Attack => ({
      name: `${name} in a handshake`,
      bytes: request('GET /private/admin/x', [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        `${name}: /private`,
        bearer,
      ]),
      ...{ status: 101, reaches: '/private/admin/x' },
      ...(merged(name) ? { harm: 'protected path' } : {}),
    }),
  ),
  ...files.map(
    (name): Attack => ({
      name: `${name} is not forwarded: CVE-2025-61780`,
      bytes: request('GET /public/x', [`${name}: /files/=/admin/`]),
      ...{ status: 200, reaches: '/public/x' },
      check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/sendfile|accel/i),
    }),
  ),
]);
