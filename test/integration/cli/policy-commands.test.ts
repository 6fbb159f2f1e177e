/** `explain`, `test` and `diff` as a policy author runs them: their output and exit codes. */
import { afterAll, describe, expect, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

const rules = (access: string, cases = '') => `version: 1
authApi: { url: "http://127.0.0.1:8081" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { orders: { targets: ["http://127.0.0.1:3000"] } }
routes:
  - id: order
    match: { host: api.example.test, path: "/orders/{tenant}/{id}" }
    upstream: orders
    access: ${access}
    when: [{ param: tenant, in: identity.groups, unless: [admin], reason: wrong_tenant }]
tests:
  identities: { ann: { roles: [user], groups: [acme] }, root: { roles: [admin] }, eve: {} }
  cases:${cases === '' ? ' []' : cases}
`;
const cases = `
    - { as: ann, request: GET /orders/acme/7, expect: allow, route: order }
    - { as: ann, request: GET /orders/other/7, expect: refuse, reason: wrong_tenant }
    - { as: root, request: GET /orders/other/7, expect: allow }
    - { as: eve, request: GET /orders/acme/7, expect: refuse, reason: role_missing }`;
const good = folder.write('good.yaml', rules('[user]', cases));
const whole = folder.write(
  'whole.yaml',
  rules(
    '[user]',
    `${cases}\n    - { request: GET https://api.example.test/orders/acme, expect: refuse, reason: route_not_found }`,
  ),
);
const thin = folder.write('thin.yaml', rules('[user]', cases.split('\n').slice(0, 2).join('\n')));
const wrong = folder.write('wrong.yaml', rules('[admin]', cases));
const believing = folder.write(
  'believing.yaml',
  `${rules('[user]', cases)}\nserver: { trustedProxies: [10.0.0.0/8] }\n`,
);
const open = folder.write('open.yaml', rules('authenticated'));
const renamed = folder.write(
  'renamed.yaml',
  rules('[user]').replace('{tenant}', '{customer}').replace('param: tenant', 'param: customer'),
);

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = runRolegate(args);
  const code = await command.ended;
  return { code, output: command.output() };
}

