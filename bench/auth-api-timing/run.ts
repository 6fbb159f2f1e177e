/**
 * Whether timing reveals anything about credentials. Sends the Auth API (a separate process without limits) unknown keys, wrong
 * secrets, right secrets and bearers in random order, and compares the response times.
 * `node bench/auth-api-timing/run.ts [--samples N] [--database URL] [--report FILE]`
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAuthApi } from '../../src/auth-api/create-auth-api.ts';
import { randomToken } from '../../src/auth-api/secrets/random-secret.ts';
import { readSettings } from '../../src/cli/auth-api/with-auth-api.ts';
import { commit } from '../report.ts';
import { compare, quantile } from './compare-samples.ts';
import { connectTo, type KeepAliveClient } from './keep-alive-client.ts';
import { startProcess } from './start-process.ts';

const { values: options } = parseArgs({
  options: {
    samples: { type: 'string', default: '20000' },
    /** If unset: SQLite in a file. */
    database: { type: 'string' },
    report: { type: 'string' },
  },
});
const samples = Number(options.samples);
const users = 500;
const warmUp = 2_000;

const folder = mkdtempSync(join(tmpdir(), 'rolegate-timing-'));
const config = join(folder, 'auth-api.yaml');
writeFileSync(
  config,
  `listen: 127.0.0.1:0
database: "${options.database ?? `file:${join(folder, 'auth.db')}`}"
secret: a secret for this measurement, long enough
outbox: none
limits: { keyFailures: 1000000, keyWindow: 1s }
`,
);

interface Known {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly bearer: string;
}

async function seed(): Promise<Known[]> {
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const api = await createAuthApi({ settings: readSettings(config), log: silent });
  const known: Known[] = [];
  const run = randomToken(8);
  for (let at = 0; at < users; at += 1) {
    const name = `user-${run}-${at}`;
    const { userId } = await api.createUser({
      email: `${name}@example.test`,
      fullName: name,
      alias: name,
      roles: ['user', 'reporter'],
      groups: ['public', 'acme'],
    });
    const { apiKey, apiSecret } = await api.createVerifiedKeyPair(userId, 'Example', 30);
    const { bearer } = await api.createVerifiedSession(userId);
    known.push({ apiKey, apiSecret, bearer });
  }
  await api.close();
  return known;
}

const kinds = [
  'unknown key',
  'wrong secret',
  'nearly right secret',
  'right secret',
  'unknown bearer',
  'nearly right bearer',
  'right bearer',
] as const;
type Kind = (typeof kinds)[number];

function ask(client: KeepAliveClient, kind: Kind, { apiKey, apiSecret, bearer }: Known) {
  // Created for every kind of request, needed or not, because the client's preceding work affects the measurement.
  const unknown = { apiKey: randomToken(32), secret: randomToken(64) };
  const base = '/api/auth/v2';
  const pair = (key: string, secret: string) => client.get(`${base}/keypair`, { 'api-key': key, 'api-secret': secret });
  const session = (token: string) => client.get(`${base}/session`, { authorization: `Bearer ${token}` });
  switch (kind) {
    case 'unknown key':
      return pair(unknown.apiKey, apiSecret);
    case 'wrong secret':
      return pair(apiKey, unknown.secret);
    case 'nearly right secret':
      return pair(apiKey, nearly(apiSecret));
    case 'right secret':
      return pair(apiKey, apiSecret);
    case 'unknown bearer':
      return session(unknown.secret);
    case 'nearly right bearer':
      return session(nearly(bearer));
    case 'right bearer':
      return session(bearer);
  }
}

/** Correct except for the last character. */
function nearly(secret: string): string {
  return `${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}`;
}

async function measure(client: KeepAliveClient, known: readonly Known[]): Promise<Map<Kind, number[]>> {
  const taken = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (let at = 0; at < warmUp + samples * kinds.length; at += 1) {
    const kind = kinds[Math.floor(Math.random() * kinds.length)] ?? 'unknown key';
    const one = known[Math.floor(Math.random() * known.length)];
    if (one === undefined) throw new Error('no user is known');
    const { status, microseconds } = await ask(client, kind, one);
    if (status !== (kind.startsWith('right') ? 200 : 401)) throw new Error(`${kind}: ${status}`);
    if (at >= warmUp) taken.get(kind)?.push(microseconds);
  }
  for (const list of taken.values()) list.sort((a, b) => a - b);
  return taken;
}

function report(taken: ReadonlyMap<Kind, readonly number[]>, conditions: string): string {
  const whole = (value: number) => String(Math.round(value));
  const table = [...taken].map(([kind, list]) => {
    const cells = [0.01, 0.1, 0.5, 0.9, 0.99].map((share) => whole(quantile(list, share)));
    return `| ${[kind, list.length, ...cells].join(' | ')} |`;
  });
  const pairs: readonly (readonly [Kind, Kind])[] = [
    ['unknown key', 'wrong secret'],
    ['wrong secret', 'nearly right secret'],
    ['wrong secret', 'right secret'],
    ['unknown key', 'right secret'],
    ['unknown bearer', 'nearly right bearer'],
    ['unknown bearer', 'right bearer'],
  ];
  const comparisons = pairs.map(([first, second]) => {
    const { larger, z, distance, medians } = compare(taken.get(first) ?? [], taken.get(second) ?? []);
    const cells = [`${first} → ${second}`, medians.toFixed(1), larger.toFixed(3), z.toFixed(1), distance.toFixed(3)];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Does time tell about credentials?

Made by \`node bench/auth-api-timing/run.ts\`: the Auth API as a process of its own, its limits lifted, asked for
\`GET /keypair\` and \`GET /session\` in random order, so that a machine that grows slower does so for all.

${conditions}

| asked with | answers | 1 % | 10 % | median | 90 % | 99 % |
|---|---|---|---|---|---|---|
${table.join('\n')}

Microseconds, from the write of the request to the last byte of its answer.

What must not be told apart are an unknown key and a wrong secret, and a wrong secret and one that is nearly right: "second
is larger" near 0.5, no large z. A right credential may differ: its answer is 200 and says so itself; a refusal also
writes a line of the log and counts the attempt.

| compared | difference of medians, µs | second is larger | z | largest distance (KS) |
|---|---|---|---|---|
${comparisons.join('\n')}
`;
}

const known = await seed();
const { child, port } = await startProcess(config);
const client = await connectTo(port);
try {
  const store = options.database === undefined ? 'SQLite in a file' : new URL(options.database).protocol.slice(0, -1);
  const conditions = `Store: ${store}; ${users} users; ${cpus()[0]?.model.trim()}; Node ${process.versions.node}; ${commit}; one connection, requests in random order.`;
  const text = report(await measure(client, known), conditions);
  process.stdout.write(text);
  if (options.report !== undefined) writeFileSync(options.report, text);
} finally {
  client.close();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
