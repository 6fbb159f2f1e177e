/** The result of reading a value: text, a list, nothing, or why it does not have exactly one reading. */

/** Null: the request or the identity has no such value. */
export type Reading = string | readonly string[] | null | Unreadable;

export class Unreadable {
  /** For people: "the value ...". */
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

export const unreadable = {
  repeated: new Unreadable('is present more than once'),
  spelling: new Unreadable('is present under a name that some services read as this one'),
  separator: new Unreadable('is in a query with ";", which some services read as "&"'),
  late: new Unreadable('is not among the first 100 parameters of the query, and some services read no more'),
  plus: new Unreadable('contains "+", which some services read as a space'),
  bracket: new Unreadable('contains "]=", before which some services look for the name'),
  escape: new Unreadable('contains an escape that is not valid UTF-8'),
  twofold: new Unreadable('contains a character that services read in more than one way'),
  cased: new Unreadable('contains capital letters, which the service reads as lower case'),
  type: new Unreadable('does not have the declared type'),
  hop: new Unreadable('is removed by the Connection header'),
} as const satisfies Record<string, Unreadable>;

/** Controls, separators of paths and path parameters, and text that a second decoding would change. */
const twofold = /[\x00-\x1f\x7f;\\/]|%[0-9A-Fa-f]{2}/;
const controls = /[\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}/;
const beyondAscii = /[^\x20-\x7e]/;

/** Text of a query value: decoded once. Raw bytes beyond ASCII have no known encoding. */
export function readText(raw: string): string | Unreadable {
  if (beyondAscii.test(raw)) return unreadable.twofold;
  const text = decodeOnce(raw);
  if (text === null) return unreadable.escape;
  return controls.test(text) ? unreadable.twofold : text;
}

/** Text of a path segment: decoded once, without anything that could end or split the segment elsewhere. */
export function readSegment(raw: string): string | Unreadable {
  const text = decodeOnce(raw);
  if (text === null) return unreadable.escape;
  // Some services ignore an empty segment, others do not.
  return text === '' || twofold.test(text) ? unreadable.twofold : text;
}

function decodeOnce(raw: string): string | null {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return null;
  }
}
