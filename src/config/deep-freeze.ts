/** Freezes plain objects and arrays to the bottom. Maps and sets are read-only by their types. */

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const inner of value as readonly unknown[]) deepFreeze(inner);
  // Without a list of the values: a long policy has hundreds of thousands of them.
  else for (const key in value) deepFreeze(value[key]);
  return value;
}
