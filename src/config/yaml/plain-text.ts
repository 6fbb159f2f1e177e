/**
 * Where a plain file is being read: lines and columns, spaces, comments and single scalars. Whatever is not as plain as
 * that, or a mistake, is left to the library (`NotPlain`).
 */
import { NotPlain } from './not-plain.ts';

/** Tabs, carriage returns and byte order marks have rules of their own, and other control characters are mistakes. */
const odd = /[\u0000-\u0009\u000b-\u001f\u007f\ufeff]/;
/** How a plain scalar may not begin: indicators (YAML 1.2.2 section 5.3), some of them only before a space, the end of a line or another one. */
const indicator = /[[\]{},#&*!|>'"%@`]|[-?:](?:[ \n,[\]{}]|$)/y;

export const dash = 0x2d;
export const colon = 0x3a;
export const comma = 0x2c;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
const space = 0x20;
const lineFeed = 0x0a;
const hash = 0x23;
const doubleQuote = 0x22;
const singleQuote = 0x27;
const backslash = 0x5c;
const slash = 0x2f;
const lastOfAscii = 0x7f;

/** Between double quotes with no escapes but those that mean the same in JSON (YAML 1.2.2 section 5.7, RFC 8259 section 7). */
const jsonText = /^"(?:[^\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"$/;

export class PlainText {
  readonly text: string;
  at = 0;
  /** Of the content at `at`, where it is the first of its line; -1 at the end of the text. */
  column = -1;
  #lineStart = 0;

  constructor(text: string) {
    if (odd.test(text)) throw new NotPlain();
    this.text = inHeap(text);
    this.#findContent();
  }

  /** Column of `at`. */
  get here(): number {
    return this.at - this.#lineStart;
  }

  /** Goes to a place that was read before. */
  returnTo(at: number): void {
    this.at = at;
    this.#lineStart = this.text.lastIndexOf('\n', at - 1) + 1;
  }

  /** The rest of this line, and those that follow and are empty or deeper than `indent`. */
  linesBelow(indent: number): string {
    const { text, at } = this;
    let end = this.#nextStart(at);
    while (end < text.length && this.#isBelow(indent, end)) end = this.#nextStart(end);
    return text.slice(at, end);
  }

  /** Goes to the first content from the start of a line on. */
  goOnAt(lineStart: number): void {
    this.at = lineStart;
    this.#lineStart = lineStart;
    this.#findContent();
  }

  /** Whether what was read last ended there, at the start of a line. */
  endedAt(lineStart: number): boolean {
    const { at, column } = this;
    this.goOnAt(lineStart);
    const isHere = this.at === at;
    this.returnTo(at);
    this.column = column;
    return isHere;
  }

  /** Where the line begins that follows this place. */
  #nextStart(at: number): number {
    const end = this.text.indexOf('\n', at);
    return end < 0 ? this.text.length : end + 1;
  }

  /** Whether the line that begins there is empty or deeper. */
  #isBelow(indent: number, lineStart: number): boolean {
    const { text } = this;
    let column = 0;
    while (column <= indent && text.charCodeAt(lineStart + column) === space) column += 1;
    return column > indent || text.charCodeAt(lineStart + column) === lineFeed;
  }

  /** Whether the indicator stands here: before a space or the end of the line. */
  isIndicator(character: typeof dash | typeof colon): boolean {
    return this.text.charCodeAt(this.at) === character && isBlank(this.text.charCodeAt(this.at + 1));
  }

  skipSpaces(): void {
    const { text } = this;
    let { at } = this;
    while (text.charCodeAt(at) === space) at += 1;
    this.at = at;
  }

  /** Whether nothing but a comment follows in this line. */
  atLineEnd(): boolean {
    const next = this.text.charCodeAt(this.at);
    if (next === lineFeed || this.at >= this.text.length) return true;
    if (next !== hash) return false;
    if (!isBlank(this.text.charCodeAt(this.at - 1))) throw new NotPlain();
    return true;
  }

  /** After a value: nothing else may stand in its line. Goes on to the first content of a later one. */
  endLine(): void {
    this.skipSpaces();
    if (!this.atLineEnd()) throw new NotPlain();
    this.#nextLine();
    this.#findContent();
  }

  #nextLine(): void {
    this.at = this.#nextStart(this.at);
    this.#lineStart = this.at;
  }

  #findContent(): void {
    while (this.at < this.text.length) {
      this.skipSpaces();
      if (!this.atLineEnd()) {
        this.column = this.here;
        if (this.column === 0 && /^(?:---|\.\.\.)/.test(this.text.slice(this.at, this.at + 3))) throw new NotPlain();
        return;
      }
      this.#nextLine();
    }
    this.column = -1;
  }

  /** Between brackets: over spaces, comments and lines, all of which are deeper than `indent`. */
  skipBetween(indent: number): void {
    this.skipSpaces();
    if (!this.atLineEnd()) return;
    this.#nextLine();
    this.#findContent();
    if (this.column <= indent) throw new NotPlain();
  }

  /** What stands here; NaN at the end of the text. */
  get code(): number {
    return this.text.charCodeAt(this.at);
  }

  /** Whether a text between quotes begins here. */
  isQuote(): boolean {
    const { code } = this;
    return code === doubleQuote || code === singleQuote;
  }

  /** A text between quotes, of one line. */
  quoted(): string {
    const { text, at, code: quote } = this;
    let isPlain = true;
    let end = at + 1;
    for (; ; end += 1) {
      const code = text.charCodeAt(end);
      if (code === lineFeed || Number.isNaN(code)) throw new NotPlain();
      if (code === quote) {
        if (quote === doubleQuote || text.charCodeAt(end + 1) !== quote) break;
      } else if (code !== backslash || quote === singleQuote) continue;
      // A doubled quote, or an escape.
      isPlain = false;
      end += 1;
    }
    this.at = end + 1;
    const inner = text.slice(at + 1, end);
    if (isPlain) return inner;
    if (quote === singleQuote) return inner.replaceAll("''", "'");
    const source = text.slice(at, end + 1);
    if (!jsonText.test(source)) throw new NotPlain();
    return JSON.parse(source) as string;
  }

  /** A plain scalar of a block: the rest of the line, or what stands before a colon. */
  plain(): string {
    const { text, at } = this;
    checkBegin(text, at);
    let end = at;
    for (; ; end += 1) {
      const code = text.charCodeAt(end);
      // Letters and most else, before anything is compared one by one.
      if (code > colon) continue;
      if (code === lineFeed || Number.isNaN(code)) break;
      if (code === hash && text.charCodeAt(end - 1) === space) break;
      if (code !== colon || !isBlank(text.charCodeAt(end + 1))) continue;
      if (text.charCodeAt(end - 1) === space) throw new NotPlain();
      break;
    }
    return this.#upTo(end);
  }

  /** A plain scalar between brackets. */
  plainBetween(): string {
    const { text, at } = this;
    checkBegin(text, at);
    let end = at;
    for (; ; end += 1) {
      const code = text.charCodeAt(end);
      if (isLetterOrDigit(code)) continue;
      if (code === lineFeed || code === comma || isBracket(code) || Number.isNaN(code)) break;
      if (code === hash && text.charCodeAt(end - 1) === space) break;
      if (code !== colon) continue;
      const next = text.charCodeAt(end + 1);
      if (isBlank(next)) break;
      if (next === comma || isBracket(next)) throw new NotPlain();
    }
    return this.#upTo(end);
  }

  /** From here to there, without the spaces at its end. */
  #upTo(end: number): string {
    const { text, at } = this;
    let last = end;
    while (text.charCodeAt(last - 1) === space) last -= 1;
    if (text.charCodeAt(last - 1) > lastOfAscii && /\s/.test(text[last - 1]!)) throw new NotPlain();
    this.at = last;
    return text.slice(at, last);
  }
}

/** A text of a megabyte can lie outside the heap, and code that is not yet fully compiled calls for each character of it. */
function inHeap(text: string): string {
  const middle = text.length >> 1;
  return [text.slice(0, middle), text.slice(middle)].join('');
}

/** Also where there is no character: before the text and behind it. */
function isBlank(code: number): boolean {
  return code === space || code === lineFeed || Number.isNaN(code);
}

function isBracket(code: number): boolean {
  return code === openBracket || code === closeBracket || code === openBrace || code === closeBrace;
}

function isLetterOrDigit(code: number): boolean {
  // A capital letter and its small one differ by one bit.
  const small = code | 0x20;
  return (small >= 0x61 && small <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

function checkBegin(text: string, at: number): void {
  const code = text.charCodeAt(at);
  if (isLetterOrDigit(code) || code === slash) return;
  indicator.lastIndex = at;
  if (indicator.test(text)) throw new NotPlain();
}
