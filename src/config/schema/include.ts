/** `include`, its related keys, and the keys of an included file. */
import { z } from 'zod';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import { Problem } from '../problem.ts';
import { described, neither } from './key.ts';
import { type ListRules, list } from './refine.ts';
import { route } from './routes.ts';
import { text } from './scalar.ts';
import { tests } from './tests.ts';
import { absolutePath, version } from './values.ts';

/** A pattern of file names below the folder of the configuration. */
const filePattern = text('the name of a file, or a pattern such as "routes/*.yaml"', (value) => {
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

const hostPattern = text('a host name, such as api.example.test or *.example.test', (value) => {
  try {
    return compilePattern(value, '/').host ?? '';
  } catch {
    return new Problem('expected a host name, such as api.example.test or *.example.test');
  }
});

const claims: ListRules = { empty: ['an empty list claims nothing', 'name one, or remove it'], most: [64, 'entries'] };

const owns = z.strictObject({
  hosts: neither(list(hostPattern, claims).optional(), 'Hosts that only this file has routes for.', {
    why: 'it can only make a file invalid',
    examples: [['orders.example.test']],
  }),
  paths: neither(
    list(absolutePath(), claims).optional(),
    'Path prefixes that only this file has routes for, in whole segments.',
    { why: 'it can only make a file invalid', examples: [['/v1/orders']] },
  ),
});

export const includedSchema = z.strictObject({
  version: neither(version.optional(), 'Version of this format.', { examples: [1] }),
  owns: described(
    owns.optional(),
    'Hosts and paths that belong to this file: only it may have routes there, and it may have none elsewhere.',
  ),
  routes: described(z.array(route), 'As in the main file.'),
  tests: described(tests.prefault({}), 'As in the main file.'),
});

/** An included file, after defaults. */
export type IncludedFile = z.output<typeof includedSchema>;
