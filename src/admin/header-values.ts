/** Every copy of a header: Node's `headers` would join or drop them. */

/** `name` in lower case; names and values in turn, as Node gives `rawHeaders`. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() === name) values.push(rawHeaders[index + 1]!);
  }
  return values;
}
