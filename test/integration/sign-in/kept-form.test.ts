/** A form that is sent after the session has ended: it is not lost, and nobody else can make use of it. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../../support/chromium.ts';
import type { CookieBrowser } from '../../support/cookie-browser.ts';
import { httpsWorlds, loopbackWorlds, origin } from './https-world.ts';

const world = httpsWorlds();
const loopbackWorld = loopbackWorlds();
let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
}, 400_000);
afterAll(() => chromium?.close());

const own = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
const typed = [
  ['title', '"<b>&amp;</b>\'<script>alert(1)</script>'],
  ['text', 'one\r\ntwo\r\n\r\nthree  &#13; + %41'],
  ['name', 'Zo\u00eb \u2603 \u{1f600}'],
  ['tag', 'a'],
  ['tag', 'b'],
  ['empty', ''],
];

function post(browser: CookieBrowser, body: string, headers: Readonly<Record<string, string>> = own) {
  return browser.open(`${origin}/notes?draft=7&to=//x`, { method: 'POST', headers, body });
}

/** As a browser reads the fields of the page. */
function fieldsOf(page: string) {
  const decode = (text: string) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
  return [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name, value]) => [
    decode(name!),
    decode(value!),
  ]);
}

test('the page holds it unchanged, leads to the sign-in, and the form arrives when it is sent again', async () => {
  const { browser, service } = await world();
  const person = browser();
  const body = new URLSearchParams(typed).toString();
  const refused = await post(person, body);
  const page = await refused.text();
  expect(refused.status).toBe(401);
  expect(refused.headers.get('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(refused.headers.get('www-authenticate')).toContain('/.rolegate/sign-in/corp');
  expect(refused.headers.get('cache-control')).toBe('no-store');
  expect(refused.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(page).not.toContain('<b>');
  expect(fieldsOf(page)).toEqual(typed);
  expect(page).toContain('action="/notes?draft=7&#38;to=//x"');
  const signIn = /href="([^"]*sign-in[^"]*)"/.exec(page)![1]!.replaceAll('&#38;', '&');
  const other = await person.visit(origin + signIn);
  expect([other.url, other.status]).toEqual([`${origin}/.rolegate/signed-in`, 200]);
  expect(other.text).toContain('You are signed in');
  expect(service.requests).toEqual([]);
  const again = new URLSearchParams(fieldsOf(page) as string[][]).toString();
  expect((await post(person, again)).status).toBe(200);
  expect(service.last().target).toBe('/notes?draft=7&to=//x');
  expect(service.last().body.toString()).toBe(body);
});

const big = `text=${'a'.repeat(64 * 1024)}`;

test.each<[string, string, Record<string, string>, number]>([
  [
    'a page of a sibling domain',
    'a=b',
    { ...own, origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site' },
    401,
  ],
  ['a page of another site', 'a=b', { ...own, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 401],
  ['a page without TLS', 'a=b', { origin: 'http://app.example.com', 'content-type': own['content-type'] }, 401],
  ['a page that hides its origin', 'a=b', { ...own, origin: 'null', 'sec-fetch-site': 'cross-site' }, 401],
  ['nobody knows', 'a=b', { 'content-type': own['content-type'] }, 401],
  ['a script', 'a=b', { ...own, 'sec-fetch-mode': 'cors', accept: '*/*' }, 401],
  ['a form with files', 'a=b', { ...own, 'content-type': 'multipart/form-data; boundary=x' }, 401],
  ['a long form', big, own, 401],
  ['a form of more than 1,000 fields', 'a=b&'.repeat(1_001), own, 401],
  ['a form in another character set', 'a=%FF%E9', own, 401],
])('%s gets the plain refusal, which holds nothing', async (_, body, headers, status) => {
  const { browser } = await world();
  const response = await post(browser(), body, headers);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('json');
  expect(await response.text()).not.toContain('<form');
});

test('sent without a session again and again, it is held each time', async () => {
  const { browser } = await world();
  const person = browser();
  for (let i = 0; i < 3; i += 1)
    expect(fieldsOf(await (await post(person, 'a=1&b=2')).text())).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
});

/** Otherwise the browser also requests an icon, at any time. */
const head = '<!doctype html><link rel="icon" href="data:,">';
const note = `${head}<form method="post" action="/notes"><textarea name="text"></textarea><input name="who">
<button name="do" value="save">Save</button></form>`;

test('in Chromium: the person signs in beside it and sends what was typed', async ({ skip }) => {
  if (chromium === null) return skip(noChromium);
  const { origin: at, service } = await loopbackWorld(({ method }) => ({
    rawHeaders: ['content-type', 'text/html; charset=utf-8'],
    body: method === 'GET' ? note : `${head}saved`,
  }));
  const context = await chromium.newContext({ viewport: { width: 800, height: 500 } });
  const page = await context.newPage();
  const type = async () => {
    await page.goto(`${at}/new`);
    await page.locator('textarea').fill('first line\n\n"second" <line> \u2603 ');
    await page.locator('input').fill('Zo\u00eb');
  };
  // As it would have arrived with a session.
  await type();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('saved').waitFor();
  // The browser also asks for an icon, at any time.
  const sent = () => service.requests.filter(({ method }) => method === 'POST').map(({ body }) => body.toString());
  const expected = sent();
  expect(expected).toHaveLength(1);
  await type();
  await context.clearCookies({ name: 'rolegate-session' });
  service.clear();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Your form was not sent yet' }).waitFor();
  expect(sent()).toEqual([]);
  const beside = context.waitForEvent('page');
  await page.getByRole('link', { name: 'Sign in' }).click();
  const other = await beside;
  await other.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await other.close();
  await page.bringToFront();
  await page.getByText('You are signed in again').waitFor();
  await page.getByRole('button', { name: 'Send the form again' }).click();
  await page.getByText('saved').waitFor();
  expect(sent()).toEqual(expected);
  await context.close();
});
