/** Commands that need no running gateway: their output and exit codes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

const file = folder.write(
  'gateway.yaml',
  `version: 1
authApi: { url: "http://127.0.0.1:8081" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { orders: { targets: ["http://127.0.0.1:3000"] } }
routes:
  - id: order
    match: { host: api.example.test, path: "/orders/{id}" }
    upstream: orders
    access: { GET: [user], "PUT,DELETE": { all: [admin] } }
  - { id: home, match: { path: "/" }, upstream: orders, access: public }
`,
);

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = runRolegate(args);
  const code = await command.ended;
  return { code, output: command.output() };
}

describe('exit codes', () => {
  test.each([
    ['fine', ['validate', file], 0],
    ['success with the option', ['validate', '--config', file], 0],
    ['success for help', ['--help'], 0],
    ['success for version', ['--version'], 0],
    ['failure: a missing file', ['validate', 'nowhere.yaml'], 1],
    ['failure: no response', ['healthcheck', '--url', 'http://127.0.0.1:9/health/ready'], 1],
    ['wrong usage: an unknown command', ['conquer'], 2],
    ['wrong usage: an unknown option', ['validate', '--loud'], 2],
    ['wrong usage: an option without its value', ['validate', '--config'], 2],
    ['wrong usage: an unknown format', ['routes', '--format', 'xml'], 2],
    ['wrong usage: a timeout that is not a number', ['healthcheck', '--timeout', 'soon'], 2],
    ['wrong usage: an invalid address', ['healthcheck', '--url', 'here'], 2],
  ] as const)('%s', async (_, args, code) => {
    expect(await run(...args)).toMatchObject({ code });
  });
});

test('version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(await run('version')).toEqual({ code: 0, output: `${version}\n` });
});

test('validate prints one line about the contents of the file', async () => {
  expect((await run('validate', file)).output).toBe(`ok ${file}: 2 routes, 2 roles, 1 upstream\n`);
});

test('routes as JSON', async () => {
  const { routes } = JSON.parse((await run('routes', '--config', file, '--format', 'json')).output);
  expect(routes).toMatchObject([
    { id: 'order', host: 'api.example.test', path: '/orders/{id}', upstream: 'orders' },
    { id: 'home', host: null, path: '/', access: [{ method: '*', rule: 'public' }] },
  ]);
});

test('routes as a table and as Markdown show the same cells', async () => {
  for (const format of ['table', 'markdown']) {
    const { output, code } = await run('routes', '--config', file, '--format', format);
    expect(code).toBe(0);
    const cells = output.split('\n').map((line) => line.split(/[│|]/).map((cell) => cell.trim()));
    const order = cells.find((row) => row.includes('order'));
    expect(order).toContain('GET, HEAD');
    expect(order).toContain('any of user');
    expect(cells.find((row) => row.includes('PUT, DELETE'))).toContain('all of admin');
    expect(cells.find((row) => row.includes('home'))).toContain('everyone, no credential is read');
  }
});

test("routes shows a route's accepted kinds and challenges where another route has more", async () => {
  const mixed = folder.write(
    'mixed.yaml',
    `version: 1
authApi: { url: "http://127.0.0.1:8081" }
credentials: { apiKey: { header: x-api-key }, basic: bearer }
upstreams: { orders: { targets: ["http://127.0.0.1:3000"] } }
routes:
  - { id: people, match: { path: /people }, upstream: orders, access: authenticated }
  - { id: robots, match: { path: /robots }, upstream: orders, access: authenticated, credentials: [apiKey] }
  - { id: page, match: { path: /page }, upstream: orders, access: authenticated, challenges: [bearer] }
`,
  );
  const { output } = await run('routes', '--config', mixed, '--format', 'markdown');
  const lastCells = output.split('\n').map((line) => line.split('|').at(-2)?.trim());
  expect(lastCells.slice(2, 5)).toEqual(['', 'accepts apiKey', 'challenges Bearer']);
  const { routes } = JSON.parse((await run('routes', '--config', mixed, '--format', 'json')).output);
  expect(routes.map((route: { challenges: string[] }) => route.challenges)).toEqual([
    ['Bearer', 'Basic'],
    ['ApiKey'],
    ['Bearer'],
  ]);
});

test('routes as a table fits the terminal width without losing text', async () => {
  if (spawnSync('script', ['--version']).error !== undefined)
    skipHere('no script, which makes a terminal (util-linux)');
  const onTerminal = (columns: number) => {
    const command = `stty cols ${columns} && '${process.execPath}' src/main.ts routes --config '${file}'`;
    const { stdout } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    return stdout.replaceAll('\r', '').trimEnd().split('\n');
  };
  const widthOf = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));
  const [wide, narrow] = [onTerminal(200), onTerminal(70)];
  expect(widthOf(wide)).toBeGreaterThan(70);
  expect(widthOf(wide)).toBeLessThan(200);
  expect(widthOf(narrow)).toBeGreaterThan(60);
  expect(widthOf(narrow)).toBeLessThanOrEqual(70);
  const words = (lines: readonly string[]) =>
    lines
      .join('')
      .replaceAll(/[^a-z]/gi, '')
      .split('')
      .sort()
      .join('');
  expect(words(narrow)).toBe(words(wide));
});

test('schema prints the files in config', async () => {
  const stored = (name: string) => readFileSync(new URL(`../../../config/${name}`, import.meta.url), 'utf8');
  const schema = (await run('schema')).output;
  expect(schema).toBe(stored('gateway.schema.json'));
  expect(JSON.parse(schema).properties).toHaveProperty('routes');
  for (const [kind, key] of [
    ['included', 'tests'],
    ['tests', 'cases'],
  ] as const) {
    const { output } = await run('schema', '--for', kind);
    expect(output).toBe(stored(`${kind}.schema.json`));
    expect(JSON.parse(output).properties).toHaveProperty(key);
  }
  expect(JSON.parse((await run('schema', '--for', 'auth-api')).output).properties).toHaveProperty('database');
  const reference = (await run('schema', '--reference')).output;
  expect(reference).toBe(stored('gateway.reference.yaml'));
  expect(parse(reference)).toHaveProperty('version', 1);
  const ofAuthApi = (await run('schema', '--for', 'auth-api', '--reference')).output;
  expect(ofAuthApi).toBe(stored('auth-api.reference.yaml'));
  expect(parse(ofAuthApi)).toHaveProperty('database');
  expect(await run('schema', '--for', 'tests', '--reference')).toEqual({
    code: 2,
    output: 'rolegate: references exist only for gateway and auth-api\n',
  });
});

test('a pipe gets all of a long output', () => {
  const script = `'${process.execPath}' src/main.ts schema | wc -c`;
  const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(Number(stdout)).toBe(readFileSync(new URL('../../../config/gateway.schema.json', import.meta.url)).length);
});
