/** Reads a value out of parsed JSON by a dotted path such as `user.id`. */

/**
 * The value, or undefined when a step is missing. Own properties of plain objects only: `constructor.name` finds
 * nothing, and no list or string is entered.
 */
export function readField(body: unknown, path: string): unknown {
  let value = body;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
