/**
 * What stands around values in the token tree of a plain file: spaces, line breaks, comments and the indicator that
 * belongs there. Anything else, such as a tab, a tag or an anchor, is the library's to judge.
 */
import type { CST } from 'yaml';
import { NotPlain } from './not-plain.ts';

/** `indicator`: the one that may stand there once, and must; null: none. `spaced`: a comment may come first. */
export function checkProps(
  tokens: readonly CST.SourceToken[],
  indicator: 'map-value-ind' | 'seq-item-ind' | null,
  spaced: boolean,
): void {
  let found = indicator === null;
  let hasSpace = spaced;
  for (const { type, source } of tokens) {
    if (type === 'space') {
      if (source.includes('\t')) throw new NotPlain();
      hasSpace = true;
    } else if (type === 'newline') {
      hasSpace = true;
    } else if (type === 'comment') {
      if (!hasSpace) throw new NotPlain();
    } else if (type === indicator && !found) {
      found = true;
      hasSpace = false;
    } else throw new NotPlain();
  }
  if (!found) throw new NotPlain();
}

/** Before an item between brackets: a comma, for every one but the first. Tells whether something else stood there. */
export function checkComma(tokens: readonly CST.SourceToken[], first: boolean): void {
  const comma = tokens.findIndex(({ type }) => type === 'comma');
  if (first === comma >= 0) throw new NotPlain();
  if (comma < 0) checkProps(tokens, null, false);
  else {
    checkProps(tokens.slice(0, comma), null, false);
    checkProps(tokens.slice(comma + 1), null, false);
  }
}

/** After a value. */
export function checkEnd(tokens: readonly CST.SourceToken[] | undefined, spaced = false): void {
  if (tokens !== undefined && tokens.length > 0) checkProps(tokens, null, spaced);
}

/** Where the library says that a missing value is: after the indicator and the spaces that follow it. */
export function placeOfNothing(before: readonly CST.SourceToken[]): number {
  const indicator = before.findLastIndex(({ type }) => type === 'map-value-ind' || type === 'seq-item-ind');
  const found = before[indicator];
  if (found === undefined) throw new NotPlain();
  let offset = found.offset + found.source.length;
  for (let at = indicator + 1; before[at]?.type === 'space'; at += 1) offset += before[at]!.source.length;
  return offset;
}
