/** Texts that a request can contain in such a way that conditions read exactly them. */
import type { ValueSource } from '../../core/policy/conditions.ts';
import { readQuery } from '../../core/policy/read-query.ts';
import { readSource } from '../../core/policy/read-source.ts';
import { readSegment } from '../../core/policy/reading.ts';
import { foldCase } from '../../core/url/path-reading.ts';
import { noFacts } from './sample-identity.ts';

/** A value that a client sends. */
export type RequestSource = Exclude<ValueSource, { readonly from: 'identity' | 'claim' }>;

/** For example, a slash in a segment and a comma in a header always have several readings. */
export function canBeRead(source: RequestSource, text: string, ignoresCase: boolean): boolean {
  // Has no form in UTF-8.
  if (!text.isWellFormed()) return false;
  if (source.from === 'query') return readQuery(`?q=${encodeURIComponent(text)}`, 'q') === text;
  if (source.from !== 'param') return readSource(source, { ...noFacts, rawHeaders: [source.name, text] }) === text;
  return readSegment(encodeURIComponent(text)) === text && (!ignoresCase || foldCase(text) === text);
}
