/**
 * `rolegate prove` on running installations: it finds nothing at Rolegate itself and behind real proxies with their
 * printed configurations, and finds each mistake planted in one.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { runRolegate } from '../support/running-command.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { switchingProtocols } from '../support/websocket-handshake.ts';
import {
  type AskingProxy,
  familyOf,
  type ProductFamily,
  type ProductName,
  productNames,
  requireProduct,
  startAskingProxy,
} from './support/asking-proxy.ts';

const text = (authApi: string, service: string) => `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
authorizer: { listen: "127.0.0.1:0", grpc: { listen: "127.0.0.1:0" }, dialects: ${JSON.stringify(checkPaths)} }
authApi: { url: "${authApi}", breaker: { failures: 10000 } }
roles: { user: {}, admin: {} }
upstreams: { service: { targets: ["${service}"] } }
routes:
  - { id: open, match: { path: "/**" }, access: public, upstream: service }
  - { id: closed, match: { path: "/closed/**" }, access: [user], upstream: service }
  - { id: admin, match: { path: "/admin/{id}" }, access: { GET: [admin], POST: [admin] }, upstream: service }
`;

interface Report {
  readonly groups: Readonly<Record<string, { readonly requests: number; readonly found: number }>>;
  readonly findings: readonly {
    readonly code: string;
    readonly method: string;
    readonly target: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  readonly notes: readonly string[];
}

type Mistake = readonly [title: string, from: RegExp, to: string, code: string];

/** Of Envoy, with checks of either kind. */
const ofEnvoy: readonly Mistake[] = [
  [
    'no check',
    /- name: envoy\.filters\.http\.ext_authz\n/,
    '$&                    disabled: true\n',
    'credential_passed and identity_forged and passed',
  ],
  [
    'a check that is switched off',
    /failure_mode_allow: false/,
    '$&\n                      filter_enabled: { default_value: { numerator: 0 } }',
    'credential_passed and identity_forged and passed',
  ],
  ['headers that are not removed', /- x-original-url\n/, '', 'identity_forged'],
  [
    'headers of other proxies that are not removed',
    /prefix: x-forwarded-\n([\s\S]*)- x-forwarded-user\n/,
    'prefix: x-other-\n$1',
    'identity_forged',
  ],
];

