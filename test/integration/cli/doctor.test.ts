/** The doctor with misbehaving servers: what it finds and advises, and that it shows no credential. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { doctorJson, doctorText } from '../../../src/cli/doctor/doctor-report.ts';
import { examine } from '../../../src/cli/doctor.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createConfigFolder } from '../../support/config-folder.ts';
import { type AuthApiMood, brokenMoods, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { freePort } from '../../support/free-port.ts';
import { type Misbehavior, startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { runCommand, runRolegate } from '../../support/running-command.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { startTokenIssuer } from '../../support/token-issuer.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

const timeoutMs = 20_000;
const embedded = 'authApi: { embedded: { database: ":memory:", secret: a secret of at least thirty-two characters } }';
let files = 0;

/** The text of the report; `more`: other sections. */
async function reportOf(more: string, limitMs = timeoutMs): Promise<string> {
  files += 1;
  const file = folder.write(
    `doctor-${files}.yaml`,
    `version: 1
${more.includes('server:') ? '' : 'server: { listen: "127.0.0.1:0", admin: false }\n'}${more}
${/authApi:|sources:/.test(more) ? '' : embedded}
routes: []
`,
  );
  return doctorText(await examine(file, limitMs), { color: false, width: 400 });
}

async function withAuthApi(mood: AuthApiMood): Promise<{ readonly text: string; readonly sent: string }> {
  const authApi = await startFakeAuthApi();
  onTestFinished(authApi.close);
  await authApi.behave(mood);
  const text = await reportOf(`authApi: { url: "${new URL(authApi.url).origin}" }`);
  return { text, sent: JSON.stringify(authApi.received) };
}

