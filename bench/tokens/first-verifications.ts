/** What the first verification of a JWT costs: different tokens, one after the other, by a source in this process. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { JwtSourceConfig } from '../../src/config/source-config.ts';
import { createJwtSource } from '../../src/identity/sources/jwt/jwt-source.ts';
import type { SourceEvents } from '../../src/identity/sources/remote/remote-source.ts';

export interface FirstVerification {
  readonly algorithm: string;
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const issuer = 'https://id.example.test';
const algorithms = ['ES256', 'RS256', 'EdDSA'] as const;

export async function firstVerifications(count: number): Promise<FirstVerification[]> {
  const found: FirstVerification[] = [];
  for (const algorithm of algorithms) found.push(await measure(algorithm, count));
  return found;
}

async function measure(algorithm: string, count: number): Promise<FirstVerification> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = JSON.stringify(await exportJWK(publicKey));
  const events: SourceEvents = {
    sourceCall: () => {},
    claimUnreadable: () => {},
    breaker: () => {},
    failover: () => {},
  };
  const source = createJwtSource({
    name: 'issuer',
    config: configWith(jwk),
    introspection: null,
    events,
    now: Date.now,
    steady: () => performance.now(),
  });
  const now = Math.floor(Date.now() / 1000);
  const tokens: string[] = [];
  for (let index = 0; index < 1.1 * count; index += 1) {
    const claims = { iss: issuer, aud: 'orders', sub: `user-${index}`, roles: ['user'], iat: now, exp: now + 3_600 };
    tokens.push(await new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'at+jwt' }).sign(privateKey));
  }
  const check = async (token: string) => {
    const { identity } = await source.check({ kind: 'bearer', token });
    if (identity === null) throw new Error(`a token with ${algorithm} was not accepted`);
  };
  // The remaining tokens warm up the code.
  for (const token of tokens.splice(count)) await check(token);
  const times: number[] = [];
  const before = process.cpuUsage();
  for (const token of tokens) {
    const startedMs = performance.now();
    await check(token);
    times.push(1000 * (performance.now() - startedMs));
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)] ?? Number.NaN;
  await source.close();
  return { algorithm, cpuUs: (user + system) / count, p50Us: at(0.5), p99Us: at(0.99) };
}

function configWith(jwk: string): JwtSourceConfig {
  const text = `version: 1
sources: { issuer: { kind: jwt, issuer: "${issuer}", audience: [orders], keys: [{ file: issuer.json }] } }
routes: []
`;
  const read = parseConfig(text, { file: 'bench', env: {}, readSecret: () => jwk });
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('\n'));
  const [source] = read.config.sources;
  if (source?.kind !== 'jwt') throw new Error('no source of kind jwt');
  return source;
}
