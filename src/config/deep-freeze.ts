/** Freezes plain objects and arrays to the bottom. Maps and sets are read-only by their types. */

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return value;
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (typeof value[at] === 'object') deepFreeze(value[at]);
    return value;
  }
  // Neither a list of the values nor an iterator: a long policy has hundreds of thousands of them.
  for (const key in value) if (typeof value[key] === 'object') deepFreeze(value[key]);
  return value;
}
