/** `validate`, `test`, `diff --replay` and `serve --shadow`, as an author of rules runs them. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';

let folder: ConfigFolder;
beforeAll(() => {
  folder = createConfigFolder();
});
afterAll(() => folder.remove());

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = runRolegate(args);
  const code = await command.ended;
  return { code, output: command.output() };
}

const head = `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:9" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { s: { targets: ["http://127.0.0.1:9"] } }
routes:
`;
const user = '  - { id: area, match: { path: "/area/**" }, upstream: s, access: [user] }\n';
const hole = '  - { id: hole, match: { path: "/area/health" }, upstream: s, access: public }\n';

describe('validate', () => {
  let file: string;
  beforeAll(() => {
    file = folder.write('surprising.yaml', `${head}${user}${hole}`);
  });

  test('a warning is printed like a problem, but does not fail', async () => {
    const { code, output } = await run('validate', file);
    expect(code).toBe(0);
    expect(output).toMatch(
      /surprising\.yaml:8:71 warning\[public_under_protected\] .* GET http:\/\/any\.example\/area\/health/,
    );
    expect(output).toContain('> 8 |');
    expect(output).toMatch(/^ok .*: 2 routes, 2 roles, 1 upstream; 1 warning$/m);
  });

  test('--strict makes it an error', async () => {
    const { code, output } = await run('validate', '--strict', file);
    expect(code).toBe(1);
    expect(output).toContain('error[public_under_protected]');
    expect(output).toMatch(/^failed .*; 1 error$/m);
  });

  test.each([
    ['a code', 'public_under_protected', 0],
    ['a code and its subject', 'public_under_protected:hole', 0],
    ['another subject', 'public_under_protected:other', 1],
    ['an unknown code', 'public_under_protekted', 2],
  ])('--ignore: %s', async (_, ignored, expected) => {
    const { code, output } = await run('validate', '--strict', '--ignore', ignored, file);
    expect(code).toBe(expected);
    if (expected === 2) expect(output).toContain('did you mean "public_under_protected"?');
  });

  test('--sarif: meets the standard and the requirements of code scanning', async () => {
    const { code, output } = await run('validate', '--sarif', file);
    expect(code).toBe(0);
    const log = JSON.parse(output);
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringMatching(/sarif-schema-2\.1\.0\.json$/) });
    expect(log.runs).toHaveLength(1);
    const [{ tool, results, columnKind }] = log.runs;
    expect(tool.driver.name).toBe('Rolegate');
    expect(columnKind).toBe('utf16CodeUnits');
    for (const rule of tool.driver.rules) {
      const text = { text: expect.stringMatching(/./) };
      expect(rule).toMatchObject({
        id: expect.stringMatching(/^[a-z_]+$/),
        shortDescription: text,
        fullDescription: text,
        help: text,
      });
      expect(['none', 'note', 'warning', 'error']).toContain(rule.defaultConfiguration.level);
    }
    expect(new Set(tool.driver.rules.map(({ id }: { id: string }) => id)).size).toBe(tool.driver.rules.length);
    expect(results).toHaveLength(1);
    const [result] = results;
    expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(result).toMatchObject({
      ruleId: 'public_under_protected',
      level: 'warning',
      message: { text: expect.stringMatching(/public/) },
    });
    expect(Object.values(result.partialFingerprints)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    const { artifactLocation, region } = result.locations[0].physicalLocation;
    expect(artifactLocation.uri).toMatch(/surprising\.yaml$/);
    expect(artifactLocation.uri).not.toContain('\\');
    expect(region).toEqual({ startLine: 8, startColumn: 71 });
  });

  test('--sarif: a file that cannot be used', async () => {
    const { code, output } = await run('validate', '--sarif', folder.write('bad.yaml', `${head}  - nonsense\n`));
    expect(code).toBe(1);
    const [{ results }] = JSON.parse(output).runs;
    expect(results).toMatchObject([{ ruleId: 'configuration_invalid', level: 'error' }]);
  });

  test('a fingerprint does not depend on line numbers', async () => {
    const of = async (text: string) => {
      const { output } = await run('validate', '--sarif', folder.write('surprising.yaml', text));
      return JSON.parse(output).runs[0].results[0].partialFingerprints;
    };
    expect(await of(`# a line more\n${head}${user}${hole}`)).toEqual(await of(`${head}${user}${hole}`));
  });
});

test('test: finds test files, and reads only listed ones', async () => {
  const config = folder.write('tested.yaml', `${head}${user}`);
  const found = folder.write(
    'tested.test.yaml',
    'identities: { ann: { roles: [user] } }\ncases:\n  - { as: ann, request: GET /area/1, expect: allow }\n  - { request: GET /area/1, expect: refuse }\n',
  );
  const named = folder.write('elsewhere.yaml', 'cases: [{ request: GET /area/1, expect: allow }]\n');
  const all = await run('test', '--config', config);
  expect(all).toMatchObject({ code: 0, output: expect.stringContaining('2 passed') });
  const one = await run('test', '--config', config, named);
  expect(one).toMatchObject({ code: 1, output: expect.stringContaining('1 failed') });
  expect(one.output).toContain('elsewhere.yaml:1');
  expect((await run('explain', 'GET', '/area/1', '--config', config, '--as', 'ann')).code).toBe(0);
  folder.write('tested.test.yaml', 'cases: [{ as: bob, request: GET /area/1, expect: allow }]\n');
  const bad = await run('test', '--config', config, found);
  expect(bad).toMatchObject({
    code: 1,
    output: expect.stringMatching(/tested\.test\.yaml:1:15 there is no identity "bob"/),
  });
});

/** As in a file of records. */
const recordLine = (decided: object) =>
  `${JSON.stringify({ request: {}, secure: false, decided, reads: { query: [], headers: [], client: false } })}\n`;

