/** `prove` sends a request for each effect of each rule: it finds one rule that the running gateway opens, and nothing otherwise. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { runRolegate } from '../../support/running-command.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const rules = `roles: { user: {}, editor: {}, admin: {} }
upstreams: { service: { targets: [SERVICE] } }
routes:
  - { id: notes, match: { path: "/notes/{id}" }, access: { GET: [user], PUT: [admin] }, upstream: service }
  - id: reports
    match: { path: /reports }
    access: [user]
    when: [{ query: limit, lte: 100, reason: limit_too_large }]
    upstream: service
  - id: tenants
    match: { path: "/tenants/{tenant}" }
    access: { GET: [user], PUT: [admin] }
    when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]
    upstream: service
  - id: drafts
    match: { path: /drafts }
    access: { all: [editor], none: [admin] }
    upstream: service
tests:
  identities:
    ann: { roles: [user], groups: [acme] }
    eve: { roles: [editor, admin] }
`;

let folder: ConfigFolder;
let file: string;
let authApi: FakeAuthApi;
let service: RecordingUpstream;
let gateway: RunningGateway;
const running = (from: string | RegExp = '', to = '') => `version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "${new URL(authApi.url).origin}" }
${rules.replace('SERVICE', JSON.stringify(service.origin)).replace(from, to)}`;

beforeAll(async () => {
  folder = createConfigFolder();
  authApi = await startFakeAuthApi();
  authApi.addSession('of-ann', { userId: 'ann', roles: ['user'], groups: ['acme'] });
  authApi.addSession('of-eve', { userId: 'eve', roles: ['editor', 'admin'] });
  service = await startRecordingUpstream();
  file = folder.write('gateway.yaml', running());
  gateway = await startGateway(running());
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([service.close(), authApi.close()]);
  folder.remove();
});

interface Report {
  readonly findings: readonly { readonly method: string; readonly target: string; readonly group: string }[];
  readonly unchecked: readonly string[];
}

const env = {
  ROLEGATE_CREDENTIAL_ANN: 'Authorization: Bearer of-ann',
  ROLEGATE_CREDENTIAL_EVE: 'Authorization: Bearer of-eve',
};

async function prove(who: readonly string[], own: Readonly<Record<string, string>> = env) {
  const url = `http://127.0.0.1:${gateway.port}`;
  const command = runRolegate(['prove', url, '--config', file, '--json', '--unsafe', ...who], own);
  const code = await command.ended;
  expect(command.output()).not.toMatch(/of-ann|of-eve/);
  const { findings, unchecked } = JSON.parse(command.output()) as Report;
  return { code, found: findings.map(({ method, target }) => `${method} ${target.split('?')[0]}`), unchecked };
}

const both = ['--as', 'ann', '--as', 'eve'];

test('control: the right rules have no finding, and nothing that changes something is let through', async () => {
  gateway.apply(running());
  expect(await prove(both)).toMatchObject({ code: 0, found: [] });
  expect(new Set(service.requests.map(({ method }) => method))).toEqual(new Set(['GET', 'HEAD', 'OPTIONS']));
});

test.each([
  [
    'one more method for a role',
    'PUT: [admin] }, upstream',
    'PUT: [admin], DELETE: [user] }, upstream',
    'DELETE /notes/',
  ],
  ['a condition that is dropped', /when: \[\{ query.*\n/, 'websocket: false\n', 'GET /reports'],
  ['a limit that is raised', 'lte: 100', 'lte: 1000', 'GET /reports'],
  [
    'a method for a lesser role beside a condition',
    /PUT: \[admin\] \}\n( *)when/,
    'PUT: [user] }\n$1when',
    'PUT /tenants/acme',
  ],
  ['a condition of one route', /when: \[\{ param.*\n/, 'websocket: false\n', 'GET /tenants/'],
  ['a role that is no longer excluded', ', none: [admin]', '', 'GET /drafts'],
])('finds %s', async (_, from, to, opened) => {
  gateway.apply(running(from, to));
  const { code, found } = await prove(both);
  expect(code).toBe(1);
  expect(found.filter((request) => request.startsWith(opened))).not.toEqual([]);
  expect(found.filter((request) => request.split('/')[1] !== opened.split('/')[1])).toEqual([]);
});

test('names what the credentials cannot show, and what a further one shows', async () => {
  gateway.apply(running());
  const ofAnn = await prove(['--as', 'ann']);
  const ofBoth = await prove(both);
  expect(ofAnn.code).toBe(0);
  expect(ofAnn.unchecked).toContain('drafts * is refused with role_forbidden');
  expect(ofBoth.unchecked).not.toContain('drafts * is refused with role_forbidden');
  expect(ofBoth.unchecked.length).toBeLessThan(ofAnn.unchecked.length);
});

test('the owner of a credential can be described by claims', async () => {
  gateway.apply(running(/PUT: \[admin\] \}\n( *)when/, 'PUT: [user] }\n$1when'));
  const claims = JSON.stringify({ userID: 'ann', sessionID: 's', roles: ['user'], groups: ['acme'], verified: true });
  const own = { ROLEGATE_CREDENTIAL: 'Authorization: Bearer of-ann' };
  const { code, found } = await prove(['--claims', claims], own);
  expect([code, found]).toEqual([1, expect.arrayContaining(['PUT /tenants/acme'])]);
});

test.each([
  [['--as', 'anne'], {}, /there is no identity "anne"/],
  [['--as', 'ann'], {}, /give the credential of "ann" in ROLEGATE_CREDENTIAL_ANN/],
  [
    ['--claims', '{"secret'],
    { ROLEGATE_CREDENTIAL: 'Authorization: Bearer of-ann' },
    /expected --claims as a JSON object/,
  ],
  [['--claims', '{}'], {}, /describe the owner of a credential; give it in ROLEGATE_CREDENTIAL/],
  [['--source', 'authApi'], {}, /--source requires --claims/],
])('refuses %j', async (options, own, problem) => {
  const command = runRolegate(['prove', `http://127.0.0.1:${gateway.port}`, '--config', file, ...options], own);
  expect(await command.ended).toBe(2);
  expect(command.output()).toMatch(problem);
  expect(command.output()).not.toContain('{"secret');
});
