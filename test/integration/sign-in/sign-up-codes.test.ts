/** The button "Send a new code" after a sign-up, through the whole gateway; what it reveals, with controls. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';

const start = accountWorlds();
const address = '/.rolegate/address';

type World = Awaited<ReturnType<typeof start>>;

/** A browser on the page for the code of a new account. */
async function signedUp({ askAccount, open }: World, email: string, target = '/') {
  const browser = new CookieBrowser();
  return { browser, page: await askAccount(browser, await open(browser, target), email) };
}

/** Presses the button: it sends the fields of its form, and nothing else. */
const pressNewCode = ({ post }: World, browser: CookieBrowser, page: Visited) =>
  post(browser, address, fieldsOf(page.text, address));

describe('a new code for a new account', () => {
  test('is mailed, opens the account, and ends the first one', async () => {
    const made = await start({ mail: true });
    const { browser, page } = await signedUp(made, 'ann@example.test', '/kept');
    const codeOf = async (mail: number) => {
      const { to, parsed } = await made.mails.arrived(mail);
      expect(to).toEqual(['ann@example.test']);
      return /^\s*(\d{6})\s*$/m.exec(parsed.text!)![1]!;
    };
    const first = await codeOf(1);
    const next = await pressNewCode(made, browser, page);
    expect([next.status, next.text.includes('Enter your code')]).toEqual([200, true]);
    const second = await codeOf(2);
    if (first !== second) expect((await made.enter(browser, next, first)).text).toContain('The code is wrong.');
    const arrived = await made.enter(browser, next, second);
    expect([arrived.url, arrived.text]).toEqual([`${made.origin}/kept`, 'upstream']);
    expect(made.service.requests.at(-1)!.header('x-name')).toEqual(['ann Example']);
  });

  test('counts at once after too many wrong ones', async () => {
    const made = await start();
    const { browser, page } = await signedUp(made, 'ann@example.test');
    const { code } = made.gateway.codes.at(-1)!;
    let seen = page;
    for (let i = 0; i < 6; i += 1) {
      seen = await made.enter(browser, page, String((Number(code) + 1) % 1_000_000).padStart(6, '0'));
    }
    expect([seen.status, seen.text.includes('Please request a new code')]).toEqual([429, true]);
    await made.enter(browser, await pressNewCode(made, browser, seen), made.gateway.codes.at(-1)!.code);
    expect(made.session(browser)).toMatch(/^[\w-]{43}$/);
  });

  test('keeps the fields for another sign-up once the first one is over', async () => {
    const made = await start();
    const { browser, page } = await signedUp(made, 'ann@example.test');
    await made.enter(browser, page, made.gateway.codes.at(-1)!.code);
    // Control: who is signed in goes on.
    expect((await pressNewCode(made, browser, page)).text).toBe('upstream');
    await made.post(browser, '/.rolegate/sign-out', {});
    for (const seen of [await pressNewCode(made, browser, page), await made.enter(browser, page, '123456')]) {
      expect([seen.status, seen.text.includes('Create the account again')]).toEqual([403, true]);
      for (const value of ['ann@example.test', 'ann Example', 'ann']) expect(seen.text).toContain(`value="${value}"`);
    }
  });

  test('works with the longest names', async () => {
    const made = await start();
    const browser = new CookieBrowser();
    const opened = await made.askAccount(browser, await made.open(browser), 'invalid');
    const email = `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.test`;
    const fields = {
      ...fieldsOf(opened.text, '/.rolegate/sign-up'),
      fullName: '語'.repeat(200),
      alias: '語'.repeat(64),
    };
    const page = await made.post(browser, '/.rolegate/sign-up', { ...fields, email });
    await made.enter(browser, await pressNewCode(made, browser, page), made.gateway.codes.at(-1)!.code);
    expect(made.session(browser)).toMatch(/^[\w-]{43}$/);
  });
});

describe('what it reveals and permits', () => {
  test('a taken address gets the pages, the statuses and the limit of a free one; its owner gets a mail, but no code', async () => {
    const made = await start({ administrator: 'ann@example.test', mail: true });
    const of = async (email: string, name: string) => {
      const browser = new CookieBrowser();
      const opened = await made.askAccount(browser, await made.open(browser), 'invalid');
      const fields = { ...fieldsOf(opened.text, '/.rolegate/sign-up'), fullName: name, alias: name };
      const asked = await made.post(browser, '/.rolegate/sign-up', { ...fields, email });
      const seen = [asked];
      for (let i = 0; i < 5; i += 1) seen.push(await pressNewCode(made, browser, asked));
      seen.push(await made.enter(browser, asked, '000000'));
      return seen.map(({ status, text }) => [
        status,
        text.replaceAll(email, 'ADDRESS').replace(/(?<=value="|state=)[\w%-]{80,}/g, 'SEALED'),
      ]);
    };
    const taken = await of('ann@example.test', 'one');
    const free = await of('bob@example.test', 'two');
    expect(taken).toEqual(free);
    expect(free.map(([status]) => status)).toEqual([200, 200, 200, 200, 200, 429, 403]);
    // Control: the pages are the same, the mails are not.
    await made.mails.arrived(10);
    const sent = made.mails.mails.map(({ to, parsed }) => `${to}: ${parsed.subject}`);
    expect(sent.filter((mail) => mail === 'ann@example.test: You have an account already')).toHaveLength(5);
    expect(sent.filter((mail) => mail === 'bob@example.test: Your code to sign in')).toHaveLength(5);
  });

  test('another browser gets no code sent by the form', async () => {
    const made = await start();
    const { browser, page } = await signedUp(made, 'ann@example.test');
    const attacker = new CookieBrowser();
    const own = fieldsOf((await made.open(attacker)).text, address);
    const stolen = fieldsOf(page.text, address);
    for (const fields of [stolen, { ...stolen, ...own }, { ...own, pending: 'x' }]) {
      expect((await made.post(attacker, address, fields)).text).toContain('Sign in to');
    }
    expect(made.gateway.codes).toHaveLength(1);
    // Control: its own browser does.
    await pressNewCode(made, browser, page);
    expect(made.gateway.codes).toHaveLength(2);
  });
});
