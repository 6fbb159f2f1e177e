/** A gateway whose pages offer passkeys, and a user who has one in software. */
import { z } from 'zod';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { createPasskey, type Page, signChallenge } from '../../support/software-authenticator.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';

const passkeyPath = '/.rolegate/passkey';

type World = Awaited<ReturnType<ReturnType<typeof accountWorlds>>>;

/** For one test file. */
export function passkeyWorlds() {
  const start = accountWorlds();
  return async function world(options: Omit<Parameters<typeof start>[0], 'passkeys'> = {}) {
    const made = await start({ ...options, passkeys: true });
    const { origin, gateway, open, askAccount, enter } = made;
    const ann = new CookieBrowser();
    await enter(ann, await askAccount(ann, await open(ann), 'ann@example.test'), gateway.codes.at(-1)!.code);
    const page = { origin, rpId: 'localhost' };
    const api = apiOf(made);
    const bearer = await api.signIn('ann@example.test');
    let mayAdd = bearer;
    const signInBy = async (key: Omit<Parameters<typeof signChallenge>[0], 'challenge'>) => {
      const { options: asked } = (await api.call('POST', '/session/passkey/options', {})).json;
      const credential = signChallenge({ ...key, challenge: asked.challenge });
      return String((await api.call('POST', '/session/passkey', { credential })).json.bearer);
    };
    /** `of`: a session of another user. */
    const add = async (over: Partial<Page> = {}, of: string | null = null) => {
      const session = of ?? mayAdd;
      const { options: wanted } = (await api.call('POST', '/passkey/options', {}, session)).json;
      const { credential, key } = createPasskey({ ...page, challenge: wanted.challenge, ...over });
      const added = await api.call('POST', '/passkey', { name: 'Phone', credential }, session);
      const whole = { ...page, ...key, userHandle: String(wanted.user.id) };
      // Further ones need a session that one opened.
      if (of === null && mayAdd === bearer) mayAdd = await signInBy(whole);
      return { id: String(added.json.passkeyID), key: whole };
    };
    return { ...made, ...passkeySteps(made), ann, api, bearer, page, add, signInBy };
  };
}

/** What the script of the page does. */
function passkeySteps({ origin, post }: World) {
  const ask = async (browser: CookieBrowser, page: Visited) => {
    const body = new URLSearchParams(fieldsOf(page.text, passkeyPath)).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin' };
    const response = await browser.open(`${origin}${passkeyPath}-options`, { method: 'POST', headers, body });
    return { status: response.status, json: z.any().parse(response.status === 200 ? await response.json() : null) };
  };
  const send = (browser: CookieBrowser, page: Visited, pending: string, credential: object) =>
    post(browser, passkeyPath, {
      ...fieldsOf(page.text, passkeyPath),
      pending,
      credential: JSON.stringify(credential),
    });
  return {
    askPasskey: ask,
    sendPasskey: send,
    async usePasskey(
      browser: CookieBrowser,
      page: Visited,
      key: Omit<Parameters<typeof signChallenge>[0], 'challenge'>,
    ) {
      const { json } = await ask(browser, page);
      return await send(browser, page, json.pending, signChallenge({ ...key, challenge: json.options.challenge }));
    },
  };
}

/** The Auth API behind the gateway. */
function apiOf({ origin, gateway }: World) {
  const call = async (method: string, path: string, body?: object, bearer?: string) => {
    const response = await fetch(`${origin}/api/auth/v2${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: z.any().parse(await response.json()) };
  };
  return {
    call,
    async signIn(email: string): Promise<string> {
      const { bearer, verificationCodeID } = (await call('POST', '/session', { email })).json;
      await call('PUT', '/session/verification', { verificationCodeID, code: gateway.codes.at(-1)!.code });
      return String(bearer);
    },
  };
}
