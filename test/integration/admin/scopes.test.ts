/** Scoped tokens of the admin port: what each one permits, its name in the log, and what the configuration refuses. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { startGateway } from '../../support/running-gateway.ts';

const tokens = {
  scraper: 'scraper-0123456789abcdef0123456789ab',
  viewer: 'viewer-0123456789abcdef0123456789abc',
  deploy: 'deploy-0123456789abcdef0123456789abc',
};
const adminTokens = `adminTokens:
    scraper: { token: ${tokens.scraper}, scope: metrics }
    viewer: { token: ${tokens.viewer}, scope: read }
    deploy: { token: ${tokens.deploy}, scope: write }`;
const text = (more: string) => `version: 1
server:
  listen: "127.0.0.1:0"
  admin: "127.0.0.1:0"
  ${more}
authApi: { url: "http://127.0.0.1:9" }
upstreams: { s: { targets: ["http://127.0.0.1:9"] } }
routes: [{ id: r, match: { path: "/r" }, upstream: s, access: authenticated }]
`;

async function start(more = adminTokens) {
  const gateway = await startGateway(text(more));
  onTestFinished(gateway.close);
  const ask = async (method: string, path: string, token: string | null, body?: object) => {
    const response = await fetch(gateway.admin + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const shown = await response.text();
    const code = shown.startsWith('{"type":"urn:') ? (JSON.parse(shown) as { code: string }).code : null;
    return { status: response.status, code };
  };
  return { gateway, ask };
}

const revoke = { userID: 'u' };

describe('what a token permits', () => {
  test.each([
    ['scraper', 'GET', '/metrics', 200, null],
    ['scraper', 'GET', '/routes', 403, 'admin_scope_missing'],
    ['scraper', 'GET', '/decisions', 403, 'admin_scope_missing'],
    ['scraper', 'GET', '/reach?role=user', 403, 'admin_scope_missing'],
    ['scraper', 'POST', '/revocations', 403, 'admin_scope_missing'],
    ['scraper', 'GET', '/nothing', 404, 'route_not_found'],
    ['viewer', 'GET', '/metrics', 200, null],
    ['viewer', 'GET', '/routes', 200, null],
    ['viewer', 'GET', '/decisions', 200, null],
    ['viewer', 'POST', '/explain', 400, 'question_invalid'],
    ['viewer', 'POST', '/revocations', 403, 'admin_scope_missing'],
    ['deploy', 'GET', '/metrics', 200, null],
    ['deploy', 'GET', '/decisions', 200, null],
    ['deploy', 'POST', '/revocations', 202, null],
  ] as const)('%s: %s %s is %i', async (name, method, path, status, code) => {
    const { ask } = await start();
    expect(await ask(method, path, tokens[name], method === 'POST' ? revoke : undefined)).toEqual({ status, code });
  });

  test.each(['/metrics', '/routes', '/decisions'])('%s requires one of them', async (path) => {
    const { ask } = await start();
    expect(await ask('GET', path, null)).toEqual({ status: 401, code: 'credential_missing' });
    expect(await ask('GET', path, `${tokens.deploy}x`)).toEqual({ status: 401, code: 'credential_rejected' });
  });

  test('with only a token of scope "read", nothing can be changed', async () => {
    const { ask } = await start(`adminTokens: { viewer: { token: ${tokens.viewer}, scope: read } }`);
    expect(await ask('POST', '/revocations', tokens.viewer, revoke)).toMatchObject({ code: 'admin_scope_missing' });
    expect(await ask('POST', '/revocations', null, revoke)).toMatchObject({ code: 'credential_missing' });
  });

  test('the scope "read" shows failures of the Auth API', async () => {
    const { gateway } = await start();
    const ready = async (token: string) =>
      await (await fetch(`${gateway.admin}/health/ready`, { headers: { authorization: `Bearer ${token}` } })).json();
    expect(await ready(tokens.viewer)).toHaveProperty('authApiFailures');
    expect(await ready(tokens.scraper)).not.toHaveProperty('authApiFailures');
  });

  test('the token of "adminToken" permits everything next to them', async () => {
    const own = 'operators-0123456789abcdef0123456789';
    const { ask, gateway } = await start(`adminToken: ${own}\n  ${adminTokens}`);
    expect(await ask('POST', '/revocations', own, revoke)).toMatchObject({ status: 202 });
    expect(await ask('POST', '/revocations', tokens.deploy, revoke)).toMatchObject({ status: 202 });
    const changes = gateway.logLines().filter(({ msg }) => msg === 'changed through the admin port');
    expect(changes.map(({ by, endpoint }) => [by, endpoint])).toEqual([
      ['adminToken', '/revocations'],
      ['deploy', '/revocations'],
    ]);
    expect(gateway.logText()).not.toContain(own);
  });
});

describe('the configuration refuses', () => {
  const problems = (more: string) => {
    const read = parseConfig(text(more), { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    return read.ok ? [] : read.problems.map(({ message }) => message);
  };

  test.each([
    [
      'the same token twice',
      `adminTokens: { a: { token: ${tokens.viewer}, scope: read }, b: { token: ${tokens.viewer}, scope: write } }`,
      'this is also the token of "a"',
    ],
    [
      'the token of "adminToken" repeated',
      `adminToken: ${tokens.viewer}\n  adminTokens: { a: { token: ${tokens.viewer}, scope: read } }`,
      'this is also the token of "adminToken"',
    ],
    [
      'a short token',
      'adminTokens: { a: { token: hunter2-hunter2, scope: read } }',
      'the secret is shorter than 32 characters',
    ],
    ['a token without a scope', `adminTokens: { a: { token: ${tokens.viewer} } }`, 'the key "scope" is missing'],
    [
      'a name that is taken',
      `adminTokens: { adminToken: { token: ${tokens.viewer}, scope: read } }`,
      '"adminToken" is the name of the token under "server.adminToken"',
    ],
  ])('%s', (_, more, message) => {
    expect(problems(more)).toEqual([message]);
  });

  test('an unknown scope', () => {
    const [message = ''] = problems(`adminTokens: { a: { token: ${tokens.viewer}, scope: admin } }`);
    expect(message).toContain('metrics');
    expect(message).not.toContain(tokens.viewer);
  });
});
