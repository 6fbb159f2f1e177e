/** The budgets of the Auth API, from the outside: no client can lock others out, and none can guess for long. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AuthApiSettings } from '../../../src/config/config.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { type StartedAuthApi, startAuthApi } from './start-auth-api.ts';

const ana = 'ana@example.test';
const [home, elsewhere] = ['203.0.113.7', '198.51.100.9'];
const day = 86_400_000;

let started: StartedAuthApi;
let clockMs: number;
const revoked: object[] = [];

afterEach(() => started.api.close());

async function start(changes: Partial<AuthApiSettings> = {}): Promise<void> {
  clockMs = Date.now();
  revoked.length = 0;
  started = await startAuthApi({
    now: () => clockMs,
    settings: { ...authApiSettings, trustedProxies: () => true, ...changes },
    onRevoked: (event) => revoked.push(event),
  });
}

/** `from`: address of the client. */
async function call(
  method: string,
  path: string,
  from: string,
  body: object | null = null,
  bearer = '',
): Promise<Response> {
  return fetch(`http://127.0.0.1:${started.port}/api/auth/v2${path}`, {
    method,
    headers: { 'x-forwarded-for': from, ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }) },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
}

const signIn = (email: string, from: string) => call('POST', '/session', from, { email });
const verify = (verificationCodeID: string, code: string, from: string) =>
  call('PUT', '/session/verification', from, { verificationCodeID, code });

async function statuses(count: number, request: (at: number) => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let at = 0; at < count; at += 1) seen.push((await request(at)).status);
  return seen;
}

function times(count: number, status: number): number[] {
  return new Array<number>(count).fill(status);
}

