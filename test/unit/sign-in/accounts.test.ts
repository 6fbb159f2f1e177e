/** How the pages of accounts look and read. */
import { expect, test } from 'vitest';
import { textsFor } from '../../../src/sign-in/account/languages.ts';
import { luminance, textOn } from '../../../src/sign-in/pages/brand.ts';

test('text on any color has a contrast of 4.5 or more', () => {
  const parts = ['00', '33', '66', '77', '80', '99', 'cc', 'ff'];
  const colors = parts.flatMap((red) => parts.flatMap((green) => parts.map((blue) => `#${red}${green}${blue}`)));
  const contrast = (color: string) => {
    const [dark = 0, light = 0] = [luminance(color), textOn(color) === '#000' ? 0 : 1].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  expect(Math.min(...colors.map(contrast))).toBeGreaterThan(4.5);
});

test.each([
  ['', 'en'],
  ['es', 'es'],
  ['es-MX,es;q=0.9,en;q=0.8', 'es'],
  ['en-GB,es;q=0.9', 'en'],
  ['fr, de;q=0.9', 'en'],
  ['fr, es;q=0.1', 'es'],
  ['es;q=0', 'en'],
  ['constructor, __proto__', 'en'],
])('Accept-Language "%s" is %s', (header, language) => {
  expect(textsFor({ rawHeaders: ['Accept-Language', header] }).language).toBe(language);
});
