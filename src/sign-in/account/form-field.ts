/** A field of a form, as the pages of accounts read it. */
const maxFieldLength = 254;

export function textOf(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').trim().slice(0, maxFieldLength);
}
