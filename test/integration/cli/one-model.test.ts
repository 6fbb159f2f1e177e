/**
 * Conditions on what some sources give and others do not, and on what no request can contain: the running gateway and every tool agree on
 * whether such a request exists.
 */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useFolderAndService } from '../../support/folder-and-service.ts';
import { runRolegate } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';

interface Row {
  readonly name: string;
  /** Settings of the source, given its URL. */
  readonly source: (url: string) => string;
  /** What the source returns. */
  readonly returns: object;
  readonly when: string;
  /** The part of the condition that another version of the file changes, and to what. */
  readonly change: readonly [from: string, to: string];
  readonly path: string;
  /** An identity of the tests that meets the condition, and the problem if there is none. */
  readonly identity: string;
  readonly problem?: RegExp;
  /** Whether a request can meet the condition. */
  readonly exists: boolean;
}

const introspection = (keyId: string) => (url: string) =>
  `sources: { id: { kind: introspection, url: "${url}", client: { id: gw, secret: abcdefghijklmnopqrstuvwxyz0123456789 }, fields: { userId: sub, roles: { value: [user] }, keyId: ${keyId} } } }`;
const authApi = (url: string) => `authApi: { url: "${url}" }`;
const ann = { userID: 'ann', sessionID: 's', expireAt: 10_000_000_000, verified: true, roles: ['user'], groups: [] };
const keyOfBearer = '{ all: [{ identity: kind, equals: bearer }, { identity: keyId, equals: k1 }], reason: wrong }';

const rows: readonly Row[] = [
  {
    name: 'the key of a bearer, which introspection returns',
    source: introspection('key_id'),
    returns: { active: true, token_type: 'Bearer', sub: 'ann', key_id: 'k1' },
    when: keyOfBearer,
    change: ['k1', 'k2'],
    path: '/a/1',
    identity: '{ roles: [user], keyId: k1 }',
    exists: true,
  },
  {
    name: 'the key of a bearer, of a source without this field',
    source: introspection('false'),
    returns: { active: true, token_type: 'Bearer', sub: 'ann', key_id: 'k1' },
    when: keyOfBearer,
    change: ['k1', 'k2'],
    path: '/a/1',
    identity: '{ roles: [user], keyId: k1 }',
    problem: /the source "id" does not give identities a "keyId"/,
    exists: false,
  },
  {
    name: 'the key of a bearer, which the Auth API never returns',
    source: authApi,
    returns: { ...ann, keyID: 'k1' },
    when: keyOfBearer,
    change: ['k1', 'k2'],
    path: '/a/1',
    identity: '{ roles: [user], keyId: k1 }',
    problem: /"keyId" has no meaning for a bearer/,
    exists: false,
  },
  {
    name: 'a slash in a segment',
    source: authApi,
    returns: ann,
    when: '{ param: id, equals: "x/y", reason: wrong }',
    change: ['x/y', 'x/z'],
    path: '/a/x%2Fy',
    identity: '{ roles: [user] }',
    exists: false,
  },
  {
    name: 'a comma in a group',
    source: authApi,
    returns: { ...ann, groups: ['a'] },
    when: '{ identity: groups, equals: "a,b", reason: wrong }',
    change: ['a,b', 'a,c'],
    path: '/a/1',
    identity: '{ roles: [user], groups: [a] }',
    exists: false,
  },
];

const world = useFolderAndService();
let url: string;
let returned: object = {};
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(returned));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function textOf({ source, when }: Row, tests = ''): string {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: false }
${source(url)}
upstreams: { s: { targets: ["${world.upstream.origin}"] } }
roles: { user: {} }
routes:
  - { id: a, match: { path: "/a/{id}" }, upstream: s, access: [user], when: [${when}], path: { encodedSlash: keep } }
${tests}`;
}

/** Exit code and output. */
async function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const running = runRolegate(args);
  return { code: await running.ended, text: running.output() };
}

describe.each(rows)('$name', (row) => {
  const { exists } = row;
  let file: string;
  let changed: string;
  let tested: string;
  beforeAll(() => {
    const written = textOf(row);
    file = world.folder.write('gateway.yaml', written);
    changed = world.folder.write('changed.yaml', written.replace(...row.change));
    const cases = `tests:\n  identities: { k: ${row.identity} }\n  cases: [{ as: k, request: GET ${row.path}, expect: ${exists ? 'allow' : 'refuse'} }]\n`;
    tested = world.folder.write('tested.yaml', textOf(row, cases));
  });

  test('the gateway', async () => {
    returned = row.returns;
    const gateway = await startGateway(textOf(row));
    const { status } = await fetch(gateway.origin + row.path, { headers: { authorization: 'Bearer token' } });
    await gateway.close();
    expect(status).toBe(exists ? 200 : 403);
  });

  test('validate and serve', async () => {
    const { code, text } = await run('validate', '--strict', file);
    expect([code, text.includes('condition_unmeetable')]).toEqual(exists ? [0, false] : [1, true]);
    const serving = runRolegate(['serve', '--config', file]);
    await serving.see(exists ? /"msg":"started"/ : /no request can meet/);
    serving.signal('SIGTERM');
    await serving.ended;
    expect(serving.output().includes('no request can meet')).toBe(!exists);
  });

  test('explain', async () => {
    const claims = JSON.stringify(row.returns);
    const { code, text } = await run(
      'explain',
      'GET',
      `https://any.example${row.path}`,
      '--config',
      file,
      '--claims',
      claims,
    );
    expect(code, text).toBe(exists ? 0 : 3);
  });

  test('test', async () => {
    const { code, text } = await run('test', '--config', tested);
    if (row.problem === undefined) expect([code, text]).toEqual([0, expect.stringContaining('1 passed')]);
    else expect([code, text]).toEqual([1, expect.stringMatching(row.problem)]);
  });

  test('test --update finds a request for each effect that exists, and tests that pass', async () => {
    const { text } = await run('test', '--update', '--config', file);
    expect(text).not.toContain('not found');
    expect(text.includes('expect: allow')).toBe(exists);
    const cases = text.slice(text.indexOf('identities:')).replace(/^/gm, '  ');
    const updated = world.folder.write('updated.yaml', `${textOf(row)}tests:\n${cases}`);
    const again = await run('test', '--config', updated, '--coverage', '100');
    expect(again.code, again.text).toBe(0);
  });

  test('diff and ci', async () => {
    const { code, text } = await run('diff', file, changed);
    expect([code, text.includes('newly allowed')], text).toEqual(exists ? [3, true] : [0, false]);
    expect(text).not.toContain('possible');
    const folder = dirname(file);
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.test', ...args], { cwd: folder });
    git('init', '--quiet', '--initial-branch', 'main');
    git('add', 'gateway.yaml');
    git('commit', '--quiet', '--allow-empty', '--message', 'base');
    world.folder.write('gateway.yaml', textOf(row).replace(...row.change));
    const limits = ['--coverage', '0', '--mutation', '0', '--ignore', 'condition_unmeetable'];
    const ci = await run('ci', '--base', 'main', '--config', file, ...limits, '--fail-on', 'newly-allowed');
    expect(ci.code, ci.text).toBe(exists ? 3 : 0);
    world.folder.write('gateway.yaml', textOf(row));
  });

  test('reach', async () => {
    const { code, text } = await run('reach', '--role', 'user', '--config', file);
    expect(code, text).toBe(0);
    expect(text.includes('/a/{id}'), text).toBe(exists);
  });
});
