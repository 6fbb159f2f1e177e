/**
 * Whether timing reveals which addresses have an account. Requests codes for known and unknown addresses, in random order, from the Auth API
 * (a separate process with its limits lifted), as clients and as the pages do it, and compares the response times.
 * `node bench/auth-api-timing/addresses.ts [--samples N] [--database URL] [--report FILE]`
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
    samples: { type: 'string', default: '5000' },
    /** If unset: SQLite in a file. */
    database: { type: 'string' },
    report: { type: 'string' },
  },
});
const samples = Number(options.samples);
const users = 500;
const warmUp = 1_000;
const unlimited = 1_000_000;

const folder = mkdtempSync(join(tmpdir(), 'rolegate-timing-'));
const config = join(folder, 'auth-api.yaml');
writeFileSync(
  config,
  `listen: 127.0.0.1:0
database: "${options.database ?? `file:${join(folder, 'auth.db')}`}"
secret: a secret for this measurement, long enough
outbox: console
revealUnknownEmail: false
limits:
  requestsPerClient: ${unlimited}
  mailsPerClient: ${unlimited}
  mailsPerAddressAndClient: ${unlimited}
  mailsPerAddress: ${unlimited}
`,
);

const run = randomToken(8).toLowerCase();

/** Of the same length as the addresses without an account. */
const addressOf = (at: number, kind: 'k' | 'u') => `user-${run}-${kind}${String(at).padStart(4, '0')}@example.test`;

async function seed(): Promise<void> {
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const api = await createAuthApi({ settings: readSettings(config), log: silent });
  for (let at = 0; at < users; at += 1) {
    const email = addressOf(at, 'k');
    await api.createUser({ email, fullName: email, alias: `${run}${at}`, roles: ['user'], groups: ['public'] });
  }
  await api.close();
}

const ways = { 'POST /session': '/session', 'POST /session/device': '/session/device' } as const;
type Way = keyof typeof ways;
const kinds = Object.keys(ways).flatMap((way) => [`${way as Way}, known`, `${way as Way}, unknown`] as const);
type Kind = (typeof kinds)[number];

async function measure(client: KeepAliveClient): Promise<Map<Kind, number[]>> {
  const taken = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (let at = 0; at < warmUp + samples * kinds.length; at += 1) {
    const kind = kinds[Math.floor(Math.random() * kinds.length)]!;
    const [way = '', is] = kind.split(', ');
    const email = addressOf(Math.floor(Math.random() * users), is === 'known' ? 'k' : 'u');
    const path = `/api/auth/v2${ways[way as Way]}`;
    const { status, microseconds } = await client.post(path, JSON.stringify({ email }));
    if (status !== 202) throw new Error(`${kind}: ${status}`);
    if (at >= warmUp) taken.get(kind)!.push(microseconds);
  }
  for (const list of taken.values()) list.sort((a, b) => a - b);
  return taken;
}

function report(taken: ReadonlyMap<Kind, readonly number[]>, conditions: string): string {
  const table = [...taken].map(([kind, list]) => {
    const cells = [0.01, 0.1, 0.5, 0.9, 0.99].map((share) => String(Math.round(quantile(list, share))));
    return `| ${[kind, list.length, ...cells].join(' | ')} |`;
  });
  const comparisons = (Object.keys(ways) as Way[]).map((way) => {
    const of = (kind: Kind) => taken.get(kind) ?? [];
    const { larger, z, distance, medians } = compare(of(`${way}, known`), of(`${way}, unknown`));
    const cells = [way, medians.toFixed(1), larger.toFixed(3), z.toFixed(1), distance.toFixed(3)];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Does time tell who has an account?

Made by \`node bin/node.cjs bench/auth-api-timing/addresses.ts\`: the Auth API as a process of its own, its limits lifted, with
\`revealUnknownEmail: false\`, and requests for a code in random order. \`POST /session/device\` is what the pages send.

${conditions}

| requested | responses | 1 % | 10 % | median | 90 % | 99 % |
|---|---|---|---|---|---|---|
${table.join('\n')}

Microseconds, from the write of the request to the last byte of its response. All addresses have the same length.

| compared, known → unknown | difference of medians, µs | unknown takes longer | z | largest distance (KS) |
|---|---|---|---|---|
${comparisons.join('\n')}

"Unknown takes longer" is 0.5 if the two cannot be distinguished, and 1 if one request is enough.
`;
}

await seed();
const { child, port } = await startProcess(config);
const client = await connectTo(port);
try {
  const store = options.database === undefined ? 'SQLite in a file' : new URL(options.database).protocol.slice(0, -1);
  const conditions = `Store: ${store}; ${users} users and ${users} addresses without an account; ${cpus()[0]?.model.trim()}; Node ${process.versions.node}; ${commit}; one connection.`;
  const text = report(await measure(client), conditions);
  process.stdout.write(text);
  if (options.report !== undefined) writeFileSync(options.report, text);
} finally {
  client.close();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