const mistakes: Readonly<Record<ProductFamily, readonly Mistake[]>> = {
  nginx: [
    ['no check', /auth_request \/\.rolegate;/, '', 'passed'],
    [
      'a path next to the check',
      /location \/ \{/,
      'location ^~ /admin/ { proxy_pass http://service; }\n    location / {',
      'passed',
    ],
    [
      "a target from a client's header",
      /X-Original-URI \$request_uri/g,
      'X-Original-URI $http_x_original_uri$request_uri',
      'passed',
    ],
    ['an identity header that is not set', /proxy_set_header User-Id .*;/, '', 'identity_forged'],
    [
      'an identity header that is set only if present',
      /proxy_set_header Groups .*;/,
      'proxy_set_header Groups $http_groups;',
      'identity_forged',
    ],
    ['a credential that is not removed', /proxy_set_header Authorization .*;/, '', 'credential_passed'],
  ],
  caddy: [
    ['a check of some paths only', /forward_auth /, 'forward_auth /closed/* ', 'identity_forged and passed'],
    ['an identity header that is not copied', /copy_headers User-Id /, 'copy_headers ', 'identity_forged'],
    ['a credential that is not copied', / Authorization(?= )/, '', 'credential_passed'],
  ],
  haproxy: [
    [
      'a check of some paths only',
      /http-request lua\.rolegate/,
      'http-request lua.rolegate if { path_beg /closed }',
      'passed',
    ],
    [
      'a check without preflights',
      /http-request lua\.rolegate/,
      'http-request lua.rolegate unless METH_OPTIONS',
      'passed',
    ],
    ['headers that are not removed', /http-request del-header \^.*\n/g, '', 'identity_forged'],
  ],
  traefik: [
    ['an upgrade that passes', / {8}- rolegate-no-upgrade\n/, '', 'upgrade_passed'],
    ['no check', / {8}- rolegate\n/, '', 'credential_passed and identity_forged and passed'],
    [
      'headers of other proxies that are not removed',
      /authResponseHeadersRegex: .*|- X-Forwarded-User\n/g,
      '',
      'identity_forged',
    ],
    ['a header with another path that is not removed', / *- X-Original-Url\n/, '', 'identity_forged'],
    ['an identity header that is not set', /- User-Id\n/, '- User-Ids\n', 'identity_forged'],
    ['a credential that is not removed', /- Authorization\n/, '- Authorizations\n', 'credential_passed'],
  ],
  envoy: [
    ...ofEnvoy,
    [
      'an upgrade that the check does not see',
      /(server_header_transformation: .*\n)([\s\S]*?)- exact: upgrade\n/,
      '$1                upgrade_configs: [{ upgrade_type: websocket }]\n$2- exact: upgraded\n',
      'upgrade_passed',
    ],
  ],
  'envoy-grpc': ofEnvoy,
};

let folder: ConfigFolder;
let file: string;
let authApi: FakeAuthApi;
let service: RecordingUpstream;
let gateway: RunningGateway;
beforeEach(async () => {
  folder = createConfigFolder();
  authApi = await startFakeAuthApi();
  authApi.addSession('good-and-secret', { userId: 'ann', roles: ['user'] });
  service = await startRecordingUpstream({
    onUpgrade: (_, socket) => void socket.end(switchingProtocols),
    answer: ({ method, target, rawHeaders }) => ({ body: JSON.stringify([method, target, rawHeaders]) }),
  });
  const written = text(new URL(authApi.url).origin, service.origin);
  file = folder.write('gateway.yaml', written);
  gateway = await startGateway(written);
});
afterEach(async () => {
  await gateway.close();
  await Promise.all([service.close(), authApi.close()]);
  folder.remove();
});

const good = { ROLEGATE_CREDENTIAL: 'Authorization: Bearer good-and-secret' };

async function prove(
  port: number,
  ...more: string[]
): Promise<{ readonly code: number | null; readonly report: Report }> {
  const who = more.some((option) => option.startsWith('--outage')) ? [] : ['--roles', 'user'];
  const env = who.length === 0 ? {} : good;
  const command = runRolegate(['prove', `http://127.0.0.1:${port}`, '--config', file, '--json', ...who, ...more], env);
  const code = await command.ended;
  expect(command.output()).not.toContain('good-and-secret');
  return { code, report: JSON.parse(command.output()) as Report };
}

const codesOf = ({ findings }: Report) => [...new Set(findings.map(({ code }) => code))].sort();

test('Rolegate itself lets nothing through, and only safe methods are sent', async () => {
  const { code, report } = await prove(gateway.port);
  expect([report.findings, report.notes, code]).toEqual([[], [], 0]);
  expect(report.groups['paths']!.requests).toBeGreaterThanOrEqual(2 * 40);
  expect(report.groups['identity']!.requests).toBeGreaterThan(2 * 12);
  expect(report.groups['leaks']!.requests).toBeGreaterThan(0);
  const methods = new Set(gateway.logLines().flatMap(({ method }) => (method === undefined ? [] : [method])));
  expect([...methods].sort()).toEqual(['GET', 'HEAD', 'OPTIONS']);
});

test('with --unsafe, unsafe methods are sent too, where the rules refuse them', async () => {
  const { code } = await prove(gateway.port, '--unsafe');
  expect(code).toBe(0);
  const changing = gateway.logLines().filter(({ method }) => method === 'POST');
  expect(changing.length).toBeGreaterThan(0);
  expect(service.requests.map(({ method }) => method)).not.toContain('POST');
});

test('finds rules that differ from the file', async () => {
  gateway.apply(text(new URL(authApi.url).origin, service.origin).replace('GET: [admin]', 'GET: public'));
  const { code, report } = await prove(gateway.port);
  expect([codesOf(report), code]).toEqual([['passed'], 1]);
  expect(report.findings.find(({ target }) => target.startsWith('/admin/'))).toMatchObject({
    code: 'passed',
    method: 'GET',
  });
});

test('an outage is 503, and nothing gets through', async () => {
  await authApi.behave({ kind: 'down' });
  const { code, report } = await prove(gateway.port, '--outage-of', 'auth-api');
  expect([report.findings, code]).toEqual([[], 0]);
  expect(report.groups['outage']!.requests).toBeGreaterThan(0);
});

test('prints a table, the requests that got through, and what to do', async () => {
  const command = runRolegate(['prove', service.origin, '--config', file, '--roles', 'user'], {
    ...good,
    NO_COLOR: '1',
  });
  expect(await command.ended).toBe(1);
  const output = command.output();
  expect(output).toMatch(/✗ hostile paths +\d+ {2}\d+ got through/);
  expect(output).toContain('identity_forged  the service received an identity header from the client');
  expect(output).toContain('Authorization: (the credential)');
  expect(output).not.toContain('good-and-secret');
  for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

test('reports a closed port, and an unknown credential', async () => {
  const unreachable = runRolegate(['prove', 'http://127.0.0.1:1', '--config', file]);
  expect([await unreachable.ended, unreachable.output()]).toEqual([
    1,
    'rolegate: http://127.0.0.1:1 cannot be reached: ECONNREFUSED\n',
  ]);
  const nobody = runRolegate(['prove', gateway.origin, '--config', file], good);
  expect([await nobody.ended, nobody.output()]).toEqual([
    2,
    'rolegate: describe the owner of the credential: --roles, --groups, --user, or --claims\n',
  ]);
});

test('--resolve connects to the address for the host of the URL', async () => {
  const url = `http://api.example.test:${gateway.port}`;
  const at = (resolve: string) => runRolegate(['prove', url, '--config', file, '--resolve', resolve]);
  const proven = at(`api.example.test:${gateway.port}:127.0.0.1`);
  expect([await proven.ended, proven.output()]).toEqual([0, expect.stringContaining('hostile paths')]);
  expect(service.last().header('host')).toEqual([`api.example.test:${gateway.port}`]);
  const other = at(`other.example.test:${gateway.port}:127.0.0.1`);
  expect([await other.ended, other.output()]).toEqual([
    2,
    expect.stringContaining('but the URL is for api.example.test'),
  ]);
  const malformed = at('api.example.test:127.0.0.1');
  expect([await malformed.ended, malformed.output()]).toEqual([2, expect.stringContaining('--resolve is HOST:PORT')]);
});

describe.each(productNames)('behind %s', (product) => {
  let proxy: AskingProxy;
  beforeAll(() => requireProduct(product));
  afterEach(() => proxy?.stop());

  async function start(edit?: (printed: string) => string): Promise<void> {
    const read = parseConfig(text(new URL(authApi.url).origin, service.origin), {
      file: 'gateway.yaml',
      env: {},
      readSecret: () => '',
    });
    if (!read.ok) throw new Error('the configuration of this test has problems');
    const places = { service: service.origin, ports: gateway };
    proxy = await startAskingProxy(product, read.config, places, edit);
  }

  test('finds nothing with the printed configuration', async () => {
    await start();
    const { code, report } = await prove(proxy.port);
    expect([report.findings, code]).toEqual([[], 0]);
    await authApi.behave({ kind: 'down' });
    const outage = await prove(proxy.port, '--outage-of', 'auth-api');
    expect([outage.report.findings, outage.code]).toEqual([[], 0]);
    await gateway.close();
    const stopped = await prove(proxy.port, '--outage-of', 'authorizer');
    expect([stopped.report.findings, stopped.report.notes, stopped.code]).toEqual([[], [], 0]);
    expect(stopped.report.groups['stopped']!.requests).toBeGreaterThan(3);
  });

  test.each(mistakes[familyOf(product)])('finds %s', async (_, from, to, code) => {
    await start((printed) => {
      expect(printed).toMatch(from);
      return printed.replace(from, to);
    });
    const { report } = await prove(proxy.port);
    expect(codesOf(report).join(' and ')).toBe(code);
  });
});

/** With Rolegate stopped, these proxies allow every request. */
const open: readonly [product: ProductName, from: RegExp, to: string][] = [
  ['envoy', /failure_mode_allow: false/, 'failure_mode_allow: true'],
  ['envoy-grpc', /failure_mode_allow: false/, 'failure_mode_allow: true'],
  ['nginx', /error_page .*;/, 'error_page 500 = @open;\n    }\n    location @open {'],
];
describe('an outage of the authorizer', () => {
  let proxy: AskingProxy;
  afterEach(() => proxy?.stop());

  async function start(product: ProductName, edit: (printed: string) => string): Promise<void> {
    requireProduct(product);
    const read = parseConfig(text(new URL(authApi.url).origin, service.origin), {
      file: 'gateway.yaml',
      env: {},
      readSecret: () => '',
    });
    if (!read.ok) throw new Error('the configuration of this test has problems');
    proxy = await startAskingProxy(product, read.config, { service: service.origin, ports: gateway }, edit);
  }

  test.each(open)('%s: finds that it allows every request', async (product, from, to) => {
    await start(product, (printed) => {
      expect(printed).toMatch(from);
      return printed.replace(from, to);
    });
    await gateway.close();
    const { code, report } = await prove(proxy.port, '--outage-of', 'authorizer');
    expect([codesOf(report), code]).toEqual([['passed'], 1]);
    expect(report.findings.length).toBe(report.groups['stopped']!.requests);
  });

  test('asks to stop Rolegate while it still runs', async () => {
    const command = runRolegate(['prove', gateway.origin, '--config', file, '--outage-of', 'authorizer']);
    expect([await command.ended, command.output()]).toEqual([
      1,
      expect.stringMatching(/Rolegate still runs: it refused GET \/closed\S+ with 401/),
    ]);
  });

  test('of the Auth API names the one of Rolegate', async () => {
    const { report } = await prove(gateway.port, '--outage-of', 'auth-api');
    expect(report.notes).toEqual([expect.stringContaining('"--outage-of authorizer"')]);
  });
});

test('finds an outage that nginx turns into a refusal', async () => {
  requireProduct('nginx');
  const read = parseConfig(text(new URL(authApi.url).origin, service.origin), {
    file: 'gateway.yaml',
    env: {},
    readSecret: () => '',
  });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const places = { service: service.origin, ports: gateway };
  const proxy = await startAskingProxy('nginx', read.config, places, (printed) =>
    printed
      .replace(/error_page .*;/, 'error_page 500 =403 @none;')
      .replace('location @rolegate {', 'location @none { return 403; }\n    location @rolegate {'),
  );
  try {
    await authApi.behave({ kind: 'down' });
    const { code, report } = await prove(proxy.port, '--outage-of', 'auth-api');
    expect([codesOf(report), code]).toEqual([['outage_as_refusal'], 1]);
  } finally {
    await proxy.stop();
  }
});
