/** `include`, its related keys, and the keys of an included file. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { described, neither } from './key.ts';
import { list } from './refine.ts';
import { route } from './routes.ts';
import { text } from './scalar.ts';
import { tests } from './tests.ts';
import { version } from './values.ts';

/** A pattern of file names below the folder of the configuration. */
export const filePattern = text('the name of a file, or a pattern such as "routes/*.yaml"', (value) => {
  if (value.length > 255) return new Problem('this pattern is too long');
  if (/[\\\0]/.test(value))
    return new Problem('a file pattern cannot contain a backslash', 'separate folders with "/"');
  if (value.startsWith('/') || value.split(/[/{},]/).includes('..')) {
    return new Problem(
      'only files below the folder of this file can be included',
      'write a path without "/" in front and without ".."',
    );
  }
  if (!/\.ya?ml$/.test(value)) return new Problem('only YAML files can be included', 'end the pattern with ".yaml"');
  return value.replace(/^(?:\.\/)+/, '');
});

export const include = list(filePattern, { most: [32, 'patterns'] });

const variableExpected = 'the name of an environment variable, such as ORDERS_HOST';

export const includedVariables = z.array(
  text(variableExpected, (value) =>
    /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value) ? value : new Problem(`expected ${variableExpected}`),
  ),
);

export const includedSchema = z.strictObject({
  version: neither(version.optional(), 'Version of this format.', { examples: [1] }),
  routes: described(z.array(route), 'As in the main file.'),
  tests: described(tests.prefault({}), 'As in the main file.'),
});

/** An included file, after defaults. */
export type IncludedFile = z.output<typeof includedSchema>;
