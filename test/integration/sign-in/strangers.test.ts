/** Strangers in 200 networks guess the codes of a person: none of them gets in, and the person does, with and without a known device. */
import { expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';

const start = accountWorlds();
const address = 'ann@example.test';
const api = '/api/auth/v2/session';

/** Six digits other than those of the newest code, which may be a long one. */
const wrong = (code: string, by: number) =>
  String(((/^\d{6}$/.test(code) ? Number(code) : 0) + 1 + by) % 1_000_000).padStart(6, '0');

/** Where `ann` has an account, with her browser, and what clients without a page do. */
async function world() {
  const made = await start();
  const { origin, gateway } = made;
  const ann = new CookieBrowser();
  const asked = await made.askAccount(ann, await made.open(ann), address);
  const lastCode = () => gateway.codes.at(-1)!.code;
  await made.enter(ann, asked, lastCode());
  const send = (method: string, path: string, network: number, body: object) =>
    fetch(`${origin}${api}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.0.${network}.1` },
      body: JSON.stringify(body),
    });
  const verify = (verificationCodeID: string, code: string, network: number) =>
    send('PUT', '/verification', network, { verificationCodeID, code });
  /** Twelve codes, at which 200 networks guess; counts by status. */
  const attack = async () => {
    const codes: { id: string; code: string }[] = [];
    for (let network = 0; network < 12; network += 1) {
      const { verificationCodeID } = (await (await send('POST', '', network, { email: address })).json()) as {
        verificationCodeID: string;
      };
      codes.push({ id: verificationCodeID, code: lastCode() });
    }
    const statuses = new Map<number, number>();
    for (let network = 0; network < 200; network += 1) {
      const { id, code } = codes[network % 12]!;
      const { status } = await verify(id, wrong(code, network), network);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    return Object.fromEntries(statuses);
  };
  return { ...made, ann, lastCode, send, verify, attack };
}

test('guesses from 200 networks end at the budget, and keep the person out only where there is no page', async () => {
  const { ann, attack, open, askCode, enter, session, post, lastCode, send, verify } = await world();
  const tried = await attack();
  expect(Object.keys(tried)).toEqual(['401', '429']);
  expect(tried[401]).toBeGreaterThanOrEqual(50);
  expect(tried[401]).toBeLessThanOrEqual(51);

  // Control: without a page the right code has to wait, and a long one does not exist.
  const asked = (await (await send('POST', '', 201, { email: address })).json()) as { verificationCodeID: string };
  expect((await verify(asked.verificationCodeID, lastCode(), 201)).status).toBe(429);
  expect(lastCode()).toMatch(/^\d{6}$/);

  // A browser that is not known gets a code that cannot be guessed. It counts as people type it, and only there.
  const fresh = new CookieBrowser();
  const page = await askCode(fresh, await open(fresh, '/kept'), address);
  expect(page.text).toContain('The code has 16 letters and digits');
  const long = lastCode();
  expect(long).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/);
  const elsewhere = new CookieBrowser();
  const other = await askCode(elsewhere, await open(elsewhere), address);
  expect((await enter(elsewhere, other, long)).text).toContain('The code is wrong.');
  expect(session(elsewhere)).toBeUndefined();
  expect((await enter(fresh, page, 'abc')).text).toContain('small letters will do');
  const typed = long
    .toLowerCase()
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')
    .replaceAll(/(.{4})(?!$)/g, '$1-');
  expect((await enter(fresh, page, typed)).text).toBe('upstream');
  expect(session(fresh)).toMatch(/^[\w-]{43}$/);

  // The known device is not concerned: six digits, at once.
  await post(ann, '/.rolegate/sign-out', {});
  const known = await askCode(ann, await open(ann), address);
  expect(known.text).toContain('a code of six digits');
  expect((await enter(ann, known, lastCode())).text).toBe('upstream');
}, 60_000);

test('an unknown address gets a long code, too, at the same moment', async () => {
  const { open, askCode, enter, gateway } = await world();
  const kinds = async (email: string) => {
    const seen: string[] = [];
    for (let at = 0; at < 4; at += 1) {
      const browser = new CookieBrowser();
      let page = await askCode(browser, await open(browser), email);
      seen.push(`${page.status} ${page.text.includes('16 letters and digits') ? 'long' : 'digits'}`);
      for (let i = 0; i < 5; i += 1) page = await enter(browser, page, wrong(gateway.codes.at(-1)!.code, i));
    }
    return seen;
  };
  const known = await kinds(address);
  expect(known).toEqual(['200 digits', '200 digits', '200 long', '200 long']);
  expect(await kinds('unknown@example.test')).toEqual(known);
});