test('diff --replay: reports the outcome of recorded requests', async () => {
  const before = folder.write('before.yaml', `${head}${user}`);
  const after = folder.write('after.yaml', `${head}${user.replace('[user]', '[admin]')}`);
  const identity = { kind: 'bearer', userId: 'ann', roles: ['user'], groups: [], sessionId: 's', keyId: null };
  const record = {
    at: '2026-01-01T00:00:00.000Z',
    method: 'GET',
    host: 'a.test',
    path: '/area/1',
    credential: 'bearer',
    verdict: 'accepted',
    identity,
    outcome: 'allow',
    reason: null,
    route: 'area',
  };
  const records = [
    record,
    { ...record, path: '/area/2' },
    { ...record, path: '/other', outcome: 'refuse', reason: 'route_not_found', route: null },
  ];
  const file = folder.write('decisions.ndjson', `${records.map(recordLine).join('')}nonsense\n`);
  const { code, output } = await run('diff', before, after, '--json', '--replay', file);
  expect(code).toBe(3);
  expect(JSON.parse(output).replay).toMatchObject({
    records: 3,
    unreadable: 1,
    unlikeRecorded: 0,
    counts: { same: 1, newly_refused: 2 },
    differences: [
      { difference: 'newly_refused', reasonAfter: 'role_missing', count: 2, examples: [{ userId: 'ann' }, {}] },
    ],
  });
  expect((await run('diff', before, after, '--replay', file)).output).toContain(
    '2 newly refused: area -> area (role_missing)',
  );
  expect((await run('diff', before, after, '--markdown', '--replay', file)).output).toContain('| 2 | newly refused |');
  expect((await run('diff', before, before, '--replay', file)).code).toBe(0);
  expect(await run('diff', before, before, '--replay', before)).toMatchObject({ code: 1 });
});

