/**
 * A person passes on a code: to browsers in 200 networks that did not ask for it, or have asked for one of their own. None of them gets a
 * session, and nothing of the code is used up. What a thief has asked for himself is all that remains, and its mail says so.
 */
import { expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';

const start = accountWorlds();
const address = 'ann@example.test';
const paths = { address: '/.rolegate/address', code: '/.rolegate/code' };

/** Where `ann` has an account, with browsers in networks of their own. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start(options);
  const { open, post, askAccount, enter } = made;
  const ann = new CookieBrowser();
  const thief = (network: number) => {
    const browser = new CookieBrowser();
    const headers = {
      'x-forwarded-for': `10.0.${network}.1`,
      'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0',
    };
    return {
      browser,
      open: () => open(browser),
      ask: (page: { text: string }, email: string) =>
        post(browser, paths.address, { ...fieldsOf(page.text, paths.address), email }, headers),
      enter: (fields: Record<string, string>, code: string) => post(browser, paths.code, { ...fields, code }, headers),
    };
  };
  const signUp = async (codeOf: () => string | Promise<string>) =>
    enter(ann, await askAccount(ann, await open(ann), address), await codeOf());
  return { ...made, ann, thief, signUp };
}

test('a code that is passed on opens nothing in 200 other networks, and then the session of its owner', async () => {
  const { open, askCode, enter, session, gateway, ann, thief, signUp } = await world();
  const lastCode = () => gateway.codes.at(-1)!.code;
  await signUp(lastCode);
  // Before, so that what counts for the thieves is the code alone.
  const asking = [];
  for (let network = 0; network < 20; network += 1) {
    const one = thief(network);
    asking.push({ ...one, fields: fieldsOf((await one.ask(await one.open(), address)).text, paths.code) });
  }
  const owner = new CookieBrowser();
  const page = await askCode(owner, await open(owner, '/mine'), address);
  const code = lastCode();
  const ofOwner = fieldsOf(page.text, paths.code);
  const seen: (string | undefined)[] = [];
  for (const one of asking) {
    await one.enter(one.fields, code);
    seen.push(session(one.browser));
  }
  for (let network = 20; network < 200; network += 1) {
    const one = thief(network);
    const opened = await one.open();
    const own = fieldsOf(opened.text, paths.address);
    // Some have the form of the owner, too, others one of an address without an account.
    const fields =
      network % 3 === 0
        ? own
        : network % 3 === 1
          ? { ...own, ...ofOwner }
          : fieldsOf((await one.ask(opened, `nobody${network}@example.test`)).text, paths.code);
    await one.enter(fields, code);
    seen.push(session(one.browser));
  }
  expect(seen).toHaveLength(200);
  expect(seen.filter((one) => one !== undefined)).toEqual([]);
  // Control: the owner, in the browser that asked for it.
  expect((await enter(owner, page, code)).text).toBe('upstream');
  expect(session(owner)).toMatch(/^[\w-]{43}$/);
  expect(session(owner)).not.toBe(session(ann));
}, 60_000);

test('the mail of a code that a thief has asked for names his device and address, and says not to pass it on', async () => {
  const { session, mails, thief, signUp } = await world({ mail: true });
  const textOf = async (count: number) => (await mails.arrived(count)).parsed.text!.replaceAll(/\s+/g, ' ');
  await signUp(async () => /\b(\d{6})\b/.exec(await textOf(1))![1]!);
  const one = thief(7);
  const asked = await one.ask(await one.open(), address);
  const text = await textOf(2);
  expect(text).toContain('From address: 10.0.7.1');
  expect(text).toContain('Firefox');
  expect(text).toContain('Windows');
  expect(text).toMatch(/[Nn]ever (?:tell|pass|give)/);
  // What remains: who passes on this very code lets him in. Only a passkey prevents that.
  await one.enter(fieldsOf(asked.text, paths.code), /\b(\d{6})\b/.exec(text)![1]!);
  expect(session(one.browser)).toMatch(/^[\w-]{43}$/);
});