describe('explain', () => {
  const url = 'https://api.example.test/orders/acme/7';
  const ann = { userID: 'u-1', sessionID: 's-1', expireAt: 1 };
  test.each([
    ['allowed', ['--as', 'ann'], 0, 'allowed by route order'],
    ['allowed through another role', ['--roles', 'admin'], 0, 'ok any user: held through admin'],
    ['refused', [], 3, 'refused on route order: 401 credential_missing'],
    ['refused for a role', ['--roles', 'other'], 3, 'missing: user'],
    ['refused for a condition', ['--roles', 'user', '--groups', 'beta'], 3, '403 condition_failed (wrong_tenant)'],
    ['a header that the client sends', ['--as', 'ann', '--header', 'x-a: b'], 0, 'x-a: b'],
    ['claims', ['--claims', JSON.stringify({ ...ann, roles: ['admin'], groups: ['acme'] })], 0, 'held through admin'],
    [
      "another identity's claims",
      ['--claims', JSON.stringify({ ...ann, roles: ['other'], groups: [] })],
      3,
      'missing: user',
    ],
    ['claims that make no identity', ['--claims', '{"roles":[]}'], 2, '--claims: field "userID" is missing'],
    [
      'claims of an unknown source',
      ['--claims', '{}', '--source', 'authAp'],
      2,
      '--source: there is no such source; did you mean',
    ],
    ['claims that are not JSON', ['--claims', '{sub}'], 2, 'expected --claims as a JSON object'],
    [
      'claims next to roles',
      ['--claims', '{}', '--roles', 'user'],
      2,
      'roles, groups and the sign-in come from --claims',
    ],
    ['an unknown identity', ['--as', 'anne'], 2, 'did you mean "ann"?'],
    ['an invalid header', ['--header', 'nothing'], 2, 'expected --header "name: value"'],
    ['a client that is not an address', ['--client', 'nope'], 2, 'expected --client as an IP address, got "nope"'],
    ['a misspelled role', ['--roles', 'usr'], 3, 'did you mean "user"?'],
  ] as const)('%s', async (_name, args, code, text) => {
    const result = await run('explain', 'GET', url, '--config', good, ...args);
    expect(result.output).toContain(text);
    expect(result.code).toBe(code);
  });

  test.each(['Authorization Bearer sEcReT', ': sEcReT'])('an invalid header is not repeated: %s', async (line) => {
    const { code, output } = await run('explain', 'GET', url, '-c', good, '--header', 'x-a: b', '--header', line);
    expect([code, output]).toEqual([2, expect.stringContaining('header 2 has no name or no colon')]);
    expect(output).not.toContain('sEcReT');
  });

  test.each(['F(O', 'G T', 'M'.repeat(33)])('refuses %j as a method, like the proxy (400)', async (method) => {
    const { code, output } = await run('explain', method, url, '-c', good);
    expect([code, output]).toEqual([2, expect.stringContaining('expected a method such as GET')]);
  });

  test('a path without a host gets the host of the matching route', async () => {
    const { output } = await run('explain', 'GET', '/orders/acme/7', '--as', 'ann', '-c', good, '--json');
    expect(JSON.parse(output)).toMatchObject({
      outcome: 'allow',
      route: 'order',
      request: { host: 'api.example.test' },
    });
  });

  test('prints JSON', async () => {
    const { code, output } = await run('explain', 'GET', url, '-c', good, '--groups', 'acme', '--json');
    const explanation = JSON.parse(output);
    expect([code, explanation.outcome, explanation.route, explanation.reason]).toEqual([
      3,
      'refuse',
      'order',
      'role_missing',
    ]);
    expect(explanation.trail.map(({ stage }: { stage: string }) => stage)).toEqual([
      'normalize',
      'match',
      'extract',
      'resolve',
      'authorize',
    ]);
    expect(explanation.candidates[0]).toMatchObject({ route: 'order', won: true });
  });

  test('a malformed URL is wrong usage', async () => {
    expect((await run('explain', 'GET', 'ftp://x/y', '-c', good)).code).toBe(2);
  });
});

describe('test', () => {
  test.each([
    ['passes', good, [], 0, 'tests     4 passed'],
    ['reaches its thresholds', whole, ['--coverage', '100', '--mutation', '100'], 0, '100 %'],
    ['fails', wrong, [], 1, 'expected allow, got refuse (role_missing)'],
    ['covers too little', thin, ['--coverage', '100'], 1, 'coverage is below 100 %'],
    ['misses a weakened rule', thin, ['--mutation', '100'], 1, 'the condition wrong_tenant is removed'],
    ['an invalid threshold', good, ['--coverage', 'all'], 2, 'expected a number from 0 to 100'],
  ] as const)('%s', async (_name, config, args, code, text) => {
    const result = await run('test', '--config', config, ...args);
    expect(result.output).toContain(text);
    expect(result.code).toBe(code);
  });

  test.each([
    ['junit', '<testsuites tests="4" failures="2">'],
    ['tap', 'not ok 1 - GET /orders/acme/7 as ann'],
    ['json', '"failed": 2'],
  ])('as %s', async (reporter, text) => {
    const { code, output } = await run('test', '-c', wrong, '-r', reporter);
    expect(output).toContain(text);
    expect(code).toBe(1);
  });

  test('--update prints what is missing, and the printed cases pass', async () => {
    const { code, output } = await run('test', '-c', open, '--update');
    expect(code).toBe(0);
    const proposed = folder.write('proposed.test.yaml', output);
    expect(await run('test', '-c', open, proposed, '--coverage', '100')).toMatchObject({ code: 0 });
  });
});

