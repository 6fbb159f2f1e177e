/**
 * The configurations of `docs/guides/openid-connect.md`, each with the claims shown below it: a service receives the
 * stated identity, and tokens for another audience or from another issuer are refused.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { blocksOf, type FencedBlock } from '../../support/markdown-page.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const page = readFileSync('docs/guides/openid-connect.md', 'utf8');
const blocks = blocksOf(page);

interface Case {
  readonly title: string;
  readonly config: string;
  readonly kind: 'claims' | 'introspection' | 'userinfo';
  readonly shown: JWTPayload;
  readonly identity: string;
  /** Of access tokens. */
  readonly typ: string;
}

const kinds: ReadonlyMap<string, Case['kind']> = new Map([
  ['json claims', 'claims'],
  ['json introspection', 'introspection'],
  ['json userinfo', 'userinfo'],
]);

/** A block of claims, the configuration above it, and the identity below it. */
const cases: readonly Case[] = blocks.flatMap((block, index) => {
  const kind = kinds.get(`${block.language} ${block.info}`);
  if (kind === undefined) return [];
  const lines = page.split('\n');
  const section = lines.slice(0, block.line).findLast((line) => line.startsWith('## ')) ?? '';
  const identity = lines.slice(block.line).find((line) => line.startsWith('Identity: ')) ?? '';
  const config = blocks.slice(0, index).findLast(({ language }) => language === 'yaml') as FencedBlock;
  const title = `${section.slice(3)}, ${kind}`;
  const typ = config.text.includes('at+jwt') ? 'at+jwt' : 'JWT';
  return [{ title, config: config.text, kind, shown: JSON.parse(block.text), identity, typ }];
});

/** How ID tokens of a provider differ from its access tokens. */
const idTokens: Readonly<Record<string, JWTPayload>> = {
  Keycloak: { typ: 'ID' },
  Auth0: { nonce: 'of-the-sign-in', azp: undefined, scope: undefined },
  'Entra ID': { azp: undefined, scp: undefined },
  Cognito: { token_use: 'id', client_id: undefined },
  'Any other provider': { client_id: undefined, scope: undefined, sub: 'ann' },
};

/** Known to the provider. */
const opaqueTokens = new Map<string, JWTPayload>();
let privateKey: CryptoKey;
let publicPem: string;
let otherKey: CryptoKey;
/** The service and the provider's endpoints, which accept opaque tokens. */
const server = createServer((request, response) => {
  const json = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/userinfo') {
    const claims = opaqueTokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    json(claims === undefined ? 401 : 200, claims ?? {});
  } else if (request.url === '/introspect') {
    let form = '';
    request.on('data', (part) => {
      form += part;
    });
    request.on('end', () => {
      const token = new URLSearchParams(form).get('token') ?? '';
      json(200, opaqueTokens.get(token) ?? { active: false });
    });
  } else {
    const { 'x-user': user, 'x-roles': roles, 'x-groups': groups } = request.headers;
    json(200, { user, roles, groups });
  }
});
let origin: string;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  privateKey = pair.privateKey;
  publicPem = await exportSPKI(pair.publicKey);
  otherKey = (await generateKeyPair('RS256')).privateKey;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** The configuration on the page, with the provider on loopback, and with the test's signing key. */
function wholeConfig({ config, kind }: Case): string {
  const part = parse(config.replaceAll(/\$\{\w+\}/g, 'secret-of-the-gateway'));
  const [source] = Object.values<Record<string, unknown>>(part.sources);
  if (kind === 'claims') source!['keys'] = [{ file: 'issuer.pem' }];
  else source!['url'] = `${origin}/${kind === 'userinfo' ? 'userinfo' : 'introspect'}`;
  return stringify({
    version: 1,
    server: { listen: '127.0.0.1:0', admin: '127.0.0.1:0' },
    identityHeaders: { 'x-user': 'userId', 'x-roles': 'roles', 'x-groups': 'groups' },
    upstreams: { service: { targets: [origin] } },
    routes: [{ id: 'all', match: { path: '/orders' }, upstream: 'service', access: 'authenticated' }],
    ...part,
  });
}

function signed(claims: JWTPayload, { key = privateKey, typ = 'JWT' } = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iat: now, exp: now + 300, ...claims }).setProtectedHeader({ alg: 'RS256', typ }).sign(key);
}

async function ask(gateway: RunningGateway, token: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.origin}/orders`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}

function identityOf(line: string): { user: string; roles: string; groups: string } {
  const [, user = '', roles = '', groups] = /user `(.+?)`, roles `(.+?)`, groups (?:`(.+?)`|none)\.$/.exec(line) ?? [];
  return { user, roles, groups: groups ?? '' };
}

test('covers every provider on the page', () => {
  const sections = page.split('\n').filter((line) => /^## (?!Several issuers|Which source|Prove the rules)/.test(line));
  for (const section of sections) expect(cases.map(({ title }) => title.split(',')[0])).toContain(section.slice(3));
});

test('the tests on the page pass, and one fails when a claim is misnamed', () => {
  const text = blocks.find((block) => block.text.includes('\ntests:\n'))!.text;
  const failed = (config: string) => {
    const read = parseConfig(config, { file: 'page', env: {}, readSecret: () => '' });
    if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
    return runTests(read.config, false).report.failed;
  };
  expect(failed(text)).toBe(0);
  expect(failed(text.replace('path: tenant.names', 'path: tenant.name'))).toBe(1);
});

describe.each(cases)('$title', (one) => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway(wholeConfig(one), () => publicPem);
  });
  afterAll(() => gateway.close());
  const tokenWith = async (claims: JWTPayload) => {
    if (one.kind === 'claims') return signed(claims, { typ: one.typ });
    const token = `opaque-token-${opaqueTokens.size}`;
    opaqueTokens.set(token, claims);
    return token;
  };

  test('the service receives the identity on the page', async () => {
    expect(await ask(gateway, await tokenWith(one.shown))).toEqual({ status: 200, body: identityOf(one.identity) });
  });

  test('control: a token from another issuer is refused', async () => {
    const token =
      one.kind === 'claims' ? await signed(one.shown, { key: otherKey, typ: one.typ }) : 'opaque-token-of-nobody';
    expect(await ask(gateway, token)).toMatchObject({ status: 401, body: { code: 'credential_rejected' } });
  });

  if (one.kind === 'claims') {
    test('control: an ID token with the same audience is refused', async () => {
      const token = await signed({ ...one.shown, ...idTokens[one.title.split(',')[0]!] });
      expect(await ask(gateway, token)).toMatchObject({ status: 401, body: { code: 'credential_rejected' } });
    });
  }

  // Userinfo responses have no audience.
  if (one.kind !== 'userinfo') {
    test('control: a token for another service is refused', async () => {
      const other = { ...one.shown, ...('aud' in one.shown ? { aud: 'another' } : { client_id: 'another' }) };
      expect(await ask(gateway, await tokenWith(other))).toMatchObject({
        status: 401,
        body: { code: 'credential_rejected' },
      });
    });
  }
});
