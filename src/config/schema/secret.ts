/** Secrets: text, mostly from a variable, or `{ file: ... }` for a mounted one. */
import { z } from 'zod';
import { text } from './scalar.ts';

/** As written; `checks/secrets.ts` reads the file. */
export function secret(what: string) {
  const file = text('the path of a file', (value) => value).meta({
    description: 'File that holds it; one line break at its end is removed.',
    examples: ['/run/secrets/rolegate'],
  });
  return z.union([text(`${what}, or { file: ... }`, (value) => value), z.strictObject({ file })]);
}

export type SecretSource = string | { readonly file: string };