test('the value of a known device is of one person, and of no use when it is changed or of another', async () => {
  const { ann, origin, attack, open, askCode, askAccount, enter, lastCode } = await world();
  const host = new URL(origin).host;
  const kept = ann.cookies.get(host)!.get('rolegate-device')!;
  expect(kept).toMatch(/^[\w-]{16}\.\d{10}\.[\w-]{43}$/);
  const eve = new CookieBrowser();
  await enter(eve, await askAccount(eve, await open(eve), 'eve@example.test'), lastCode());
  const ofEve = eve.cookies.get(host)!.get('rolegate-device')!;
  await attack();
  const asks = async (device: string) => {
    const browser = new CookieBrowser();
    const page = await open(browser);
    browser.cookies.get(host)!.set('rolegate-device', device);
    return (await askCode(browser, page, address)).text.includes('16 letters and digits') ? 'long' : 'digits';
  };
  const [id, end, hash] = kept.split('.');
  expect(await asks(ofEve)).toBe('long');
  expect(await asks(`${id}.${Number(end) + 1}.${hash}`)).toBe('long');
  expect(await asks('x'.repeat(3_000))).toBe('long');
  // Control.
  expect(await asks(`${ofEve}~${kept}`)).toBe('digits');
}, 60_000);

test('guesses at an address without an account keep no one from signing up with it, or from adding it to an account', async () => {
  const { ann, origin, open, askAccount, enter, post, session, verify, lastCode } = await world();
  async function register(email: string, alias: string, network: number) {
    const response = await fetch(`${origin}/api/auth/v2/user`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.0.${network}.1` },
      body: JSON.stringify({ email, fullName: 'Eve', alias }),
    });
    const { verificationCodeID: id } = (await response.json()) as { verificationCodeID: string };
    return { id, code: lastCode() };
  }
  /** Twelve sign-ups with the address, at whose codes 200 networks guess. */
  async function attackAt(email: string) {
    const codes: { id: string; code: string }[] = [];
    for (let network = 0; network < 12; network += 1)
      codes.push(await register(email, `${email[0]}${network}`, network));
    let wrongOnes = 0;
    for (let network = 0; network < 200; network += 1) {
      const { id, code } = codes[network % 12]!;
      const { status } = await verify(id, wrong(code, network), network);
      expect([401, 429]).toContain(status);
      if (status === 401) wrongOnes += 1;
    }
    expect([50, 51]).toContain(wrongOnes);
  }

  const own = 'own@example.test';
  await attackAt(own);
  // Control: without a page, the right code of six digits has to wait.
  const program = await register(own, 'program', 201);
  expect(program.code).toMatch(/^\d{6}$/);
  expect((await verify(program.id, program.code, 201)).status).toBe(429);
  const account = '/.rolegate/account';
  const asked = await post(ann, account, { action: 'add-address', address: own });
  expect(asked.text).toContain('The code has 16 letters and digits');
  const fields = fieldsOf(asked.text, account);
  expect((await post(ann, account, { ...fields, code: '123456789' })).text).toContain('small letters will do');
  const added = await post(ann, account, { ...fields, code: lastCode().toLowerCase() });
  expect([added.text.includes(own), added.text.includes('not confirmed')]).toEqual([true, false]);

  const fresh = 'fresh@example.test';
  await attackAt(fresh);
  const browser = new CookieBrowser();
  const page = await askAccount(browser, await open(browser, '/kept'), fresh);
  expect(page.text).toContain('The code has 16 letters and digits');
  const first = lastCode();
  const again = await post(browser, '/.rolegate/address', fieldsOf(page.text, '/.rolegate/address'));
  expect(again.text).toContain('The code has 16 letters and digits');
  expect((await enter(browser, again, first)).text).toContain('The code is wrong.');
  expect((await enter(browser, again, lastCode())).text).toBe('upstream');
  expect(session(browser)).toMatch(/^[\w-]{43}$/);
}, 60_000);
