/** Workers that sign identities: all of them sign with the keys published on their supervisor's admin port. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createIdentityVerifier } from '../../../src/verify.ts';
import { useRedis } from '../../support/redis.ts';
import { poll, startWorkers, usualConfig, type WorldOptions } from './workers-world.ts';

const ann = { authorization: 'Bearer anns-token' };
const issuer = 'https://gate.example.test';
const cacheSecret = 'a cache secret of at least thirty-two characters';

async function signingWorkers(config: NonNullable<WorldOptions['config']>) {
  const world = await startWorkers({ config });
  world.authApi.addSession('anns-token', { userId: 'ann', roles: ['user'] });
  const connections = await world.toEach('/open');
  const published = async () => JSON.parse((await world.admin('/.well-known/jwks.json')).text).keys as object[];
  return { world, connections, published };
}

/** What each worker signs, as the service receives it. */
async function assertions({ world, connections }: Awaited<ReturnType<typeof signingWorkers>>): Promise<string[]> {
  const signed: string[] = [];
  for (const connection of connections) {
    expect((await connection.get('/orders/7', ann)).status).toBe(200);
    signed.push(world.upstream.last().header('x-rolegate-identity')[0]!);
  }
  return signed;
}

/** By the currently published public keys. */
async function failures(keys: readonly object[], tokens: readonly string[]): Promise<unknown[]> {
  const jwksUrl = `data:application/json,${encodeURIComponent(JSON.stringify({ keys }))}`;
  const verify = createIdentityVerifier({ jwksUrl, issuer, audience: 'orders' });
  const results = await Promise.all(tokens.map((token) => verify(token)));
  return results.filter(({ reason }) => reason !== null);
}

test('share them through Redis, also with a worker that starts later', async () => {
  const { url, keyPrefix } = await useRedis();
  const signing = await signingWorkers((parts) =>
    usualConfig({ ...parts, more: `identityAssertion: { issuer: "${issuer}" }\n` }).replace(
      'cache: { ',
      `cache: { secret: "${cacheSecret}", redis: { url: "${url}", keyPrefix: "${keyPrefix}" }, `,
    ),
  );
  const { world, published } = signing;
  const keys = await published();
  expect(keys).toHaveLength(1);
  expect(await failures(keys, await assertions(signing))).toEqual([]);
  const before = world.pids();
  process.kill(before.get(1)!, 'SIGKILL');
  await poll(() => world.pids().get(1)).not.toBe(before.get(1));
  const connections = await world.toEach('/open');
  expect(await failures(keys, await assertions({ ...signing, connections }))).toEqual([]);
});

test('use keys from files', async () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const signing = await signingWorkers((parts) =>
    usualConfig({ ...parts, more: `identityAssertion: { issuer: "${issuer}", keys: [${JSON.stringify(pem)}] }\n` }),
  );
  expect(await failures(await signing.published(), await assertions(signing))).toEqual([]);
});

test('control: another key does not verify what they sign', async () => {
  const own = generateKeyPairSync('ed25519');
  const pem = own.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const signing = await signingWorkers((parts) =>
    usualConfig({ ...parts, more: `identityAssertion: { issuer: "${issuer}", keys: [${JSON.stringify(pem)}] }\n` }),
  );
  const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const [key] = await signing.published();
  expect(await failures([{ ...key, ...other }], await assertions(signing))).toHaveLength(2);
});
