/** The pages that all ways of signing in share, in the language that the browser prefers. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { signInWorlds } from './sign-in-world.ts';

const world = signInWorlds();

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