describe('a failing test', () => {
  // Separate from test files found next to a configuration.
  const apart = createConfigFolder();
  afterAll(() => apart.remove());
  const failing = apart.write(
    'failing.yaml',
    rules(
      '[user]',
      `
    - { as: ann, request: GET /orders/other/7, expect: allow }
    - { as: ann, request: GET /orders/other/7, client: 127.0.0.1, expect: allow }
    - { name: nobody, request: GET /orders/other/7, expect: allow }
    - { request: GET /nowhere, expect: allow }`,
    ),
  );
  const told = [
    'sent as ann, route order: refused, wrong_tenant',
    'sent without a credential, route order: refused, credential_missing',
    'sent without a credential, no route: refused, route_not_found',
  ];
  const names = [
    'GET /orders/other/7 as ann',
    'GET /orders/other/7 as ann (2)',
    'nobody',
    'GET /nowhere without a credential',
  ];

  test.each(['pretty', 'junit', 'tap'])(
    '%s lists the sender, the route and the reason, under distinct names',
    async (reporter) => {
      const { code, output } = await run('test', '-c', failing, '-r', reporter);
      expect(code).toBe(1);
      for (const words of told) expect(output).toContain(words);
      for (const name of names) expect(output).toContain(name);
    },
  );

  test('JSON has them as members', async () => {
    const { cases } = JSON.parse((await run('test', '-c', failing, '-r', 'json')).output);
    expect(cases).toMatchObject([
      { name: names[0], as: 'ann', route: 'order', outcome: 'refuse', reason: 'wrong_tenant' },
      { name: names[1], as: 'ann', route: 'order', outcome: 'refuse', reason: 'wrong_tenant' },
      { name: names[2], as: null, route: 'order', outcome: 'refuse', reason: 'credential_missing' },
      { name: names[3], as: null, route: null, outcome: 'refuse', reason: 'route_not_found' },
    ]);
  });
});

describe('diff', () => {
  test.each([
    ['with itself', good, good, 0, 'equivalent'],
    ['with another parameter name', good, renamed, 0, 'equivalent'],
    ['that opens routes', good, open, 3, 'Newly allowed'],
    ['that closes routes', open, good, 3, 'Newly refused'],
    ['that trusts a proxy', good, believing, 3, 'server.trustedProxies: [] -> ["10.0.0.0/8"]'],
    ['with a missing file', good, 'nowhere.yaml', 1, 'does not exist'],
  ] as const)('%s', async (_name, before, after, code, text) => {
    const result = await run('diff', before, after);
    expect(result.output).toContain(text);
    expect(result.code).toBe(code);
  });

  test('prints JSON and Markdown', async () => {
    const { newlyAllowed, newlyRefused } = JSON.parse((await run('diff', good, open, '--json')).output);
    expect([newlyAllowed.length, newlyRefused]).toEqual([1, []]);
    expect(newlyAllowed[0]).toMatchObject({ routeBefore: 'order', routeAfter: 'order', who: ['any identity'] });
    expect((await run('diff', good, open, '--markdown')).output).toContain('### Newly allowed\n\n| methods |');
  });
});

test('too many forms to compare are reported in one line, without a stack', async () => {
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
  const word = (first: number, step: number) =>
    Array.from({ length: 30 }, (_, at) => characters[(first + at * step) % characters.length]).join('');
  const many = (id: string, step: number, before: string) => {
    const words = [...characters].map((_, first) => word(first, step));
    return `  - { id: ${id}, match: { path: "/${before}{k:(${words.join('|')})}" }, upstream: orders, access: [user] }\n`;
  };
  const text = `version: 1
authApi: { url: "http://127.0.0.1:8081" }
roles: { user: {} }
upstreams: { orders: { targets: ["http://127.0.0.1:3000"] } }
routes:
${many('one', 1, '')}${many('two', 3, 'v')}${many('three', 5, 'ww')}`;
  const file = folder.write('many-forms.yaml', text);
  const { code, output } = await run('diff', file, file);
  const message = 'rolegate: the parameters at one place of the paths have too many forms to compare them\n';
  expect({ code, output }).toEqual({ code: 1, output: message });
});
