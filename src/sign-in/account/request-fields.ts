/** Fields of forms, and headers, as the pages of accounts read them. */

const maxFieldLength = 254;

export function textOf(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').trim().slice(0, maxFieldLength);
}

export function headerOf(rawHeaders: readonly string[], name: string): string {
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? '' : (rawHeaders[at + 1] ?? '');
}
