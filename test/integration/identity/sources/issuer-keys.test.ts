/** The keys of an issuer: discovered, cached, fetched again, and never fetched at a client's pace. */
import { afterEach, describe, expect, it } from 'vitest';
import { makeKey, startTokenIssuer, type TokenIssuer } from '../../../support/token-issuer.ts';
import { jwtOf, makeSource } from './made-sources.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** `clock`: manual from now on. */
async function start(changes: Parameters<typeof jwtOf>[1] = {}, prepare: (issuer: TokenIssuer) => void = () => {}) {
  const issuer = await startTokenIssuer();
  prepare(issuer);
  const clock = { nowMs: Date.now(), steadyMs: 0 };
  const source = makeSource(
    jwtOf(issuer.issuer, changes),
    () => clock.nowMs,
    [],
    () => clock.steadyMs,
  );
  closing.push(issuer.close, source.close);
  const check = async (token: Promise<string> | string) => source.check({ kind: 'bearer', token: await token });
  const fetches = () => issuer.requested.filter((path) => path === '/jwks').length;
  return { issuer, clock, check, fetches, status: source.status };
}

describe('an unknown key', () => {
  it('is fetched once in 30 s, whatever clients send', async () => {
    const { issuer, clock, check, fetches } = await start();
    expect((await check(issuer.token())).identity).not.toBeNull();
    const made = await makeKey('made-up');
    for (let round = 0; round < 3; round += 1) {
      const before = fetches();
      const results = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => check(issuer.token({}, { kid: `made-up-${index}` }, made))),
      );
      for (const result of results) expect(result).toMatchObject({ reason: 'credential_rejected', rejection: 'key' });
      expect(fetches() - before).toBeLessThanOrEqual(1);
      expect((await check(issuer.token())).identity).not.toBeNull();
      clock.nowMs += 30_000;
    }
    expect(fetches()).toBe(3);
  });

  it('stays rejected only until it may be fetched again', async () => {
    const { issuer, clock, check } = await start();
    await check(issuer.token());
    clock.nowMs += 10_000;
    expect(await check(issuer.token({}, { kid: 'later' }))).toMatchObject({ rejection: 'key', keepableMs: 20_000 });
  });

  it('is found after a rotation, and the old one is valid as long as it is published', async () => {
    const { issuer, clock, check } = await start();
    const old = issuer.token();
    expect((await check(old)).identity).not.toBeNull();
    const next = await makeKey('second');
    issuer.keys = [next.publicJwk, issuer.key.publicJwk];
    clock.nowMs += 30_000;
    expect((await check(issuer.token({}, {}, next))).identity).not.toBeNull();
    expect((await check(old)).identity).not.toBeNull();
    issuer.keys = [next.publicJwk];
    clock.nowMs += 600_001;
    // Fetched again in the background, then gone.
    const longer = { exp: Math.floor(clock.nowMs / 1000) + 300 };
    await check(issuer.token(longer, {}, next));
    await expect.poll(() => check(issuer.token(longer))).toMatchObject({ rejection: 'key' });
  });
});

it('a rotation under load fails no token, even if made-up keys use up every fetch, provided that a key is published before it signs', async () => {
  const { issuer, clock, check, fetches } = await start();
  let [key, next] = [issuer.key, await makeKey('key 1')];
  const forger = await makeKey('made-up');
  const secondMs = 1_000;
  const failed: unknown[] = [];
  for (let second = 0; second < 300; second += 1) {
    clock.nowMs += secondMs;
    const nowS = Math.floor(clock.nowMs / 1000);
    const times = { iat: nowS, exp: nowS + 300 };
    const good = [key, key, issuer.key].map((signer) => issuer.token(times, {}, signer));
    const bad = issuer.token(times, { kid: `made-up-${second}` }, forger);
    const [rejected, ...results] = await Promise.all([bad, ...good].map(check));
    expect(rejected).toMatchObject({ rejection: 'key' });
    failed.push(...results.filter(({ identity }) => identity === null));
    // Published for 40 seconds, then in use for 20 until the next one is published.
    if (second % 60 === 0) issuer.keys = [next.publicJwk, ...issuer.keys];
    if (second % 60 !== 40) continue;
    key = next;
    next = await makeKey(`key ${second}`);
  }
  expect(failed).toEqual([]);
  expect(fetches()).toBe(10);
});

