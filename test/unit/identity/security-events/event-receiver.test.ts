/** Which event tokens are verified, and how long their ids are remembered. */
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JwtSourceConfig } from '../../../../src/config/source-config.ts';
import { createEventReceiver } from '../../../../src/identity/security-events/event-receiver.ts';
import { createReplays } from '../../../../src/identity/security-events/replays.ts';
import type { Issuer } from '../../../../src/identity/sources/create-sources.ts';
import { fixedKeys } from '../../../../src/identity/sources/jwt/issuer-keys.ts';
import { type IssuerKey, makeKey } from '../../../support/token-issuer.ts';

const startS = 1_700_000_000;
const maxAgeS = 300;
const clockSkewS = 30;
let key: IssuerKey;
beforeAll(async () => {
  key = await makeKey('first');
});

function startReceiver(names: readonly string[] = ['one']) {
  let nowMs = startS * 1000;
  const rules = { audience: ['web'], maxMessageAgeMs: maxAgeS * 1000 };
  const issuers = names.map((source): [string, Issuer] => {
    const issuer = `https://${source}.test`;
    const config = {
      ...{ issuer, algorithms: ['ES256'], clockSkewMs: clockSkewS * 1000 },
      ...{ logout: { ...rules, ends: 'session' }, securityEvents: null },
    } as unknown as JwtSourceConfig;
    return [issuer, { source, config, keys: fixedKeys([key.publicJwk]), dependents: [] }];
  });
  const receiver = createEventReceiver({
    issuers: new Map(issuers.map(([name, issuer]) => [name, [issuer]])),
    endSessions: async () => [],
    revocations: { revoke: async () => 'delivered' },
    replays: createReplays({ link: null, keyPrefix: '', now: () => nowMs }),
    onOutcome: () => {},
    now: () => nowMs,
  });
  return {
    receive: (token: string, sender?: string) => receiver.receive('logout', token, sender),
    at: (ms: number) => {
      nowMs = ms;
    },
  };
}

let made = 0;
function logoutToken(source = 'one', iat = startS): Promise<string> {
  made += 1;
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  return new SignJWT({ iss: `https://${source}.test`, aud: 'web', sid: 's-1', jti: `event-${made}`, iat, events })
    .setExpirationTime(startS + 86_400)
    .setProtectedHeader({ alg: 'ES256', kid: 'first' })
    .sign(key.privateKey);
}

/** Claims the issuer, but is not signed by it. */
const forged = async (source = 'one') => `${(await logoutToken(source)).split('.').slice(0, 2).join('.')}.AAAA`;

describe('in one second', () => {
  test('verifies a hundred tokens without a known issuer', async () => {
    const { receive, at } = startReceiver();
    for (let count = 0; count < 100; count += 1) expect(await receive('junk')).toBe('malformed');
    expect(await receive('junk')).toBe('busy');
    expect(await receive(await logoutToken())).toBe('revoked');
    at((startS + 1) * 1000);
    expect(await receive('junk')).toBe('malformed');
  });

  test('tokens of one issuer leave room for another', async () => {
    const { receive } = startReceiver(['one', 'two']);
    const junk = await forged();
    for (let count = 0; count < 100; count += 1) expect(await receive(junk, `a${count % 2}`)).toBe('signature');
    expect(await receive(junk, 'a2')).toBe('busy');
    expect(await receive(await logoutToken('two'), 'b')).toBe('revoked');
  });

  test('tokens of one sender leave room for others, also if it sent a valid one before', async () => {
    const { receive, at } = startReceiver();
    const outcomes = async (sender: string) => {
      const junk = await forged();
      for (let count = 0; count < 300; count += 1) await receive(junk, sender);
      return [await receive(await logoutToken(), sender), await receive(await logoutToken(), 'provider')];
    };
    expect(await outcomes('stranger')).toEqual(['busy', 'revoked']);
    at((startS + 1) * 1000);
    expect(await receive(await logoutToken(), 'neighbor')).toBe('revoked');
    at((startS + 2) * 1000);
    expect(await outcomes('neighbor')).toEqual(['busy', 'revoked']);
  });

  test('forged tokens leave room for a sender of valid ones', async () => {
    const { receive, at } = startReceiver();
    expect(await receive(await logoutToken(), 'provider')).toBe('revoked');
    at((startS + 1) * 1000);
    const junk = await forged();
    for (let count = 0; count < 100; count += 1) await receive(junk, `stranger ${count}`);
    expect(await receive(await logoutToken(), 'another stranger')).toBe('busy');
    expect(await receive(await logoutToken(), 'provider')).toBe('revoked');
  });
});

test('an id is remembered for as long as its token is valid', async () => {
  const { receive, at } = startReceiver();
  // As far in the future as allowed.
  const token = await logoutToken('one', startS + clockSkewS);
  expect(await receive(token)).toBe('revoked');
  const lastMs = (startS + 2 * clockSkewS + maxAgeS) * 1000 + 999;
  at(lastMs);
  expect(await receive(token)).toBe('replayed');
  at(lastMs + 1);
  expect(await receive(token)).toBe('late');
});

test("an id is remembered briefly, for its token's life once it has taken effect, and not after it is forgotten", async () => {
  let nowMs = 1_000;
  const replays = createReplays({ link: null, keyPrefix: '', now: () => nowMs });
  for (const id of ['begun', 'kept', 'forgotten'])
    expect([await replays.first(id), await replays.first(id)]).toEqual([true, false]);
  await replays.keep('kept', 60_000);
  await replays.forget('forgotten');
  expect(await replays.first('forgotten')).toBe(true);
  nowMs += 30_000;
  // The process that started with it has not finished.
  expect([await replays.first('begun'), await replays.first('kept')]).toEqual([true, false]);
  nowMs += 30_000;
  expect(await replays.first('kept')).toBe(true);
});
