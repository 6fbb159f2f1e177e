/** Secrets: text, usually from a variable, or `{ file: ... }` for a mounted file. */
import { z } from 'zod';
import { anyText } from './scalar.ts';

/** As written; `checks/check-secrets.ts` reads the file. */
export function secret(what: string) {
  return z.union([plainText(what), mounted()]).meta({ isSecret: true });
}

/** One secret, or a list. */
export function secrets(what: string) {
  return z.union([plainText(what), mounted(), z.array(secret(what))]).meta({ isSecret: true });
}

function plainText(what: string) {
  return anyText(`${what}, or { file: ... }`);
}

function mounted() {
  const file = anyText('the path of a file').meta({
    description: 'File that contains it; one line break at its end is removed.',
    examples: ['/run/secrets/rolegate'],
  });
  return z.strictObject({ file }).meta({ isSecret: true });
}

export type SecretSource = string | { readonly file: string };