describe('sources', () => {
  it('that reject unknown credentials are accepted, and are called like by the gateway', async () => {
    const { text, sent } = await withAuthApi({ kind: 'fine' });
    expect(text).toContain('✓ authApi http://127.0.0.1');
    expect(text).toContain('rejects an unknown bearer');
    expect(text).toContain('rejects an unknown key pair');
    const [, bearer = ''] = /Bearer (rolegate-doctor-\w+)/.exec(sent) ?? [];
    expect(bearer).toHaveLength(64);
    expect(text).not.toContain(bearer);
    expect(text).not.toContain('rolegate-doctor-');
  });

  const identity = { sessionID: 's', userID: 'u', roles: [], groups: [], expireAt: 4_102_444_800, verified: true };
  it.each<[string, AuthApiMood, string, string]>([
    ['HTML', brokenMoods.html, 'expected content-type application/json', 'check the URL and the fields'],
    ['500', brokenMoods.error, 'status 500', 'read its log'],
    ['a redirect', brokenMoods.redirect, 'status 302', 'rejectedStatuses'],
    ['404', { kind: 'answers', status: 404 }, 'status 404', 'It has nothing at this path'],
    ['429', { kind: 'answers', status: 429 }, 'limits checks (429)', 'later'],
    ['nothing there', { kind: 'down' }, 'connection: ECONNREFUSED', 'correct the address under "authApi"'],
  ])('%s', async (_, mood, found, advice) => {
    const { text } = await withAuthApi(mood);
    expect(text).toContain(found);
    expect(text).toContain(advice);
  });

  it('that accept everything are an error', async () => {
    const { text } = await withAuthApi({
      kind: 'answers',
      status: 200,
      body: JSON.stringify(identity),
      headers: { 'content-type': 'application/json' },
    });
    expect(text).toContain('✗ authApi');
    expect(text).toContain('accepts a bearer that does not exist');
  });

  it.each<[string, Misbehavior, string, string]>([
    ['silent', { kind: 'never-answers' }, 'timeout: no response within 400 ms', 'It does not respond'],
    ['reset', { kind: 'resets', at: 'request' }, 'connection:', 'under "authApi"'],
    [
      'not HTTP',
      { kind: 'writes', bytes: 'SSH-2.0-x\r\n\r\n', afterwards: 'end' },
      'no valid HTTP/1.1',
      'check the port',
    ],
  ])('%s: it ends, and shows no credential', async (_, behavior, found, advice) => {
    const server = await startMisbehavingServer(behavior);
    onTestFinished(server.close);
    const text = await reportOf(`authApi: { url: "${server.origin}", timeout: 400ms }`);
    expect(text).toContain(found);
    expect(text).toContain(advice);
    expect(String(server.received)).toContain('rolegate-doctor-');
    expect(text).not.toContain('rolegate-doctor-');
  });

  it('a source slower than the limit of a check still ends', async () => {
    const server = await startMisbehavingServer({ kind: 'never-answers' });
    onTestFinished(server.close);
    const text = await reportOf(`authApi: { url: "${server.origin}", timeout: 60s }`, 500);
    expect(text).toMatch(/timeout: no response within 250 ms|no result within 500 ms/);
  });

  it('a certificate of an unknown authority', async () => {
    const authority = createAuthority();
    const server = createTlsServer(
      { ...authority.issue({ hosts: ['localhost'], addresses: ['127.0.0.1'] }) },
      (_, response) => {
        response.writeHead(401).end();
      },
    );
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}`;
    const unknown = await reportOf(`authApi: { url: "${url}" }`);
    expect(unknown).toMatch(/✗ .*certificate: /);
    expect(unknown).toContain('"tls.ca"');
    const ca = folder.write('ca.pem', authority.cert);
    const known = await reportOf(`authApi: { url: "${url}", tls: { ca: "${ca}" } }`);
    expect(known).toContain('rejects an unknown bearer');
    // Test certificates are valid for a day.
    expect(known).toMatch(/! .*the certificate expires in 0 days/);
  });

  it('a rejected client of an introspection endpoint', async () => {
    const authApi = await startFakeAuthApi();
    onTestFinished(authApi.close);
    await authApi.behave({ kind: 'answers', status: 401, body: '{"error":"invalid_client"}' });
    const secret = 'the secret of the client, never shown';
    const text = await reportOf(`sources:
  idp: { kind: introspection, url: "${authApi.url}", client: { id: gateway, secret: "${secret}" } }`);
    expect(text).toContain('status 401');
    expect(text).toContain('check "sources.idp.client"');
    expect(text).not.toContain(secret);
  });

  it('an issuer of JWTs: its keys, and a wrong clock', async () => {
    const issuer = await startTokenIssuer();
    onTestFinished(issuer.close);
    const sources = `sources:\n  idp: { kind: jwt, issuer: "${issuer.issuer}", audience: [api] }`;
    expect(await reportOf(sources)).toContain('its keys were fetched');
    issuer.respond = (_, response) => {
      response.setHeader('date', new Date(Date.now() + 7_200_000).toUTCString());
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    };
    const text = await reportOf(sources);
    expect(text).toMatch(/✗ idp .*: (?:7199|7200|7201)\.\d s ahead of this machine/);
    expect(text).toContain('makes good tokens look expired or not yet valid');
    expect(text).toContain('field "issuer" is not the configured issuer instead of keys');
  });
});

describe('upstreams', () => {
  it('with and without a health check, healthy and not', async () => {
    const good = await startRecordingUpstream();
    onTestFinished(good.close);
    const bad = await startRecordingUpstream({ answer: () => ({ status: 503 }) });
    onTestFinished(bad.close);
    const silent = await startMisbehavingServer({ kind: 'never-answers' });
    onTestFinished(silent.close);
    const text = await reportOf(`upstreams:
  good: { targets: ["${good.origin}"], health: /live }
  bad: { targets: ["${bad.origin}"], health: /live }
  plain: { targets: ["${good.origin}"] }
  gone: { targets: ["http://127.0.0.1:${await freePort()}"] }
  silent: { targets: ["${silent.origin}"], health: { path: /live, timeout: 300ms } }`);
    expect(text).toContain(`✓ good ${good.origin}: /live returns 200`);
    expect(text).toContain(`✗ bad ${bad.origin}: /live returns 503`);
    expect(text).toContain('correct the path under "upstreams.bad.health"');
    expect(text).toContain('accepts connections; it has no health check');
    expect(text).toMatch(/✗ gone .*no connection \(ECONNREFUSED\)/);
    expect(text).toMatch(/✗ silent .*no connection \(timeout\)/);
  });

  it('a host that does not exist', async () => {
    const text = await reportOf('upstreams: { far: { targets: ["http://nowhere.invalid:80"] } }');
    expect(text).toMatch(/✗ nowhere\.invalid: (?:does not exist|cannot be resolved)/);
    expect(text).toContain('Correct the host under "upstreams.far"');
  });
});

describe('the local machine', () => {
  it('a port that another program uses, with its name and process', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const free = await freePort();
    const text = await reportOf(`server: { listen: "127.0.0.1:${port}", admin: "127.0.0.1:${free}" }`);
    const holder = process.platform === 'linux' ? `\\(process ${process.pid}\\)` : 'another process';
    expect(text).toMatch(new RegExp(`! server.listen: 127.0.0.1:${port} is used by .*${holder}`));
    expect(text).toContain(`✓ server.admin: 127.0.0.1:${free} is free`);
  });

  it('ports of a running gateway are accepted', async () => {
    const [listen, admin] = [await freePort(), await freePort()];
    const server = `server: { listen: "127.0.0.1:${listen}", admin: "127.0.0.1:${admin}" }`;
    const gateway = await startGateway(`version: 1\n${server}\n${embedded}\nroutes: []\n`);
    onTestFinished(gateway.close);
    const text = await reportOf(server);
    expect(text).toMatch(new RegExp(`✓ server.listen: .*${listen} is used by .*a gateway is running here`));
  });

  it('an address that the machine does not have', async () => {
    const text = await reportOf('server: { listen: "192.0.2.1:8080", admin: false }');
    expect(text).toContain('✗ server.listen: this machine has no address 192.0.2.1');
  });

  it.runIf(process.platform === 'linux')('fewer open files than the configured connections need', async () => {
    const file = folder.write(
      'files.yaml',
      `version: 1\nserver: { listen: "127.0.0.1:0", admin: false }\n${embedded}\nroutes: []\n`,
    );
    const script = `ulimit -n 512 && exec '${process.execPath}' src/main.ts doctor --strict -c '${file}'`;
    const command = runCommand('sh', ['-c', script]);
    expect(await command.ended).toBe(1);
    expect(command.output()).toContain('! open files: the limit is 512, and up to 10161 are needed');
    expect(command.output()).toContain('Raise it (ulimit -n, LimitNOFILE of systemd) to 10161');
  });
});

it.runIf(process.platform === 'linux')('checks the open files of the running gateway, not of the shell', async () => {
  const admin = await freePort();
  const file = folder.write(
    'running.yaml',
    `version: 1\nserver: { listen: "127.0.0.1:0", admin: "127.0.0.1:${admin}" }\n${embedded}\nroutes: []\n`,
  );
  const gateway = runCommand('sh', [
    '-c',
    `ulimit -n 512 && exec '${process.execPath}' src/main.ts serve -c '${file}'`,
  ]);
  onTestFinished(() => gateway.signal('SIGKILL'));
  await gateway.see(/"msg":"started"/);
  const text = doctorText(await examine(file, timeoutMs), { color: false, width: 400 });
  const found = `the limit of the running gateway \\(process ${gateway.pid}, \\d+ open\\) is 512, and up to 10161 are needed`;
  expect(text).toMatch(new RegExp(`! open files: ${found}`));
});

it('no report contains a control character of another machine, C1 included', () => {
  const found = 'responds with a\x1b[31m\x9b31m\u202egnp';
  const findings = [{ group: 'sources', subject: 'authApi', level: 'error', found, advice: found } as const];
  const json = doctorJson('gateway.yaml', findings);
  for (const text of [json, doctorText(findings, { color: false, width: 400 }).replaceAll(/[✓✗→]/g, '')])
    expect(text).toMatch(/^[\n\x20-\x7e]+$/);
  expect(JSON.parse(json).findings).toEqual(findings);
});

describe('certificates in files of the configuration', () => {
  const rows: readonly [name: string, days: readonly [number, number], mark: string, found: RegExp][] = [
    ['an expired certificate', [-30, -2], '✗', /CN=gate has expired \(valid until \d{4}-\d\d-\d\d\)/],
    ['a certificate that expires soon', [-30, 5.5], '!', /CN=gate expires in 5 days/],
    ['a certificate that is not valid yet', [2, 30], '✗', /CN=gate is not valid until/],
    ['a certificate with a long validity', [-1, 300], '✓', /CN=gate is valid until \d{4}-\d\d-\d\d/],
  ];
  it.each(rows)('%s, of a listener, of a client and of an authority', async (_name, days, mark, found) => {
    const { cert, key } = createAuthority().issue({ hosts: ['gate'], days });
    const pems = { cert: folder.write('own.pem', cert), key: folder.write('own.key', key) };
    const files = `cert: "${pems.cert}", key: "${pems.key}"`;
    const text =
      await reportOf(`authorizer: { grpc: { listen: "127.0.0.1:0", tls: { certificates: [{ ${files} }], clientCertificates: { ca: "${pems.cert}" } } } }
authApi: { url: "https://127.0.0.1:9", tls: { ca: "${pems.cert}", ${files} } }`);
    const settings = [
      `authorizer.grpc.tls ${pems.cert}`,
      'authorizer.grpc.tls.clientCertificates.ca',
      'authApi.tls.ca',
      'authApi.tls.cert',
    ];
    for (const setting of settings) expect(text).toMatch(new RegExp(`${mark} ${setting}: ${found.source}`));
  });
});

it('an authority that has expired beside one that is valid is a warning, and several valid ones are one line', async () => {
  const [old, valid, other] = [
    [-30, -2],
    [-1, 300],
    [-1, 200],
  ].map((days) => createAuthority().issue({ hosts: ['gate'], days: [days[0]!, days[1]!] }).cert);
  const report = (name: string, ca: string) =>
    reportOf(`authApi: { url: "https://127.0.0.1:9", tls: { ca: "${folder.write(name, ca)}" } }`);
  expect(await report('mixed.pem', `${old}${valid}`)).toMatch(/! authApi\.tls\.ca: 1 of 2 CA certificates are valid/);
  expect(await report('valid.pem', `${valid}${other}`)).toMatch(/✓ authApi\.tls\.ca: 2 CA certificates are valid/);
  expect(await report('old.pem', `${old}${old}`)).toMatch(/✗ authApi\.tls\.ca: CN=gate has expired/);
});

describe('the command', () => {
  const broken =
    'version: 1\nserver: { listen: "127.0.0.1:0", admin: false, adminToken: hunter2-hunter2 }\nroutes: []\n';

  it('reports a configuration that does not load, without its secrets', async () => {
    const file = folder.write('broken.yaml', broken);
    const command = runRolegate(['doctor', '--config', file]);
    expect(await command.ended).toBe(1);
    expect(command.output()).toContain(`✗ ${file}:2`);
    expect(command.output()).not.toContain('hunter2');
  });

  it('prints JSON, and exits with 0 if there are only warnings', async () => {
    const file = folder.write(
      'unused.yaml',
      `version: 1\nserver: { listen: "127.0.0.1:0", admin: false }\n${embedded}\nroles: { user: {} }\nroutes: []\n`,
    );
    const command = runRolegate(['doctor', '--config', file, '--json']);
    expect(await command.ended).toBe(0);
    const { counts, findings } = JSON.parse(command.output());
    expect(counts.error).toBe(0);
    expect(findings).toContainEqual(
      expect.objectContaining({ group: 'versions', subject: 'rolegate', level: 'ok', advice: null }),
    );
  });

  it.each(['soon', '5000', '10ms', '2m'])('--timeout %s is wrong usage', async (value) => {
    const command = runRolegate(['doctor', '--timeout', value]);
    expect([await command.ended, command.output()]).toEqual([2, expect.stringContaining('from 500ms to 1m')]);
  });
});
