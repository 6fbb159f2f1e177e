/** The cookie that carries a session for web pages: set and refreshed, removed, and accepted as a credential. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StartedAuthApi, startAuthApi, testSettings } from './start-auth-api.ts';

const cookieName = '__Host-session';
const attributes = 'HttpOnly; Secure; SameSite=Lax; Path=/';
const sameOrigin = { 'sec-fetch-site': 'same-origin' };

let started: StartedAuthApi;
let nowMs: number;

async function start(settings: Partial<typeof testSettings> = {}): Promise<void> {
  nowMs = Date.now();
  started = await startAuthApi({
    settings: { ...testSettings, webSession: { cookie: cookieName }, ...settings },
    now: () => nowMs,
  });
}

beforeEach(() => start());
afterEach(() => started.api.close());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly cookies: readonly string[];
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  json?: object,
): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${started.port}/api/auth/v2${path}`, {
    method,
    headers,
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, body, cookies: answer.headers.getSetCookie() };
}

const ask = (json: object, headers: Record<string, string> = sameOrigin) =>
  call('POST', '/session', headers, { email: 'ana@example.test', carrier: 'cookie', ...json });

/** Name and value, as a browser sends it back. */
function sentBack({ cookies }: Answer): string {
  return cookies[0]!.split(';', 1)[0]!;
}

async function signedIn(): Promise<string> {
  const asked = await ask({});
  const { code, codeId } = started.lastCode();
  await call('PUT', '/session/verification', {}, { verificationCodeID: codeId, code });
  return sentBack(asked);
}

describe('requesting a session with a cookie', () => {
  it('puts the bearer only into the cookie', async () => {
    const { status, body, cookies } = await ask({});
    expect(status).toBe(202);
    expect(cookies).toEqual([
      expect.stringMatching(new RegExp(`^${cookieName}=[A-Za-z0-9]{64}; ${attributes}; Max-Age=86400$`)),
    ]);
    expect(Object.keys(body).sort()).toEqual([
      'expireAt',
      'ip',
      'kind',
      'sessionID',
      'userAgent',
      'verificationCodeID',
    ]);
    expect(JSON.stringify(body)).not.toContain(sentBack({ status, body, cookies }).split('=')[1]);
  });

  it('grants no access until the code is verified', async () => {
    const cookie = sentBack(await ask({}));
    expect((await call('GET', '/session', { cookie })).status).toBe(401);
    const { code, codeId } = started.lastCode();
    const verified = await call('PUT', '/session/verification', { cookie }, { verificationCodeID: codeId, code });
    expect(verified).toEqual({ status: 202, body: { message: 'acknowledged' }, cookies: [] });
    expect(await call('GET', '/session', { cookie })).toMatchObject({ status: 200, body: { alias: 'ana' } });
  });

  it('works for a registration', async () => {
    const json = { email: 'new@example.test', fullName: 'New', alias: 'new', carrier: 'cookie' };
    const { status, body, cookies } = await call('POST', '/user', sameOrigin, json);
    expect([status, 'bearer' in body, cookies.length]).toEqual([202, false, 1]);
  });

  it('looks the same for an unknown address', async () => {
    await started.api.close();
    await start({ revealUnknownEmail: false });
    const [known, unknown] = [await ask({}), await ask({ email: 'nobody@example.test' })];
    expect(Object.keys(unknown.body)).toEqual(Object.keys(known.body));
    expect(unknown.cookies[0]?.replace(/=[A-Za-z0-9]{64};/, '')).toBe(
      known.cookies[0]?.replace(/=[A-Za-z0-9]{64};/, ''),
    );
    expect((await call('GET', '/session', { cookie: sentBack(unknown) })).status).toBe(401);
  });

  it('returns the bearer in the response, without a cookie, if the client requests that or nothing', async () => {
    for (const json of [{ carrier: 'header' }, { carrier: undefined }]) {
      const { body, cookies } = await ask(json, {});
      expect([typeof body['bearer'], cookies]).toEqual(['string', []]);
    }
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }],
    ['a sibling', { 'sec-fetch-site': 'same-site' }],
    ['another origin, from a browser without Fetch metadata', { origin: 'https://evil.test' }],
    ['an opaque origin', { origin: 'null' }],
    ['an unknown origin', {}],
  ])('is refused when it comes from %s', async (_, headers) => {
    const mails = started.mails.length;
    const { status, body, cookies } = await ask({}, headers as Record<string, string>);
    expect([status, body['code'], cookies]).toEqual([403, 'cross_site_request', []]);
    expect(started.mails).toHaveLength(mails);
  });

  it('is refused where no cookie is configured, and so is another carrier', async () => {
    expect((await ask({ carrier: 'query' })).body).toMatchObject({ status: 400, invalid: ['carrier'] });
    await started.api.close();
    await start({ webSession: null });
    expect((await ask({})).body).toMatchObject({ status: 400, code: 'parameters_invalid', invalid: ['carrier'] });
  });
});