it('setting the clock back does not make a withdrawn key valid again', async () => {
  const { issuer, clock, check } = await start();
  const back = Math.floor(clock.nowMs / 1000) - 43_200;
  const old = await issuer.token({ iat: back, exp: back + 86_400 });
  expect((await check(old)).identity).not.toBeNull();
  const next = await makeKey('second');
  issuer.keys = [next.publicJwk];
  clock.nowMs -= 43_200_000;
  clock.steadyMs += 600_001;
  // Fetched again in the background, then gone.
  await check(old);
  await expect.poll(() => check(old)).toMatchObject({ rejection: 'key' });
});

describe('unreachable keys', () => {
  const down: TokenIssuer['respond'] = (_, response) => response.writeHead(500).end();

  it('are an outage while there are none, and are retried after a second', async () => {
    const { issuer, clock, check, fetches, status } = await start({}, (made) => {
      made.respond = down;
    });
    const failed = { reason: 'auth_unavailable', outage: true, failure: { kind: 'status', detail: 'status 500' } };
    expect(await check(issuer.token())).toMatchObject(failed);
    const requests = issuer.requested.length;
    expect(await check(issuer.token())).toMatchObject(failed);
    expect(issuer.requested.length).toBe(requests);
    expect(await status()).toMatchObject([{ reachable: false, failures: [{ kind: 'status' }] }]);
    issuer.respond = null;
    clock.nowMs += 1_000;
    expect((await check(issuer.token())).identity).not.toBeNull();
    expect(fetches()).toBe(1);
  });

  it('are cached for a day, and an unknown key is then an outage', async () => {
    const { issuer, clock, check, status } = await start();
    expect((await check(issuer.token())).identity).not.toBeNull();
    issuer.respond = down;
    const later = () =>
      issuer.token({ iat: Math.floor(clock.nowMs / 1000), exp: Math.floor(clock.nowMs / 1000) + 300 });
    clock.nowMs += 86_000_000;
    expect((await check(later())).identity).not.toBeNull();
    await expect
      .poll(() => {
        // A status is cached for a second.
        clock.nowMs += 1_000;
        clock.steadyMs += 1_000;
        return status();
      })
      .toMatchObject([{ reachable: true, failures: [{ detail: 'status 500' }] }]);
    clock.nowMs += 30_000;
    expect(await check(issuer.token({}, { kid: 'unknown' }))).toMatchObject({
      reason: 'auth_unavailable',
      outage: true,
    });
    clock.nowMs += 400_000;
    expect(await check(later())).toMatchObject({ reason: 'auth_unavailable', outage: true });
  });
});

it('many first tokens cause one fetch', async () => {
  const { issuer, check, fetches } = await start();
  const token = await issuer.token();
  const results = await Promise.all(Array.from({ length: 50 }, () => check(token)));
  for (const { identity } of results) expect(identity).not.toBeNull();
  expect(fetches()).toBe(1);
});