/** A separate network for each number. */
function clientOf(at: number): string {
  return `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
}

async function signInWholly(email: string, from: string): Promise<string> {
  const { bearer } = (await (await signIn(email, from)).json()) as { bearer: string };
  const { codeId, code } = started.lastCode();
  expect((await verify(codeId, code, from)).status).toBe(202);
  return bearer;
}

describe('sign-ins', () => {
  it('for made-up addresses cost a client no mail, and have their own budget', async () => {
    await start();
    expect(await statuses(299, (at) => signIn(`made-up-${at}@example.test`, home))).toEqual(times(299, 404));
    expect((await signIn(ana, home)).status).toBe(202);
    const refused = await signIn(ana, home);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '600']);
    expect((await signIn(ana, elsewhere)).status).toBe(202);
  });

  it('of one client lock no other client out of an address', async () => {
    await start();
    const { bearer } = await started.api.createVerifiedSession(started.userId);
    expect(await statuses(20, () => signIn(ana, elsewhere))).toEqual([...times(5, 202), ...times(15, 429)]);
    expect((await signIn(ana, home)).status).toBe(202);
    expect((await call('POST', '/keypair', elsewhere, { name: 'Key', days: 1 }, bearer)).status).toBe(202);
  });

  it('of many clients are limited by the budget of the address, except for clients familiar to its user', async () => {
    await start();
    await signInWholly(ana, home);
    const many = await statuses(40, (at) => signIn(ana, clientOf(at)));
    expect(many).toEqual([...times(29, 202), ...times(11, 429)]);
    expect((await signIn(ana, elsewhere)).status).toBe(429);
    expect(await statuses(5, () => signIn(ana, home))).toEqual([...times(4, 202), 429]);
    clockMs += 600_000;
    expect((await signIn(ana, elsewhere)).status).toBe(202);
  });

  it('count for the mailbox behind sub-addresses', async () => {
    await start();
    const register = (at: number) =>
      call('POST', '/user', home, { email: `ben+${at}@example.test`, fullName: 'Ben', alias: `ben-${at}` });
    expect(await statuses(6, register)).toEqual([...times(5, 202), 429]);
    expect(started.mails).toHaveLength(5);
  });
});

describe('registrations with a taken address', () => {
  it('do not lock out its owner', async () => {
    await start();
    const { bearer } = await started.api.createVerifiedSession(started.userId);
    const register = (at: number) => call('POST', '/user', home, { email: ana, fullName: 'X', alias: `x-${at}` });
    expect(await statuses(50, register)).toEqual(times(50, 400));
    expect(started.mails).toEqual([]);
    expect((await signIn(ana, home)).status).toBe(202);
    expect((await call('POST', '/keypair', home, { name: 'Key', days: 1 }, bearer)).status).toBe(202);
  });
});

describe('codes of a signed-in user', () => {
  it('have a separate budget that no other client can use up', async () => {
    await start();
    const { bearer } = await started.api.createVerifiedSession(started.userId);
    const make = () => call('POST', '/keypair', home, { name: 'Key', days: 1 }, bearer);
    expect(await statuses(11, make)).toEqual([...times(10, 202), 429]);
    expect((await signIn(ana, home)).status).toBe(202);
  });
});

describe('wrong codes', () => {
  /** Requests a code and tries wrong ones until a status other than 401, which it returns. */
  async function guess(email: string, from: string): Promise<{ wrong: number; last: Response }> {
    const asked = await signIn(email, from);
    if (asked.status !== 202) return { wrong: 0, last: asked };
    const { verificationCodeID } = (await asked.json()) as { verificationCodeID: string };
    for (let wrong = 0; ; wrong += 1) {
      const last = await verify(verificationCodeID, wrongCode(wrong), from);
      if (last.status !== 401) return { wrong, last };
    }
  }

  /** Other than the newest code. */
  function wrongCode(at: number): string {
    const right = started.mails.length === 0 ? 0 : Number(started.lastCode().code);
    return String((right + 1 + at) % 1_000_000).padStart(6, '0');
  }

  it('from one client for many accounts: a hundred, then one at a time with growing waits', async () => {
    await start();
    for (let at = 0; at < 30; at += 1) {
      const account = { email: `user-${at}@example.test`, fullName: 'User', alias: `user-${at}` };
      await started.api.createUser({ ...account, roles: ['user'], groups: [] });
    }
    let wrong = 0;
    const waits: number[] = [];
    for (let at = 0; at < 30 && waits.length < 4; at += 1) {
      const tried = await guess(`user-${at}@example.test`, elsewhere);
      wrong += tried.wrong;
      if (wrong < 100) continue;
      const waitS = Number(tried.last.headers.get('retry-after'));
      waits.push(waitS);
      clockMs += waitS * 1000;
    }
    // The first is among the five tries of the hundredth code.
    expect(wrong).toBeLessThanOrEqual(104);
    expect(waits.slice(1)).toEqual([...waits.slice(1)].sort((a, b) => a - b));
    expect(waits.at(-1)).toBeGreaterThan(waits[1]!);
    expect((await guess(ana, home)).wrong).toBe(5);
  });

  it('from one client for one account: ten, while a familiar client and others continue', async () => {
    await start();
    await signInWholly(ana, home);
    expect((await guess(ana, elsewhere)).wrong).toBe(5);
    expect((await guess(ana, elsewhere)).wrong).toBe(5);
    const third = await guess(ana, elsewhere);
    expect([third.wrong, third.last.status]).toEqual([1, 429]);
    expect(Number(third.last.headers.get('retry-after'))).toBe(30);
    await signInWholly(ana, home);
    await signInWholly(ana, '192.0.2.1');
  });

  it('have the same limits when concurrent', async () => {
    await start();
    const codes: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      codes.push(((await (await signIn(ana, elsewhere)).json()) as { verificationCodeID: string }).verificationCodeID);
    }
    const tries = codes.flatMap((id) => times(20, 0).map((_none, at) => verify(id, wrongCode(at), elsewhere)));
    const seen = (await Promise.all(tries)).map(({ status }) => status);
    expect(seen.filter((status) => status === 401).length).toBeLessThanOrEqual(11);
    expect(seen.filter((status) => status === 429).length).toBeGreaterThanOrEqual(89);
  });

  it('from ever new clients for one account: fewer than a hundred in a year', async () => {
    await start();
    await signInWholly(ana, home);
    const endMs = clockMs + 364 * day;
    let wrong = 0;
    for (let client = 0; clockMs < endMs; client += 1) {
      const tried = await guess(ana, clientOf(client));
      wrong += tried.wrong;
      if (tried.wrong === 0) clockMs += Number(tried.last.headers.get('retry-after')) * 1000;
    }
    expect(wrong).toBeGreaterThanOrEqual(50);
    expect(wrong).toBeLessThan(100);
  }, 60_000);

  it('from many clients for one account block new clients, but not familiar ones', async () => {
    await start();
    await signInWholly(ana, home);
    for (let client = 0; client < 10; client += 1) await guess(ana, clientOf(client));
    expect((await guess(ana, elsewhere)).wrong).toBeLessThanOrEqual(1);
    expect((await guess(ana, elsewhere)).last.status).toBe(429);
    await signInWholly(ana, home);
    // That was a success, which resets the account's consecutive failures.
    await signInWholly(ana, elsewhere);
  });

  it('for an account are reset by a right one', async () => {
    await start();
    await guess(ana, home);
    await signInWholly(ana, home);
    expect([(await guess(ana, home)).wrong, (await guess(ana, home)).wrong]).toEqual([5, 5]);
  });

  it('for an address to be added count together, whichever account requests it', async () => {
    await start();
    const victim = 'victim@example.test';
    let wrong = 0;
    for (let at = 0; at < 4; at += 1) {
      const account = { email: `user-${at}@example.test`, fullName: 'User', alias: `user-${at}` };
      const { userId } = await started.api.createUser({ ...account, roles: ['user'], groups: [] });
      const { bearer } = await started.api.createVerifiedSession(userId);
      const added = await call('POST', '/email', home, { address: victim }, bearer);
      const { verificationCodeID } = (await added.json()) as { verificationCodeID: string };
      for (let tries = 0; tries < 5; tries += 1) {
        const body = { verificationCodeID, code: wrongCode(tries) };
        wrong += (await call('PUT', '/email/verification', home, body, bearer)).status === 401 ? 1 : 0;
      }
      const emails = (await (await call('GET', '/emails', home, null, bearer)).json()) as {
        emails: { emailID: string; address: string }[];
      };
      const { emailID } = emails.emails.find(({ address }) => address === victim)!;
      await call('DELETE', `/email/${emailID}`, home, null, bearer);
    }
    expect(wrong).toBe(11);
  });

  it('do not reveal whether the address is known, if so configured', async () => {
    await start({ revealUnknownEmail: false });
    const seen = async (email: string) => {
      const answers: unknown[] = [];
      for (let at = 0; at < 8; at += 1) {
        const { wrong, last } = await guess(email, elsewhere);
        answers.push([wrong, last.status, last.headers.get('retry-after')]);
      }
      return answers;
    };
    const known = await seen(ana);
    expect(known).toContainEqual([1, 429, '30']);
    expect(await seen('nobody@example.test')).toEqual(known);
  });
});

describe('extensions', () => {
  it('are limited per session, and announced to no gateway', async () => {
    await start();
    const sessions = [];
    for (let at = 0; at < 2; at += 1) sessions.push((await started.api.createVerifiedSession(started.userId)).bearer);
    const extend = (bearer: string) => () => call('PUT', '/session/extend', home, null, bearer);
    expect(await statuses(12, extend(sessions[0]!))).toEqual([...times(10, 202), 429, 429]);
    expect((await extend(sessions[1]!)()).status).toBe(202);
    expect(revoked).toEqual([]);
    clockMs += 600_000;
    expect((await extend(sessions[0]!)()).status).toBe(202);
  });
});
