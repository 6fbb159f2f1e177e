/** Freezes plain objects and arrays recursively. Maps and sets are read-only by their types. */

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (!isPlain(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (typeof value[at] === 'object') deepFreeze(value[at]);
    return value;
  }
  // Neither a list of the values nor an iterator: a long policy has hundreds of thousands of them.
  for (const key in value) if (typeof value[key] === 'object') deepFreeze(value[key]);
  return value;
}

/** A list, or an object without a class: with the prototype of plain objects, or none (`read-value.ts`). */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
