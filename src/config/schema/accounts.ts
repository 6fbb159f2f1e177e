/** Keys under `signIn.accounts`: how the pages look on which people sign in at the embedded Auth API. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { neither } from './key.ts';
import { text } from './scalar.ts';

export const accounts = z.strictObject({
  name: neither(
    text('a name', (value) =>
      /^[^\p{C}\p{Zl}\p{Zp}]{1,60}$/u.test(value) ? value : new Problem('expected a name'),
    ).optional(),
    'Name of the application on these pages. If unset, the host of "origin", without a port.',
    { examples: ['Example Wiki'] },
  ),
  logo: neither(
    text('a path, such as "/logo.svg", or a picture as "data:image/..."', readLogo).optional(),
    'Picture above the name: a path at "origin" whose route is public, or a "data:" URL of up to 64 kB.',
    { examples: ['/assets/logo.svg'] },
  ),
  color: neither(
    text('a color, such as "#1d5fd0"', (value) =>
      /^#[0-9a-f]{6}$/i.test(value) ? value.toLowerCase() : new Problem('expected a color, such as "#1d5fd0"'),
    ).optional(),
    'Color of the buttons, as "#rrggbb". Their text is black or white, whichever is easier to read on it.',
    { examples: ['#0b6e4f'] },
  ),
});

const maxLogoLength = 64_000;
const dataPicture = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml)(?:;[a-z]+=[\w-]+)?(?:;base64)?,[\w%+/=.~!*'()-]+$/;

function readLogo(value: string): string | Problem {
  const isPath = /^\/(?![/\\])[\w\-.~/%]*$/.test(value);
  if (isPath || (value.length <= maxLogoLength && dataPicture.test(value))) return value;
  return new Problem('expected a path, such as "/logo.svg", or a picture as "data:image/..."', 'up to 64 kB');
}
