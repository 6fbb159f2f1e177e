/**
 * Finds the parts of a file that a code frame must not show: values of keys that look like a secret's, and the userinfo of URLs. It
 * works on the plain text, because a file with a syntax error has no tree. It masks too much rather than too little.
 */
import { editDistance } from '../nearest-name.ts';
import { maskedInSections } from './mask-sections.ts';

export interface SecretKeys {
  /** Sections of a file that cannot contain a secret. */
  readonly openSections: ReadonlySet<string>;
  /** Keys of the other sections that contain no secret, and keys that do. A key such as `url` contains one in some places only. */
  readonly openKeys: ReadonlySet<string>;
  readonly secretKeys: ReadonlySet<string>;
  /** Keys of the other sections that have a mapping: any other value there is a mistake, and may be a secret. */
  readonly mappingKeys: ReadonlySet<string>;
}

/** Part of a text; the end is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A key and the rest of its line. Includes misspelled keys, because the likeliest mistake at a secret is a wrong key. */
const keyed = /([A-Za-z_][\w-]{0,63})["']?[ \t]*:(?=[ \t\r\n"'])[ \t]*/g;
/** `{ file: /run/secrets/x }`; a name that does not look like a path may be the secret itself. */
const fileReference = /^(?:\{|[ \t]*\r?\n)\s*file[ \t]*:[ \t]*["']?[\w-]*[./~$]/;
const secretName = /secret|passw|pwd|token|credential|private/i;
/** Their values are names of headers. */
const harmlessNames: ReadonlySet<string> = new Set([
  'apiSecret',
  'apiSecretHeader',
  'secretShape',
  'forwardCredentials',
  'forwardToken',
  'credentials',
]);

/**
 * In text order, without overlaps. Examines every character a bounded number of times. `values`: known secrets, masked wherever
 * they occur.
 */
export function maskedSpans(text: string, keys: SecretKeys | null, values: Iterable<string> = []): readonly Span[] {
  const inSections = keys === null ? [] : maskedInSections(text, keys);
  return merge([
    ...secretValues(text, keys),
    ...userinfos(text),
    ...inSections,
    ...[...values].flatMap((value) => places(text, value)),
  ]);
}

function places(text: string, value: string): Span[] {
  const spans: Span[] = [];
  for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + value.length)) {
    spans.push({ start, end: start + value.length });
  }
  return spans;
}

function secretValues(text: string, keys: SecretKeys | null): Span[] {
  const spans: Span[] = [];
  keyed.lastIndex = 0;
  for (let match = keyed.exec(text); match !== null; match = keyed.exec(text)) {
    const name = match[1]!;
    if (harmlessNames.has(name) || !looksSecret(name, keys)) continue;
    const start = match.index + match[0].length;
    const end = endOfValue(text, start, match.index);
    if (end <= start) continue;
    spans.push({ start, end });
    keyed.lastIndex = end;
  }
  return spans;
}

/**
 * The text before the last "@" of a word, after "://" if the word contains it: a password may contain "/" and "@", and a scheme may
 * be misspelled. Also queries that name a secret.
 */
function userinfos(text: string): Span[] {
  const spans: Span[] = [];
  for (const { 0: word, index } of text.matchAll(/[^\s"']+/g)) {
    const scheme = word.indexOf('://');
    const start = scheme < 0 ? 0 : scheme + 3;
    const at = word.lastIndexOf('@');
    if (at > start) spans.push({ start: index + start, end: index + at });
    const query = scheme < 0 ? -1 : word.indexOf('?', start);
    if (query >= 0 && secretName.test(word.slice(query)))
      spans.push({ start: index + query + 1, end: index + word.length });
  }
  return spans;
}

function looksSecret(name: string, keys: SecretKeys | null): boolean {
  if (secretName.test(name) || isNear(name, 'secret', 2)) return true;
  if (keys === null || keys.openKeys.has(name)) return false;
  return [...keys.secretKeys].some((key) => isNear(name, key, 1));
}

function isNear(name: string, key: string, most: number): boolean {
  if (Math.abs(name.length - key.length) > most) return false;
  return editDistance(name.toLowerCase(), key.toLowerCase()) <= most;
}

function endOfValue(text: string, start: number, keyStart: number): number {
  const head = text.slice(start, start + 300);
  if (fileReference.test(head)) return start;
  if (/^(["']?)\$\{[A-Za-z_]\w*\}\1[ \t]*(?:[,}#\r\n]|$)/.test(head)) return start;
  const quote = text[start];
  if (quote !== '"' && quote !== "'") return endOfBlock(text, start, keyStart);
  let close = text.indexOf(quote, start + 1);
  while (close >= 0 && isEscaped(text, close, start)) close = text.indexOf(quote, close + 1);
  return close < 0 ? text.length : endOfLine(text, close);
}

/** Mistaking a closing quote for an escaped one only masks more. */
function isEscaped(text: string, at: number, start: number): boolean {
  return at > start + 1 && text[at] === '"' && text[at - 1] === '\\';
}

/** A plain or block value continues over every line that is indented deeper than the line of its key. */
function endOfBlock(text: string, start: number, keyStart: number): number {
  const lineStart = text.lastIndexOf('\n', keyStart) + 1;
  const indent = indentAt(text, lineStart);
  let end = endOfLine(text, start);
  // A list below its key may have the same indentation as the key.
  const listed = text.slice(start, end).trim() === '' && text[lineStart + indent] !== '-';
  while (end < text.length) {
    const next = end + 1;
    const nextEnd = endOfLine(text, next);
    const depth = indentAt(text, next);
    const item = listed && depth === indent && text[next + depth] === '-';
    if (text.slice(next, nextEnd).trim() !== '' && depth <= indent && !item) break;
    end = nextEnd;
  }
  return end;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function indentAt(text: string, lineStart: number): number {
  let at = lineStart;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at - lineStart;
}

function merge(spans: Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans.sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && span.start <= last.end) {
      out[out.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else out.push(span);
  }
  return out;
}
