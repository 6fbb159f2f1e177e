/** `explain`, the tests of the rules and the running proxy decide every request alike, whatever the configuration. */
import { Agent, createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../../src/app/create-gateway.ts';
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { Problem } from '../../../src/config/problem.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { forwardingOf, policyOf, runCase } from '../../../src/policy-tools/run-cases.ts';
import { explained } from '../../support/tool-results.ts';
import { type Asked, configurations, requests, type World } from '../policy-worlds.ts';
import { patienceMs, runs } from '../support.ts';

/** A seventh of the worlds queries a source about a missing credential; with so many worlds, some do. */
const worlds = runs(250);
const perWorld = 200;

let gateway: Gateway;
let port: number;
let adapt: (world: Pick<World, 'written' | 'readList'>) => Config;
const closing: (() => unknown)[] = [];
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** The caller's identity is encoded in the credential itself. */
function answerAuth(req: IncomingMessage): object | null {
  const bearer = req.headers.authorization?.slice('Bearer '.length);
  const written = bearer ?? (req.headers['api-secret'] as string | undefined);
  if (written === undefined) return null;
  const { roles, groups, claims, authenticatedAtMs } = JSON.parse(
    Buffer.from(written, 'base64url').toString(),
  ) as Identity;
  const { level, tags, since, ...named } = claims as { level?: number; tags?: readonly string[]; since?: number };
  const signedIn = authenticatedAtMs === null ? {} : { authenticatedAt: authenticatedAtMs / 1000 };
  const further = {
    ...named,
    ...signedIn,
    ...timeIn(since),
    more: { level },
    ...(tags === undefined ? {} : { tags: tags.join(' ') }),
  };
  const who = { userID: 'u', expireAt: 10_000_000_000, verified: true, roles, groups, ...further };
  return bearer === undefined
    ? { ...who, keyID: 'k', userName: 'U', userAlias: 'u' }
    : { ...who, sessionID: 's', fullName: 'U', alias: 'u' };
}

/** As Unix seconds, or as text. */
function timeIn(since: number | undefined): object {
  if (since === undefined) return {};
  return { since: since > Date.UTC(2010) ? since / 1000 : new Date(since).toISOString() };
}

function credentialOf(identity: Identity | null): Record<string, string> {
  if (identity === null) return {};
  const { roles, groups, claims, authenticatedAtMs } = identity;
  const written = Buffer.from(JSON.stringify({ roles, groups, claims, authenticatedAtMs })).toString('base64url');
  return identity.kind === 'bearer'
    ? { authorization: `Bearer ${written}` }
    : { 'api-key': 'k', 'api-secret': written };
}

beforeAll(async () => {
  const listening = async (answer: (req: IncomingMessage) => object | null): Promise<string> => {
    const server = createServer((req, res) => {
      const body = answer(req);
      res.writeHead(body === null ? 401 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const [authApi, upstream] = [await listening(answerAuth), await listening(() => ({}))];
  adapt = ({ written, readList }) => {
    const file = JSON.parse(written) as object;
    const text = JSON.stringify({
      ...file,
      server: { listen: '127.0.0.1:0', admin: false, trustedProxies: ['127.0.0.1'] },
      log: { level: 'silent' },
      authApi: { url: authApi },
      upstreams: { s: { targets: [upstream] }, t: { targets: [upstream] } },
    });
    const read = parseConfig(text, { file: 'random', env: {}, readSecret: () => '', readList });
    if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
    return read.config;
  };
  const first = adapt({
    written: JSON.stringify({ version: 1, upstreams: {}, routes: [] }),
    readList: () => new Problem('no lists'),
  });
  gateway = createGateway(first, { version: 'test' });
  port = (await gateway.start()).listen!.port;
});

afterAll(async () => {
  agent.destroy();
  await gateway.close();
  for (const close of closing) close();
});

function throughProxy({ request, identity }: Asked): Promise<{ status: number; error: string | null }> {
  return new Promise((resolve, reject) => {
    const given = request.headers.includes('authorization');
    const headers: Record<string, string> = { host: request.host, ...(given ? {} : credentialOf(identity)) };
    if (request.client !== null) headers['x-forwarded-for'] = request.client;
    for (let i = 0; i < request.headers.length; i += 2) headers[request.headers[i]!] = request.headers[i + 1]!;
    const { method, target } = request;
    const sent = send({ agent, host: '127.0.0.1', port, method, path: target, headers }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, error: (answer.headers['x-error'] as string) ?? null }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

function asTest(
  config: Config,
  asked: Asked,
  outcome: 'allow' | 'refuse',
  route: string | null,
  reason: string | null,
) {
  const { request, identity } = asked;
  const { method, host, secure, target, headers, client } = request;
  const test = {
    name: 't',
    file: 'f',
    line: 1,
    as: null,
    method,
    host,
    secure,
    target,
    headers,
    client,
    time: null,
    trusted: false,
  };
  const simulated = simulate(request, identity, config.credentials);
  const expectations = { expect: outcome, route, reason, upstreamHeaders: new Map() };
  return runCase({ test: { ...test, ...expectations }, identity, simulated }, policyOf(config), forwardingOf(config))
    .faults;
}

test('fifty thousand decisions agree', { timeout: 5 * patienceMs }, async () => {
  let decided = 0;
  const outcomes = new Set<string>();
  const world = fc.tuple(configurations, fc.array(requests, { minLength: perWorld, maxLength: perWorld }));
  await fc.assert(
    fc.asyncProperty(world, async ([world, asked]) => {
      const { written } = world;
      const config = adapt(world);
      gateway.apply(config);
      const answers = await Promise.all(asked.map(throughProxy));
      for (const [index, one] of asked.entries()) {
        const explanation = explained(config, one.request, one.identity);
        const { outcome, status, message, route, reason, condition } = explanation;
        const seen = answers[index]!;
        decided += 1;
        outcomes.add(reason ?? outcome);
        // An `expect` for each of the many would take most of the time.
        if (seen.status !== (status ?? 200) || seen.error !== message)
          expect.fail(`answered ${JSON.stringify(seen)}: ${JSON.stringify({ one, written, explanation })}`);
        const faults = asTest(config, one, outcome === 'refuse' ? 'refuse' : 'allow', route, condition ?? reason);
        if (faults.length > 0) expect.fail(`not as tested: ${JSON.stringify({ faults, one, written, explanation })}`);
      }
    }),
    { ...worlds, endOnFailure: true },
  );
  expect(decided).toBeGreaterThanOrEqual(worlds.numRuns * perWorld);
  // The worlds are rich enough to be useful.
  for (const seen of [
    'allow',
    'route_not_found',
    'method_not_allowed',
    'credential_missing',
    'role_missing',
    'condition_failed',
  ]) {
    expect([...outcomes]).toContain(seen);
  }
});
