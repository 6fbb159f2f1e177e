/** Sealed transactions, their single use, and the cookies of sign-in. */
import { describe, expect, test } from 'vitest';
import { deviceName } from '../../../src/core/request/device-name.ts';
import { readBrowser, setCookie } from '../../../src/sign-in/cookies.ts';
import { english } from '../../../src/sign-in/pages/texts/english.ts';
import { createRepeatedSignIns } from '../../../src/sign-in/repeated-sign-ins.ts';
import { createSpentTransactions } from '../../../src/sign-in/spent-transactions.ts';
import { createTransactions, transactionLifeMs } from '../../../src/sign-in/transaction.ts';

const current = 'the current secret, which has 32 characters';
const earlier = 'the earlier secret, which has 32 characters';
const wanted = {
  provider: 'corp',
  origin: 'https://app.example.com',
  target: '/a?b#c',
  attempt: 0,
  maxAgeS: null,
  acr: null,
};

describe('a transaction', () => {
  test('comes back as it was, for its browser only', () => {
    const transactions = createTransactions([current], () => 1_000);
    const begun = transactions.begin(wanted, 'browser-1');
    const opened = transactions.open(begun.state);
    expect(opened).toMatchObject({ ...wanted, atMs: 1_000 });
    const here = { provider: 'corp', origin: 'https://app.example.com' };
    expect(opened?.isGoodAt(here, 'browser-1')).toBe(true);
    expect([opened?.isGoodAt(here, 'browser-2'), opened?.isGoodAt(here, null)]).toEqual([false, false]);
    expect(opened?.isGoodAt({ ...here, provider: 'other' }, 'browser-1')).toBe(false);
    expect(opened?.isGoodAt({ ...here, origin: 'https://other.example.com' }, 'browser-1')).toBe(false);
    expect(opened?.nonce('browser-1')).toBe(begun.nonce('browser-1'));
    expect(opened?.verifier('browser-1')).toBe(begun.verifier('browser-1'));
  });

  test('is old after its life', () => {
    let nowMs = 0;
    const transactions = createTransactions([current], () => nowMs);
    const { state } = transactions.begin(wanted, 'b');
    nowMs = transactionLifeMs;
    expect([transactions.open(state)?.isOld, transactions.open(state)?.isGoodAt(wanted, 'b')]).toEqual([false, true]);
    nowMs += 1;
    expect([transactions.open(state)?.isOld, transactions.open(state)?.isGoodAt(wanted, 'b')]).toEqual([true, false]);
  });

  test('has a nonce and a verifier of its own, which need the cookie of the browser', () => {
    const transactions = createTransactions([current], () => 0);
    const [one, other] = [transactions.begin(wanted, 'b'), transactions.begin(wanted, 'b')];
    const all = [one.nonce('b'), one.verifier('b'), other.nonce('b'), other.verifier('b'), one.verifier('c')];
    expect(new Set(all).size).toBe(5);
    expect(one.verifier('b')).toMatch(/^[\w-]{43}$/);
    expect(one.state).not.toContain(one.verifier('b'));
  });

  test('outlives a change of the secret', () => {
    const begun = createTransactions([earlier], () => 0).begin(wanted, 'b');
    const opened = createTransactions([current, earlier], () => 0).open(begun.state);
    expect(opened?.verifier('b')).toBe(begun.verifier('b'));
    expect(createTransactions([current], () => 0).open(begun.state)).toBeNull();
  });

  test.each(['', 'x', 'A'.repeat(200), 'A'.repeat(20_000), '%'])('%.10s is none', (state) => {
    expect(createTransactions([current], () => 0).open(state)).toBeNull();
  });

  test('is used once', async () => {
    let nowMs = 0;
    const spent = createSpentTransactions(() => nowMs, null);
    expect([await spent.spend('a'), await spent.spend('a'), await spent.spend('b')]).toEqual([true, false, true]);
    nowMs = transactionLifeMs - 1;
    expect(await spent.spend('a')).toBe(false);
    await spent.restore('a');
    expect([await spent.spend('a'), await spent.spend('a')]).toEqual([true, false]);
  });
});

describe('a cookie', () => {
  const session = '__Host-rolegate';
  const id = 'i'.repeat(22);

  test.each([
    ['alone', [`${session}=${id}`], id],
    ['among others', [`a=b; ${session}=${id}; c=d`], id],
    ['twice', [`${session}=${id}; ${session}=${id}`], null],
    ['twice in two lines', [`${session}=${id}`, `${session}=${id}`], null],
    ['with U+2000 before its name', [`\u2000${session}=${id}`], null],
    ['with U+2000 as bytes before its name', [`\xe2\x80\x80${session}=${id}`], null],
    ['with two blanks before its name', [`a=b;  ${session}=${id}`], null],
    ['in another case', [`${session.toUpperCase()}=${id}`], null],
    ['that we did not make', [`${session}="${id}"`], null],
    ['with an empty value', [`${session}=`], null],
  ])('%s', (_, lines, expected) => {
    expect(
      readBrowser(
        lines.flatMap((line) => ['Cookie', line]),
        session,
      ),
    ).toBe(expected);
  });

  test('is for this host alone, over TLS, and not for scripts', () => {
    expect(setCookie(session, id)).toEqual([
      'set-cookie',
      `__Host-rolegate=${id}; Path=/; HttpOnly; Secure; SameSite=Lax`,
    ]);
    expect(setCookie('rolegate-session', id)).toEqual([
      'set-cookie',
      `rolegate-session=${id}; Path=/; HttpOnly; SameSite=Lax`,
    ]);
  });
});

test('a browser that is signed in again and again is noticed, and may try again', () => {
  const repeated = createRepeatedSignIns(() => 0);
  const counted = Array.from({ length: 32 }, () => repeated.count('b'));
  expect(counted.flatMap((isTooMany, i) => (isTooMany ? [i] : []))).toEqual([15, 31]);
  expect(repeated.count('c')).toBe(false);
});

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1',
    'Safari on iPhone',
  ],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on macOS'],
  ['curl/8.0', 'Unknown browser'],
])('%s is %s', (userAgent, name) => {
  expect(deviceName(userAgent, english)).toBe(name);
});
