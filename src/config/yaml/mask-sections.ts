/**
 * Masks by position: in a section that may contain a secret, everything except keys and the values of keys that contain none. So a
 * secret stays hidden even if a mistake (`adminToke: x`, `adminToken, x`, `secret x`) leaves no key that identifies it. Works on
 * lines of text, because a file with a syntax error has no tree.
 */
import type { SecretKeys, Span } from './mask-secrets.ts';

/** Looks like a configuration key; other words before a colon are masked. */
const key = /["']?(?<![\w$@-])([a-z]+(?:[A-Z][a-z]*){0,4})["']?[ \t]*:(?=[\s"'[{]|$)[ \t]*/g;
/** A value on one line: a quoted text, a list, or everything up to the end of a plain scalar. */
const value = /"[^"\n]*"|'[^'\n]*'|\[[^\]\n]*\]|[^\s"'[{][^,{}[\]#\n]*/y;
const reference = /["']?\$\{[A-Za-z_]\w*\}["']?/g;
/** YAML punctuation alone is not a word. */
const word = /(?!["'#:-]+(?:[\s{}[\],]|$))[^\s{}[\],]+/g;
const maxKey = 24;

/** In text order, without overlaps. */
export function maskedInSections(text: string, keys: SecretKeys): readonly Span[] {
  if (keys.secretKeys.size === 0) return [];
  return sectionsOf(text).flatMap(({ name, start, end }) =>
    name !== null && keys.openSections.has(name) ? [] : maskedWords(text.slice(start, end), start, keys),
  );
}

interface Section extends Span {
  /** Null: the line does not begin with a key. */
  readonly name: string | null;
}

/** A section begins with a key at the start of a line. Any other text there may be a misspelled key. */
function sectionsOf(text: string): readonly Section[] {
  const starts = [{ name: null as string | null, start: 0 }];
  for (const { 1: word, index } of text.matchAll(/^(?:["']?([A-Za-z]\w*)["']?[ \t]*:(?=[\s"'[{]|$)|(?![#\s}\]-]))/gm)) {
    starts.push({ name: word ?? null, start: index });
  }
  return starts.map(({ name, start }, at) => ({ name, start, end: starts[at + 1]?.start ?? text.length }));
}

function maskedWords(section: string, offset: number, keys: SecretKeys): readonly Span[] {
  let hidden = '';
  for (const { start, end } of shownSpans(section, keys)) {
    hidden += section.slice(hidden.length, start).padEnd(end - hidden.length);
  }
  hidden += section.slice(hidden.length);
  const isKey = (text: string) => keys.openKeys.has(text) || keys.secretKeys.has(text);
  const words = hidden.replace(reference, (text) => ' '.repeat(text.length)).matchAll(word);
  return [...words.filter(({ 0: text }) => !isKey(text))].map(({ 0: { length }, index }) => ({
    start: offset + index,
    end: offset + index + length,
  }));
}

/** Keys and unmasked values of one section. */
function shownSpans(text: string, { openKeys, secretKeys, mappingKeys }: SecretKeys): readonly Span[] {
  const matches = [...text.matchAll(key)].filter(({ 1: name = '' }) => name.length <= maxKey);
  return matches.flatMap((match, at) => {
    const [whole, name = ''] = match;
    const start = match.index + whole.length;
    const spans = [{ start: match.index, end: start }];
    const end = Math.min(endOfValue(text, start), matches[at + 1]?.index ?? text.length);
    if (!openKeys.has(name)) return spans;
    if (mappingKeys.has(name) && !/^(?:true|false)\b/.test(text.slice(start, end))) return spans;
    // A key such as "url" contains a secret in some places only.
    if (secretKeys.has(name) && !/^["']?https?:\/\//.test(text.slice(start, start + 10))) return spans;
    return [...spans, ...(end > start ? [{ start, end }] : itemsBelow(text, start))];
  });
}

function endOfValue(text: string, start: number): number {
  value.lastIndex = start;
  return value.test(text) ? value.lastIndex : start;
}

/** Items of a block list directly below its key. */
function itemsBelow(text: string, start: number): readonly Span[] {
  const items = /^[ \t]*(?:#.*)?\n(?:[ \t]*- (?!.*:(?:\s|$)).*(?:\n|$))+/.exec(text.slice(start, start + 65_536));
  return items === null ? [] : [{ start, end: start + items[0].length }];
}
