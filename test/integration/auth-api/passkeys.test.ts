/** Passkeys beyond the conformance suite: attestations, settings without passkeys, concurrency, clients and the log. */
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AttestationFormat,
  createPasskey,
  type Page,
  signChallenge,
} from '../../support/software-authenticator.ts';
import { type StartedAuthApi, startAuthApi, testSettings } from './start-auth-api.ts';

const page = { origin: 'https://app.example.test', rpId: 'app.example.test' };
const settings = { ...testSettings, passkeys: { ...page, name: 'Example', requiredForRoles: null } };

let started: StartedAuthApi[] = [];
afterEach(async () => {
  await Promise.all(started.map(({ api }) => api.close()));
  started = [];
});

async function start(options: Parameters<typeof startAuthApi>[0] = { settings }) {
  const one = await startAuthApi(options);
  started.push(one);
  const { bearer } = await one.api.createVerifiedSession(one.userId);
  async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(`http://127.0.0.1:${one.port}/api/auth/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: z.any().parse(await response.json()) };
  }
  async function add(over: Partial<Page> = {}, attestation?: AttestationFormat) {
    const { body } = await call('POST', '/passkey/options');
    const { challenge, user } = body.options;
    const { credential, key } = createPasskey({ ...page, challenge, ...over }, attestation);
    const added = await call('POST', '/passkey', { name: 'Phone', credential });
    return { added, key: { ...page, ...key, userHandle: String(user.id) } };
  }
  async function sign(key: Awaited<ReturnType<typeof add>>['key']) {
    const { body } = await call('POST', '/session/passkey/options');
    return signChallenge({ ...key, challenge: body.options.challenge });
  }
  return { ...one, call, add, sign };
}

describe('without passkeys in the settings', () => {
  it('their operations do not exist, and sessions look as before', async () => {
    const { call } = await start({ settings: testSettings });
    for (const path of ['/passkey/options', '/passkey', '/session/passkey/options', '/session/passkey']) {
      const { status, body } = await call('POST', path, {});
      // "DELETE /session/{id}" matches the last path.
      const [known, code] = path === '/session/passkey' ? [405, 'method_not_allowed'] : [404, 'route_not_found'];
      expect([path, status, body.code]).toEqual([path, known, code]);
    }
    const { body } = await call('GET', '/session');
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['acr']));
    const { body: description } = await call('GET', '/openapi.json');
    expect(Object.keys(description.paths).filter((path) => path.includes('passkey'))).toEqual([]);
  });
});

describe('an attestation', () => {
  it('with certificates is refused, because the library would call the addresses in them', async () => {
    const { add } = await start();
    const statement = new Map<string, Buffer | number | readonly Buffer[]>([
      ['alg', -7],
      ['sig', Buffer.alloc(70)],
      ['x5c', [Buffer.alloc(300)]],
    ]);
    for (const fmt of ['packed', 'fido-u2f', 'android-key', 'apple', 'tpm', 'none']) {
      expect((await add({}, { fmt, statement })).added.body.code).toBe('passkey_invalid');
    }
  });
});

describe('a session by passkey', () => {
  it('states that the passkey can be copied', async () => {
    const { add, sign, call } = await start();
    const { added, key } = await add({ synced: true });
    expect(added.status).toBe(202);
    const opened = await call('POST', '/session/passkey', { credential: await sign(key) });
    expect([opened.status, opened.headers.get('set-cookie')]).toEqual([202, null]);
    const { body } = await call('GET', '/session', undefined, { authorization: `Bearer ${opened.body.bearer}` });
    expect(body).toMatchObject({ acr: 'phr', amr: ['swk', 'user'], auth_time: body.authenticatedAt });
  });

  it('opens once, even if its response arrives many times at once', async () => {
    const { add, sign, call } = await start();
    const credential = await sign((await add()).key);
    const results = await Promise.all(
      // Not more than may fail from a familiar network.
      Array.from({ length: 10 }, () => call('POST', '/session/passkey', { credential })),
    );
    expect(results.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([202, 401]));
  });

  it('does not open with a challenge under another secret', async () => {
    const one = await start();
    const other = await start({ settings: { ...settings, secret: 'another secret for these tests, long enough' } });
    const { key } = await one.add();
    const { body } = await other.call('POST', '/session/passkey/options');
    const foreign = signChallenge({ ...key, challenge: body.options.challenge });
    expect((await one.call('POST', '/session/passkey', { credential: foreign })).body.code).toBe('passkey_rejected');
    expect((await one.call('POST', '/session/passkey', { credential: await one.sign(key) })).status).toBe(202);
  });

  it('does not open with a changed signature, or of a disabled user', async () => {
    const { add, sign, call, api, userId } = await start();
    const { key } = await add();
    const signed = await sign(key);
    const bytes = Buffer.from(signed.response.signature, 'base64url');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const changed = { ...signed, response: { ...signed.response, signature: bytes.toString('base64url') } };
    expect((await call('POST', '/session/passkey', { credential: changed })).body.code).toBe('passkey_rejected');
    expect((await call('POST', '/session/passkey', { credential: signed })).status).toBe(202);
    const again = await sign(key);
    await api.createUser({ email: 'a@x.test', fullName: 'Ada', alias: 'ada', roles: ['users_admin'], groups: [] });
    const admin = await api.createVerifiedSession((await api.findUser('a@x.test')) ?? '');
    const asAdmin = { authorization: `Bearer ${admin.bearer}` };
    expect((await call('PUT', `/admin/user/${userId}/disable`, undefined, asAdmin)).status).toBe(202);
    expect((await call('POST', '/session/passkey', { credential: again })).body.code).toBe('passkey_rejected');
  });

  it('limits wrong signatures from a familiar network too, until the next right one', async () => {
    const { add, sign, call } = await start();
    const { key } = await add();
    expect((await call('POST', '/session/passkey', { credential: await sign(key) })).status).toBe(202);
    const signed = await sign(key);
    const bad = { ...signed, response: { ...signed.response, signature: 'AAAA' } };
    const tries = async (times: number) => {
      const seen: number[] = [];
      for (let at = 0; at < times; at += 1)
        seen.push((await call('POST', '/session/passkey', { credential: bad })).status);
      return seen;
    };
    expect(await tries(9)).toEqual(new Array(9).fill(401));
    expect((await call('POST', '/session/passkey', { credential: signed })).status).toBe(202);
    // The eleventh is the one that each wait allows.
    expect(await tries(12)).toEqual([...new Array(11).fill(401), 429]);
  });

  it('is not affected by wrong responses from other clients', async () => {
    const proxy = { ...settings, trustedProxies: () => true };
    const { add, sign, call } = await start({ settings: proxy });
    const { key } = await add();
    const wrong = { ...(await sign(key)) };
    const bad = { ...wrong, response: { ...wrong.response, signature: 'AAAA' } };
    for (let network = 0; network < 60; network += 1) {
      const headers = { 'x-forwarded-for': `203.0.${network}.7` };
      expect((await call('POST', '/session/passkey', { credential: bad }, headers)).status).toBe(401);
    }
    const headers = { 'x-forwarded-for': '198.51.100.7' };
    expect((await call('POST', '/session/passkey', { credential: wrong }, headers)).status).toBe(202);
  });
});

it('every sign-in without a code is within the budget for requests of its client', async () => {
  const limits = { ...settings.limits, requestsPerClient: 1 };
  const { add, call, sign } = await start({ settings: { ...settings, limits } });
  const credential = await sign((await add()).key);
  const requests: [string, object][] = [
    ['/session/passkey', { credential }],
    ['/session/recovery', { code: '0123456789ABCDEF' }],
    ['/session/link', { link: `00000000-0000-0000-0000-000000000000.${'a'.repeat(43)}` }],
  ];
  for (const [path, body] of requests) {
    const response = await call('POST', path, body);
    expect([path, response.status, response.body.code]).toEqual([path, 429, 'attempts_exceeded']);
  }
});

it('a challenge, a credential and a bearer are in no log line', async () => {
  const { add, sign, call, lines } = await start();
  const { key } = await add();
  const signed = await sign(key);
  const { body } = await call('POST', '/session/passkey', { credential: signed });
  const text = JSON.stringify(lines);
  for (const secret of [signed.response.signature, signed.response.clientDataJSON, body.bearer]) {
    expect(text).not.toContain(secret);
  }
});
