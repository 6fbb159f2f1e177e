/** The brand of all pages of sign-in, and its color as a style: the text on it is black or white, whichever has the higher contrast (WCAG 2.2, at least 4.5:1). */
import type { AccountsConfig } from '../../config/accounts-config.ts';

export type Brand = Pick<AccountsConfig, 'name' | 'logo' | 'color'>;

/** `color`: "#rrggbb". */
export function brandStyle(color: string): string {
  return `:root { --brand: ${color}; --on-brand: ${textOn(color)} }\n`;
}

/** One of both always has a contrast of 4.58 or more. */
export function textOn(color: string): '#000' | '#fff' {
  const light = luminance(color);
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? '#000' : '#fff';
}

export function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
