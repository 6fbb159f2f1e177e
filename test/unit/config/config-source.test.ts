/** A configuration compiled again from its sources after the files have changed. */
import { afterAll, expect, test } from 'vitest';

import { loadRecorded, parseSource } from '../../../src/config/load-config.ts';
import { createConfigFolder } from '../../support/config-folder.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

const main = (token: string) => `version: 1
server: { adminToken: { file: ${token} } }
authApi: { url: "\${AUTH}" }
include: ["*.routes.yaml"]
upstreams: { orders: { targets: ["http://orders:1"] } }
routes: [{ id: b, match: { path: "/b" }, upstream: orders, access: public, when: [{ query: q, in: { file: ids }, reason: q }] }]
`;
const env = { AUTH: 'http://auth:1' };

test('contains its secrets and included files, and survives serialization', () => {
  folder.write('token', `${'t'.repeat(40)}\n`);
  folder.write('ids', 'a\n');
  folder.write('a.routes.yaml', 'routes: [{ id: a, match: { path: "/a" }, upstream: orders, access: public }]\n');
  const file = folder.write('gateway.yaml', main('token'));
  const { result, source } = loadRecorded(file, env);
  expect(result.ok).toBe(true);
  folder.write('token', 'short');
  folder.write('ids', '\u0000\n');
  folder.write('a.routes.yaml', 'routes: [');
  folder.write('gateway.yaml', 'version: 2');
  expect(loadRecorded(file, env).result.ok).toBe(false);
  const again = parseSource(JSON.parse(JSON.stringify(source)), env);
  if (!again.ok || !result.ok) throw new Error('no configuration');
  expect(again.config.server.adminTokens.map(({ token }) => token)).toEqual(['t'.repeat(40)]);
  expect(again.config.routes.routes.map(({ id }) => id)).toEqual(['b', 'a']);
  expect(again.config.authApi).toEqual(result.config.authApi);
  expect(again.config.digest).toBe(result.config.digest);
  expect(parseSource({ ...source, lists: [] }, env)).toMatchObject({
    problems: [{ message: 'this list was not read' }],
  });
});

test('an unreadable secret is reported again', () => {
  const { result, source } = loadRecorded(folder.write('gateway.yaml', main('missing')), env);
  expect(result.ok).toBe(false);
  const again = parseSource(source, env);
  expect(again.ok ? [] : again.problems.map(({ message }) => message)).toEqual(
    result.ok ? [] : result.problems.map(({ message }) => message),
  );
});
