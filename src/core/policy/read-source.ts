/** Reads the values that conditions compare. A value without exactly one reading is `Unreadable`. */
import { claimText, isUnreadable } from '../identity/claims.ts';
import { canonicalName, connectionList, trimBlanks } from '../syntax/header-fields.ts';
import { pathParam } from '../url/path-pattern.ts';
import { foldCase } from '../url/path-reading.ts';
import type { ConditionFacts, ValueSource } from './conditions.ts';
import { readQuery } from './read-query.ts';
import { type Reading, readSegment, unreadable } from './reading.ts';

export function readSource(source: ValueSource, facts: ConditionFacts): Reading {
  switch (source.from) {
    case 'param': {
      const raw = pathParam(source.pattern ?? facts.pattern, facts.request.path, source.name);
      if (raw === null) return null;
      const text = readSegment(raw);
      const cased = facts.ignoresCase && typeof text === 'string' && foldCase(text) !== text;
      return cased ? unreadable.cased : text;
    }
    case 'query':
      return readQuery(facts.request.query, source.name);
    case 'header':
      // From any other peer, it is removed before forwarding.
      if (source.trusted === true && !facts.trusted) return null;
      return readHeader(facts.rawHeaders, source.name);
    case 'identity':
      return facts.identity === null ? null : facts.identity[source.field];
    case 'claim':
      if (facts.identity === null) return null;
      if (isUnreadable(facts.identity.claims, source.name)) return unreadable.type;
      return claimText(facts.identity.claims, source.name);
  }
}

/** Intermediaries may join repeated headers into a list (RFC 9110 section 5.3), so both are equal. */
function readHeader(rawHeaders: readonly string[], name: string): Reading {
  let value: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const header = rawHeaders[i]!;
    if (header.length !== name.length || canonicalName(header) !== name) continue;
    if (value !== null) return unreadable.repeated;
    // Only a service behind an interface like CGI reads it as this one (`X_Region`, `X.Region`).
    if (header.toLowerCase() !== name) return unreadable.spelling;
    value = trimBlanks(rawHeaders[i + 1]!);
  }
  if (value === null) return null;
  if (value.includes(',')) return unreadable.repeated;
  if (/[^\x20-\x7e]/.test(value)) return unreadable.twofold;
  // The upstream would not receive the compared value.
  return connectionList(rawHeaders)?.has(name) === true ? unreadable.hop : value;
}
