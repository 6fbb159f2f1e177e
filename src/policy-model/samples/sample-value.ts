/** A value of a request or an identity; null: it has no such value. */
export type SampleValue = string | readonly string[] | null | typeof unreadable;

/** For example, a repeated query parameter. */
export const unreadable: unique symbol = Symbol('unreadable');
