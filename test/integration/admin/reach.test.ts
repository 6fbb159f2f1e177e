/** `GET /reach` of a running gateway, with the same output as the command. */
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

const token = 'operators-0123456789abcdef0123456789';
const text = `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${token} }
authApi: { url: "http://127.0.0.1:9" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { s: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: own, match: { path: "/own/{user}" }, upstream: s, access: { GET: [user] }, when: [{ param: user, equals: identity.userId, unless: [admin], reason: not_yours }] }
  - { id: all, match: { path: "/all" }, upstream: s, access: [admin] }
tests: { identities: { root: { roles: [admin] } } }
`;

async function start() {
  const gateway = await startGateway(text);
  onTestFinished(gateway.close);
  return async (query: string, held: string | null = token) => {
    const response = await fetch(`${gateway.admin}/reach${query}`, {
      headers: held === null ? {} : { authorization: `Bearer ${held}` },
    });
    return { status: response.status, body: (await response.json()) as { routes: { id: string }[]; code?: string } };
  };
}

test('shows what a role and an identity can reach, like the command', async () => {
  const ask = await start();
  const user = await ask('?role=user');
  expect(user).toMatchObject({ status: 200, body: { who: { role: 'user' }, of: 2 } });
  expect(user.body.routes.map(({ id }: { id: string }) => id)).toEqual(['own']);
  const file = folder.write('gateway.yaml', text);
  for (const [query, option, name] of [
    ['?role=user', '--role', 'user'],
    ['?as=root', '--as', 'root'],
  ] as const) {
    const command = runRolegate(['reach', '-c', file, option, name, '--format', 'json']);
    expect(await command.ended).toBe(0);
    expect(JSON.parse(command.output())).toEqual((await ask(query)).body);
  }
});

test.each(['', '?role=', '?role=user&as=root', '?as=nobody', '?roles=user'])('%s is refused', async (query) => {
  const ask = await start();
  const { status, body } = await ask(query);
  expect([status, body.code]).toEqual([400, 'question_invalid']);
});

test('needs the token', async () => {
  const ask = await start();
  expect((await ask('?role=user', null)).status).toBe(401);
});

test.each([
  ['neither', []],
  ['both', ['--role', 'user', '--as', 'root']],
  ['an identity that does not exist', ['--as', 'rot']],
])('the command with %s is wrong usage', async (_, options) => {
  const file = folder.write('gateway.yaml', text);
  expect(await runRolegate(['reach', '-c', file, ...options]).ended).toBe(2);
});