describe('a session in a cookie', () => {
  it('is refreshed with the session', async () => {
    const cookie = await signedIn();
    nowMs += 3_600_000;
    const extended = await call('PUT', '/session/extend', { cookie, ...sameOrigin });
    expect(extended).toMatchObject({ status: 202, cookies: [`${cookie}; ${attributes}; Max-Age=86400`] });
  });

  it('expires at the latest with the session', async () => {
    await started.api.close();
    await start({ sessionCapMs: 86_400_000 });
    const cookie = await signedIn();
    nowMs += 3_600_000;
    const { cookies } = await call('PUT', '/session/extend', { cookie, ...sameOrigin });
    expect(cookies).toEqual([`${cookie}; ${attributes}; Max-Age=${86_400 - 3_600}`]);
  });

  it('is removed when the session is revoked, but not with another one', async () => {
    const [cookie, other] = [await signedIn(), await started.api.createVerifiedSession(started.userId)];
    const headers = { cookie, ...sameOrigin };
    expect((await call('DELETE', `/session/${other.sessionId}`, headers)).cookies).toEqual([]);
    const { body } = await call('GET', '/session', { cookie });
    expect(await call('DELETE', `/session/${body['sessionID']}`, headers)).toMatchObject({
      status: 202,
      cookies: [`${cookieName}=; ${attributes}; Max-Age=0`],
    });
    expect((await call('GET', '/session', { cookie })).status).toBe(401);
  });

  it('is removed with the account', async () => {
    const cookie = await signedIn();
    const { cookies } = await call('DELETE', '/user', { cookie, ...sameOrigin });
    expect(cookies).toEqual([`${cookieName}=; ${attributes}; Max-Age=0`]);
  });

  it('is not set for a client that sends the bearer in the header', async () => {
    const { bearer, sessionId } = await started.api.createVerifiedSession(started.userId);
    const headers = { authorization: `Bearer ${bearer}` };
    expect((await call('PUT', '/session/extend', headers)).cookies).toEqual([]);
    expect((await call('DELETE', `/session/${sessionId}`, headers)).cookies).toEqual([]);
  });

  it.each([
    ['a bearer next to it', { authorization: 'Bearer x' }, 400, 'credential_conflict'],
    ['a key pair next to it', { 'api-key': 'k', 'api-secret': 's' }, 400, 'credential_conflict'],
  ])('is refused with %s', async (_, headers, status, code) => {
    const cookie = await signedIn();
    expect((await call('GET', '/session', { cookie, ...(headers as Record<string, string>) })).body).toMatchObject({
      status,
      code,
    });
  });

  it('cannot be used by another site for a change', async () => {
    const cookie = await signedIn();
    const headers = { cookie, origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' };
    const { body } = await call('GET', '/session', { cookie });
    for (const [method, path] of [
      ['DELETE', `/session/${body['sessionID']}`],
      ['PUT', '/session/extend'],
      ['DELETE', '/user'],
      ['POST', '/admin/user'],
    ] as const) {
      expect(await call(method, path, headers)).toMatchObject({ status: 403, body: { code: 'cross_site_request' } });
    }
    expect((await call('GET', '/session', { cookie })).status).toBe(200);
  });

  it('is ignored where no cookie is configured', async () => {
    const { bearer } = await started.api.createVerifiedSession(started.userId);
    const headers = { cookie: `${cookieName}=${bearer}` };
    expect((await call('GET', '/session', headers)).status).toBe(200);
    await started.api.close();
    await start({ webSession: null });
    const again = await started.api.createVerifiedSession(started.userId);
    const answer = await call('GET', '/session', { cookie: `${cookieName}=${again.bearer}` });
    expect(answer.body).toMatchObject({ status: 401, code: 'credential_missing' });
  });
});
