/** Fields of forms, and of responses to them, as the pages of accounts read them. */
import type { AuthApiResponse } from './auth-api-client.ts';

const maxFieldLength = 254;

export function textOf(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').trim().slice(0, maxFieldLength);
}

/** As people write it: with blanks and dashes; a long one also in small letters, and with those that look like digits. */
export function codeIn(form: URLSearchParams): string {
  const code = (form.get('code') ?? '').replace(/[\s-]/g, '').toUpperCase();
  return code.replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

/** Whether the code that is on its way is no number of six digits. */
export function isLongIn({ json }: AuthApiResponse): boolean {
  return json['codeForm'] === 'long';
}