test('diff --replay: without a recorded result, the outcome is unknown', async () => {
  const before = folder.write('open.yaml', `${head}${user.replace('[user]', 'public')}`);
  const after = folder.write('closed.yaml', `${head}${user}`);
  const record = {
    ...{ at: '2026-01-01T00:00:00.000Z', method: 'GET', host: 'a.test', path: '/area/1', credential: 'bearer' },
    ...{ verdict: null, identity: null, outcome: 'allow', reason: null, route: 'area' },
  };
  const file = folder.write('open.ndjson', recordLine(record));
  const { output } = await run('diff', before, after, '--replay', file);
  expect(output).toContain('1 not decided: it depends on data that was not recorded: area -> unknown');
});

test('test --update: reports what no request shows, without an empty list of cases', async () => {
  const rest = user.replace('id: area, match: { path: "/area/**" }', 'id: more, match: { path: "/area/{x}/**" }');
  const root = user.replace('id: area, match: { path: "/area/**" }', 'id: root, match: { path: "/area" }');
  const cases = ['/area', '/area/1/2'].flatMap((path) => [
    `{ as: ann, request: GET ${path}, expect: allow }`,
    `{ as: eve, request: GET ${path}, expect: refuse }`,
  ]);
  const identities = '{ ann: { roles: [user] }, eve: { roles: [] } }';
  const tests = `tests: { identities: ${identities}, cases: [${cases.join(', ')}] }\n`;
  const file = folder.write('hidden.yaml', `${head}${user}${rest}${root}${tests}`);
  expect(await run('test', '--config', file, '--update')).toEqual({
    code: 0,
    output:
      '# No request was found for the missing cases.\n# not found: area * is allowed\n# not found: area * is refused with role_missing\n',
  });
});

test('test: a missing test file is not a problem of the configuration', async () => {
  const file = folder.write('lost.yaml', `${head}${user}`);
  expect(await run('test', '--config', file, 'nowhere.test.yaml')).toEqual({
    code: 1,
    output: 'rolegate: there is no file nowhere.test.yaml\n',
  });
});

