/** The pages that all ways of signing in share, in the language that the browser prefers. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { httpsWorlds } from './https-world.ts';
import { signInWorlds } from './sign-in-world.ts';

const world = signInWorlds();
const httpsWorld = httpsWorlds();

const pages: readonly [string, string, string][] = [
  ['start/corp', 'You are taken to the sign-in page.', 'Pasa a la página de inicio de sesión.'],
  ['sign-in', 'Choose where you have your account.', 'Elija dónde tiene su cuenta.'],
  ['sign-out', 'Do you want to sign out?', '¿Quiere cerrar la sesión?'],
  ['signed-out', 'You are signed out', 'Ha cerrado la sesión'],
  ['signed-in', 'You are signed in', 'Ha iniciado sesión'],
  ['sessions', 'Your sessions', 'Sus sesiones'],
];

describe.each(pages)('the page %s', (page, english, spanish) => {
  test('is in Spanish for those who prefer it, and in English for others', async () => {
    const { origin, start } = await world();
    const browser = new CookieBrowser();
    await browser.visit(start('/'));
    const read = async (language: string) => {
      const url = page === 'start/corp' ? start('/') : `${origin}/.rolegate/${page}`;
      return await (await browser.open(url, { headers: { 'accept-language': language } })).text();
    };
    const translated = await read('fr, es-MX;q=0.9, en;q=0.5');
    expect(translated).toContain('<html lang="es">');
    expect(translated).toContain(spanish);
    expect(translated).not.toContain(english);
    const plain = await read('fr, en-GB;q=0.9');
    expect(plain).toContain('<html lang="en">');
    expect(plain).toContain(english);
    expect(plain).not.toContain(spanish);
  });
});

type World = Awaited<ReturnType<typeof world>>;

/** Of a sign-in of this browser, and not opened. `more`: parameters of the first redirect. */
async function callbackOf({ start }: World, browser: CookieBrowser, more = ''): Promise<URL> {
  const { url } = await browser.visit(`${start('/')}&go=1${more}`, {}, (one) => one.includes('/callback/'));
  return new URL(url);
}

async function refusedWith(made: World, error: string): Promise<readonly [CookieBrowser, string]> {
  const browser = new CookieBrowser();
  const callback = await callbackOf(made, browser);
  callback.searchParams.delete('code');
  callback.searchParams.set('error', error);
  return [browser, callback.href];
}

/** What leads to a page about what went wrong. */
const messages: readonly [string, (made: World) => Promise<readonly [CookieBrowser, string]>, string, string][] = [
  [
    'a refusal of the provider',
    (made) => refusedWith(made, 'access_denied'),
    'your account may not use this application.',
    'su cuenta no puede usar esta aplicación.',
  ],
  [
    'a refusal that has no text of its own',
    (made) => refusedWith(made, 'constructor'),
    'The provider refused the sign-in.',
    'El proveedor rechazó el inicio de sesión.',
  ],
  [
    'an endless loop',
    async (made) => [new CookieBrowser(), (await callbackOf(made, new CookieBrowser(), '&again=1')).href],
    'Signing in again does not help',
    'Iniciar sesión otra vez no sirve',
  ],
  [
    'an address at which people do not sign in',
    async ({ origin }) => [
      new CookieBrowser(),
      `${origin.replace('127.0.0.1', 'localhost')}/.rolegate/sign-out?at_origin=1`,
    ],
    'list it in <code>server.trustedProxies</code>',
    'inclúyalo en <code>server.trustedProxies</code>',
  ],
];

describe.each(messages)('the page about %s', (_name, lead, english, spanish) => {
  test('is in Spanish for those who prefer it, and in English for others', async () => {
    const made = await world();
    const read = async (language: string) => {
      const [browser, url] = await lead(made);
      const response = await browser.open(url, { headers: { 'accept-language': language } });
      expect(response.status).toBe(403);
      return await response.text();
    };
    const translated = await read('es');
    expect(translated).toContain('<html lang="es">');
    expect(translated).toContain(spanish);
    expect(translated).not.toMatch(/Report:|Reason:|Try again|Go to/);
    const plain = await read('en');
    expect(plain).toContain('<html lang="en">');
    expect(plain).toContain(english);
  });
});

test('so are the page of an outage and that of a form which was sent without a session', async () => {
  const { start } = await world({ issuer: 'http://127.0.0.1:1' });
  const outage = await new CookieBrowser().open(`${start('/')}&go=1`, { headers: { 'accept-language': 'es' } });
  expect(outage.status).toBe(503);
  expect(await outage.text()).toContain('En este momento no se puede iniciar sesión');
  const { browser } = await httpsWorld();
  const origin = 'https://app.example.com';
  const form = await browser().open(`${origin}/notes`, {
    method: 'POST',
    headers: {
      'accept-language': 'es',
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      origin,
    },
    body: 'a=b',
  });
  expect(form.status).toBe(401);
  const text = await form.text();
  expect(text).toContain('<html lang="es">');
  expect(text).toContain('Enviar el formulario otra vez');
  expect(text).not.toContain('Send');
});
