/**
 * Reads one parameter of a query, if every service reads it alike. Names that frameworks treat as equal (`query-names.ts`) count as one,
 * and a separator that only some support makes the query unclear.
 */
import { namesOfWanted, namesOfWritten } from './query-names.ts';
import { type Reading, readText, unreadable } from './reading.ts';

/** Default limits of some services: OpenResty 100; PHP, qs and Node's `querystring` 1,000. */
const maxRead = 100;

/** `query` is as received, with its "?"; empty when there is none. */
export function readQuery(query: string, name: string): Reading {
  if (query.length < 2) return null;
  // Older services end a parameter at ";" too (the class of CVE-2021-23336).
  if (query.includes(';')) return unreadable.separator;
  const wanted = namesOfWanted(name);
  let reading: Reading = null;
  let start = 1;
  let position = 0;
  let equal = indexOfEqual(query, start);
  while (start <= query.length) {
    const next = query.indexOf('&', start);
    const end = next < 0 ? query.length : next;
    // Searched again only once it is passed: otherwise a long query without one would be searched for each parameter.
    if (equal < start) equal = indexOfEqual(query, start);
    const nameEnd = Math.min(equal, end);
    const key = decodeName(query.slice(start, nameEnd));
    position += 1;
    if (key === null) return unreadable.escape;
    if (namesOfWritten(key).some((one) => wanted.includes(one))) {
      if (reading !== null) return unreadable.repeated;
      if (key !== name) return unreadable.spelling;
      if (position > maxRead) return unreadable.late;
      reading = readValue(query.slice(Math.min(nameEnd + 1, end), end));
    }
    start = end + 1;
  }
  return reading;
}

function indexOfEqual(query: string, from: number): number {
  const at = query.indexOf('=', from);
  return at < 0 ? query.length : at;
}

/**
 * The parts of a query that affect these parameters, as received: reading a parameter gives the same result from the parts as from the
 * whole. May be empty.
 */
export function partsOfQuery(query: string, names: Iterable<string>): string {
  const wanted = new Set([...names].flatMap(namesOfWanted));
  if (query.length < 2 || wanted.size === 0) return '';
  if (query.includes(';')) return '?;';
  const parts = query
    .slice(1)
    .split('&')
    .map((part) => {
      const key = decodeName(part.split('=', 1)[0]!);
      // A name that cannot be decoded makes every parameter unclear; its text does not matter.
      if (key === null) return '%';
      return namesOfWritten(key).some((one) => wanted.has(one)) ? part : '';
    });
  // Empty parts preserve the position of parameters beyond the limit.
  const late = parts.some((part, at) => part !== '' && at >= maxRead);
  const kept = parts.filter((part, at) => part !== '' || (late && at < maxRead));
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

/** To qs, the name in `a=b[c]=d` is `a=b[c]`. */
const bracketEnd = /(?:\]|%5D)=/i;

/** "+" is a blank to most services and itself to some. */
function readValue(raw: string): Reading {
  if (bracketEnd.test(raw)) return unreadable.bracket;
  return raw.includes('+') ? unreadable.plus : readText(raw);
}

function decodeName(raw: string): string | null {
  const spaced = raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return null;
  }
}