test('test --update --out adds missing cases to a test file once', async () => {
  const apart = createConfigFolder();
  const file = apart.write('own.yaml', `${head}${user}`);
  const tests = apart.write('own.test.yaml', '# by hand\nidentities:\n  ann: { roles: [admin] } # Ann\ncases: []\n');
  const update = (...more: string[]) => run('test', '--config', file, '--update', '--out', ...more);
  expect(await update(tests)).toEqual({
    code: 0,
    output: `added 2 cases to ${tests}: review them\n`,
  });
  const added = readFileSync(tests, 'utf8');
  expect(added).toMatch(/^# by hand\nidentities:\n {2}ann: \{ roles: \[admin\] \} # Ann\n {2}no_role: .*\ncases:\n/);
  expect(await update(tests)).toEqual({ code: 0, output: `nothing to add to ${tests}\n` });
  expect(readFileSync(tests, 'utf8')).toBe(added);
  expect(await run('test', '--config', file, '--coverage', '100')).toMatchObject({ code: 0 });
  // A missing file is created.
  rmSync(tests);
  const more = `${tests.slice(0, -'own.test.yaml'.length)}more.test.yaml`;
  expect(await update(more, '--mutation', '100')).toMatchObject({ code: 0, output: expect.stringMatching(/^added /) });
  expect(await run('test', '--config', file, '--mutation', '100')).toMatchObject({ code: 0 });
  expect(await update(file)).toMatchObject({ code: 0, output: `nothing to add to ${file}\n` });
  expect(await run('test', '--config', file, '--out', tests)).toMatchObject({ code: 2 });
  apart.remove();
});

test('test --update --out FOLDER adds the cases of each file of routes to a test file beside it', async () => {
  const apart = createConfigFolder();
  const file = apart.write('gateway.yaml', `${head}${user}include: [team-*.yaml]\n`);
  const place = dirname(file);
  for (const team of ['a', 'b']) {
    apart.write(
      `team-${team}.yaml`,
      `routes: [{ id: ${team}, match: { path: /${team} }, upstream: s, access: { GET: [user], PUT: [admin] } }]\n`,
    );
  }
  const update = () => run('test', '--config', file, '--update', '--mutation', '100', '--out', place);
  const { code, output } = await update();
  expect(code).toBe(0);
  for (const name of ['gateway', 'team-a', 'team-b']) expect(output).toContain(`to ${place}/${name}.test.yaml: review`);
  const casesOf = (name: string) => readFileSync(join(place, `${name}.test.yaml`), 'utf8');
  expect(casesOf('team-a')).toContain('request: GET /a,');
  expect(casesOf('team-a')).not.toContain('request: GET /b,');
  expect(casesOf('team-b')).toContain('request: GET /b,');
  expect(await update()).toEqual({ code: 0, output: `nothing to add to ${place}\n` });
  const whole = await run('test', '--config', file, '--coverage', '100', '--mutation', '100');
  expect(whole).toMatchObject({ code: 0 });
  apart.remove();
});

describe('a long policy', () => {
  let file: string;
  beforeAll(() => {
    const routes = Array.from(
      { length: 4000 },
      (_, n) => `  - { id: r${n}, match: { path: "/area${n % 7}/thing${n}/{id}" }, upstream: s, access: [user] }\n`,
    );
    file = folder.write('long.yaml', head + routes.join(''));
    expect(statSync(file).size).toBeGreaterThan(256 * 1024);
  });

  test.each([
    [['validate'], 0, /^ok .*: 4000 routes, 2 roles, 1 upstream$/m],
    [['routes', '--format', 'json', '--config'], 0, /"id": "r3999"/],
    [
      ['routes', '--config'],
      0,
      /^│ r3999 +│ any +│ \/area2\/thing3999\/\{id\} +│ every method +│ any of user +│ s +│$/m,
    ],
    [['test', '--config'], 0, /^tests +0 passed$/m],
    [['explain', 'GET', '/area6/thing3996/7', '--roles', 'user', '--config'], 0, /^allowed by route r3996$/m],
    [['explain', 'GET', '/area6/thing3996/7', '--config'], 3, /^refused/m],
  ] as const)('%j', async (command, code, said) => {
    const ran = await run(...command, file);
    expect(ran.output).toMatch(said);
    expect(ran.code).toBe(code);
  });
});

test.each(['validate', 'routes --config', 'test --config', 'explain GET /x --config'])(
  '%s: reports a folder and a missing file',
  async (command) => {
    const args = command.split(' ');
    const there = dirname(folder.write('there.yaml', head));
    expect((await run(...args, there)).output).toContain('this is a folder, not a file');
    expect((await run(...args, `${there}/none.yaml`)).output).toContain('the file does not exist');
  },
);

test('explain: a declared identity already has roles and groups', async () => {
  const file = folder.write('named.yaml', `${head}${user}tests: { identities: { ann: { roles: [user] } } }\n`);
  for (const more of [
    ['--roles', 'admin'],
    ['--groups', 'acme'],
    ['--signed-in', '2026-12-01T09:00:00Z'],
  ]) {
    const { code, output } = await run('explain', 'GET', '/area/1', '--config', file, '--as', 'ann', ...more);
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringContaining('omit --claims, --roles, --groups and --signed-in'),
    });
  }
});

