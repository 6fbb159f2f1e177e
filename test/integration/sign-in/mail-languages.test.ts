/** The mail behind the pages, as it arrives at a real server: in the language of the page that led to it. */
import { expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';

const world = accountWorlds();
const paths = { address: '/.rolegate/address', code: '/.rolegate/code', account: '/.rolegate/account' };

test('codes and notices are in Spanish for a browser that prefers it, and in English for the same person in another one', async () => {
  const { open, askAccount, askCode, post, mails } = await world({ mail: true });
  const address = 'ann@example.test';
  const codeOf = async (count: number) => /\b(\d{6})\b/.exec((await mails.arrived(count)).parsed.text!)![1]!;
  const spanish = { 'accept-language': 'es-MX, en;q=0.5' };
  const first = new CookieBrowser();
  const signedUp = await askAccount(first, await open(first), address);
  await post(first, paths.code, { ...fieldsOf(signedUp.text, paths.code), code: await codeOf(1) });
  const browser = new CookieBrowser();
  const page = await open(browser, paths.account);
  const asked = await post(browser, paths.address, { ...fieldsOf(page.text, paths.address), email: address }, spanish);
  const mail = (await mails.arrived(2)).parsed;
  expect(mail.subject).toBe('Su código para iniciar sesión');
  expect(mail.text).toContain('Introduzca este código');
  expect(mail.html).toContain('<html lang="es">');
  await post(browser, paths.code, { ...fieldsOf(asked.text, paths.code), code: await codeOf(2) });
  const added = await post(browser, paths.account, { action: 'add-address', address: 'ann@other.test' }, spanish);
  expect((await mails.arrived(3)).parsed.subject).toBe('Su código para confirmar esta dirección');
  const codeId = /name="codeId" value="([^"]*)"/.exec(added.text)![1]!;
  const fields = { action: 'verify-address', codeId, address: 'ann@other.test', code: await codeOf(3) };
  await post(browser, paths.account, fields, spanish);
  const notice = await mails.arrived(4);
  expect([notice.to, notice.parsed.subject]).toEqual([[address], 'Han cambiado las direcciones de su cuenta']);
  // Control: what the same person requests in an English page.
  const other = new CookieBrowser();
  await askCode(other, await open(other), address);
  const plain = (await mails.arrived(5)).parsed;
  expect(plain.subject).toBe('Your code to sign in');
  expect(plain.html).toContain('<html lang="en">');
});