describe('metadata', () => {
  const metadata =
    (body: (issuer: TokenIssuer) => unknown, path = '/.well-known/openid-configuration') =>
    (issuer: TokenIssuer) => {
      issuer.respond = (request, response) => {
        response.setHeader('content-type', 'application/json');
        if (request.url === path) response.end(JSON.stringify(body(issuer)));
        else if (request.url === '/keys') response.end(JSON.stringify({ keys: issuer.keys }));
        else response.writeHead(404).end();
      };
    };

  it('can be at the location of RFC 8414', async () => {
    const found = metadata(
      ({ issuer }) => ({ issuer, jwks_uri: `${issuer}/keys` }),
      '/.well-known/oauth-authorization-server',
    );
    const { issuer, check } = await start({}, found);
    expect((await check(issuer.token())).identity).not.toBeNull();
    expect(issuer.requested).toEqual([
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/keys',
    ]);
  });

  it.each<[string, (issuer: TokenIssuer) => unknown, string]>([
    ['of another issuer', ({ issuer }) => ({ issuer: 'http://other.test', jwks_uri: `${issuer}/keys` }), 'issuer'],
    [
      'of an issuer with an extra slash',
      ({ issuer }) => ({ issuer: `${issuer}/`, jwks_uri: `${issuer}/keys` }),
      'issuer',
    ],
    ['without keys', ({ issuer }) => ({ issuer }), 'jwks_uri'],
    ['with keys in a file', ({ issuer }) => ({ issuer, jwks_uri: 'file:///etc/passwd' }), 'jwks_uri'],
    ['with a password', ({ issuer }) => ({ issuer, jwks_uri: issuer.replace('//', '//u:p@') }), 'jwks_uri'],
  ])('%s is not used', async (_, body, field) => {
    const { issuer, check } = await start({}, metadata(body));
    expect(await check(issuer.token())).toMatchObject({
      reason: 'auth_unavailable',
      failure: { kind: 'field', detail: expect.stringContaining(field) },
    });
    expect(issuer.requested).toEqual(['/.well-known/openid-configuration']);
  });
});

describe('a key set', () => {
  it.each<[string, (key: object) => unknown, string]>([
    ['without keys', () => ({ keys: [] }), 'has no public key'],
    ['with secrets only', () => ({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }), 'has no public key'],
    ['with keys for encryption only', (key) => ({ keys: [{ ...key, use: 'enc' }] }), 'has no public key'],
    [
      'with keys for other operations',
      (key) => ({ keys: [{ ...key, use: undefined, key_ops: ['deriveKey'] }] }),
      'has no',
    ],
    ['with private keys only', (key) => ({ keys: [{ ...key, d: 'c2VjcmV0' }] }), 'has no public key'],
    ['with too many keys', (key) => ({ keys: Array.from({ length: 65 }, () => key) }), 'more than 64 keys'],
    ['with invalid keys', () => ({ keys: ['a'] }), 'expected a list of JSON Web Keys'],
  ])('%s is invalid', async (_, body, detail) => {
    const { issuer, check } = await start({}, (made) => {
      const respond: TokenIssuer['respond'] = (request, response) => {
        response.setHeader('content-type', 'application/json');
        const { issuer: iss } = made;
        response.end(
          JSON.stringify(request.url === '/jwks' ? body(made.key.publicJwk) : { issuer: iss, jwks_uri: `${iss}/jwks` }),
        );
      };
      made.respond = respond;
    });
    expect(await check(issuer.token())).toMatchObject({
      reason: 'auth_unavailable',
      failure: { detail: expect.stringContaining(detail) },
    });
  });

  it('may have several keys without an id: each is tried', async () => {
    const [one, two] = [await makeKey('one'), await makeKey('two')];
    const { issuer, check } = await start({}, (made) => {
      made.keys = [one, two].map(({ publicJwk: { kid: _, ...jwk } }) => jwk);
    });
    for (const key of [one, two]) {
      expect((await check(issuer.token({}, { kid: undefined }, key))).identity).not.toBeNull();
    }
    const other = await makeKey('other');
    expect(await check(issuer.token({}, { kid: undefined }, other))).toMatchObject({ rejection: 'signature' });
  });

  it('from files is used without a request, and a key without an id matches any', async () => {
    const key = await makeKey('file');
    const { kid: _, ...jwk } = key.publicJwk;
    const { issuer, check, status } = await start({ keys: { from: 'files', keys: [jwk as never] } });
    expect((await check(issuer.token({}, {}, key))).identity).not.toBeNull();
    expect(await check(issuer.token())).toMatchObject({ rejection: 'signature' });
    expect(await status()).toMatchObject([{ reachable: true }]);
    expect(issuer.requested).toEqual([]);
  });
});