test('explain --signed-in: sets the time of sign-in for "maxAuthAge"', async () => {
  const recent = user.replace('access', 'maxAuthAge: 15m, access');
  const file = folder.write('recent.yaml', `${head}${recent}`);
  const asked = ['explain', 'GET', '/area/1', '--config', file, '--roles', 'user', '--at', '2026-12-01T09:00:00Z'];
  const allowed = await run(...asked, '--signed-in', '2026-12-01T08:45:00Z');
  expect(allowed.output).toContain('signed in 2026-12-01T08:45:00Z');
  expect(allowed).toMatchObject({ code: 0, output: expect.stringMatching(/^allowed by route area$/m) });
  const refused = await run(...asked, '--signed-in', '2026-12-01T08:44:59Z');
  expect(refused.output).toContain('error="insufficient_user_authentication", max_age="900"');
  expect(refused).toMatchObject({ code: 3, output: expect.stringMatching(/^refused .*: 401 sign_in_too_old$/m) });
  const asJson = await run(...asked, '--json');
  expect(JSON.parse(asJson.output)).toMatchObject({ reason: 'sign_in_too_old', identity: { signedInAt: null } });
  expect(await run(...asked, '--signed-in', 'today')).toMatchObject({
    code: 2,
    output: expect.stringContaining('--signed-in'),
  });
});

describe('explain --bearer', () => {
  test.each([
    ['another identity', ['--roles', 'user'], 2, /--bearer \(or ROLEGATE_BEARER\) already identifies the user/],
    ["no operators' token", [], 1, /--bearer needs an admin token: --admin-token or ROLEGATE_ADMIN_TOKEN/],
    ['no URL', ['--admin-token', 't', '--admin', 'localhost:9090'], 2, /expected --admin as a URL/],
    ['no gateway', ['--admin-token', 't', '--admin', 'http://127.0.0.1:9'], 1, /no gateway responds/],
  ])('%s', async (_, options, code, message) => {
    const ran = await run('explain', 'GET', '/area/1', '--bearer', 'b', ...options);
    expect(ran).toEqual({ code, output: expect.stringMatching(message) });
  });
});

test('explain --bearer reports which facts of the request the gateway could not know', async () => {
  const secret = 'an-operator-token-of-32-characters';
  const config = folder.write('asked.yaml', `${head.replace('admin:', `adminToken: ${secret}, admin:`)}${user}`);
  const command = runRolegate(['serve', '--config', config]);
  const [, started] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const admin = ['--admin', `http://127.0.0.1:${JSON.parse(started!).admin.port}`, '--admin-token', secret];
  expect(await run('explain', 'GET', '/area/1', '--bearer', 'two words', ...admin)).toEqual({
    code: 1,
    output: 'rolegate: the gateway refused: 400 bearer is not a token of RFC 6750\n',
  });
  command.signal('SIGTERM');
  expect(await command.ended).toBe(0);
});

test('serve --shadow: warns at start; a bad candidate is reported and watched, and the gateway serves', async () => {
  const config = folder.write('serving.yaml', `${head}${user}${hole}`);
  const candidate = folder.write('candidate.yaml', 'nonsense');
  const command = runRolegate(['serve', '--config', config, '--shadow', candidate]);
  const [, started] = await command.see(/^(\{.*"msg":"started"\})$/m);
  await command.see(/"findings":\["[^"]*serving\.yaml:8 .*"msg":"the configuration has warnings"/);
  await command.see(/"msg":"candidate not usable"/);
  const { listen, admin } = JSON.parse(started!);
  const report = async () => (await fetch(`http://127.0.0.1:${admin.port}/shadow`)).json() as Promise<object>;
  expect(await report()).toMatchObject({ candidate: null, problems: [expect.stringMatching(/candidate\.yaml:1 /)] });
  expect((await fetch(`http://127.0.0.1:${listen.port}/area/1`)).status).toBe(401);
  folder.write('candidate.yaml', `${head}${user.replace('[user]', 'public')}`);
  await command.see(/"msg":"candidate policy is compared with the one in use"/);
  expect(await report()).toMatchObject({ candidate: { routes: 1 }, problems: [] });
  // The configuration includes its candidate when it is reloaded.
  command.signal('SIGHUP');
  await command.see(/configuration reloaded"\}\n(?:.*\n)*.*candidate policy is compared with the one in use/);
  command.signal('SIGTERM');
  expect(await command.ended).toBe(0);
});
