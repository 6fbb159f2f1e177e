/** Keys under `path` of a route: spellings that services read in more than one way. */
import { z } from 'zod';
import { anyChange, decides, ordered } from './key.ts';
import { bool, word } from './scalar.ts';

const tolerance = (what: string, danger: string) =>
  decides(
    word(['reject', 'keep']).prefault('reject'),
    `${what} in a path: "reject" refuses with 400, "keep" forwards it unchanged (${danger}).`,
    ordered(['reject', 'keep'], 'the service may read another path than the rules'),
    { examples: ['reject'] },
  );

export const pathReadings = z.strictObject({
  encodedSlash: decides(
    word(['reject', 'keep', 'decode']).prefault('reject'),
    '"%2F" in a path: "reject" refuses with 400; "keep" forwards it unchanged (the upstream must not read it as "/"); "decode" replaces it by "/" before matching, and forwards that (a name that contains a slash becomes two segments).',
    anyChange('the service may read another path than the rules'),
  ),
  semicolon: tolerance('";"', 'the upstream must not cut off what follows'),
  doubleEncoding: tolerance('"%25" before two hex digits', 'the upstream must not decode twice'),
  caseSensitive: decides(
    bool().optional(),
    'Whether the upstream distinguishes letter case. If unset, literals match in their own case only, and a path that a more specific route matches in another case is refused. If true, it is not (the upstream must distinguish case). If false, literals of the pattern match in any case and are forwarded as written here (the upstream must ignore case).',
    anyChange('another rule may decide a path in another case'),
    { examples: [false] },
  ),
  mergeSlashes: decides(
    bool().prefault(true),
    'Whether "//" counts as "/". If false, empty segments that "**" matches are forwarded, except at the start (the upstream must not read what follows as a host or another path).',
    anyChange('another rule may decide a path with empty segments'),
  ),
});
