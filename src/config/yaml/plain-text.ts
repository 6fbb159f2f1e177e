/**
 * Where a plain file is being read: lines and columns, spaces, comments and single scalars. Whatever is not as plain as
 * that, or a mistake, is left to the library (`NotPlain`).
 */
import { NotPlain } from './not-plain.ts';

/** Tabs, carriage returns and byte order marks have rules of their own, and other control characters are mistakes. */
const odd = /[\u0000-\u0009\u000b-\u001f\u007f\ufeff]/;
/** How plain scalars begin that need no second look. */
const usual = /[A-Za-z0-9/_]/y;
/** How a plain scalar may not begin: indicators (YAML 1.2.2 section 5.3), some of them only before a space, the end of a line or another one. */
const indicator = /[[\]{},#&*!|>'"%@`]|[-?:](?:[ \n,[\]{}]|$)/y;

export const dash = 0x2d;
export const colon = 0x3a;
const space = 0x20;
const lineFeed = 0x0a;
const hash = 0x23;

/** Between double quotes with no escapes but those that mean the same in JSON (YAML 1.2.2 section 5.7, RFC 8259 section 7). */
const jsonText = /^"(?:[^\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"$/;

/** Where a plain scalar between brackets may end. */
const ending = /[\n,[\]{}#:]/g;

export class PlainText {
  readonly text: string;
  at = 0;
  /** Of the content at `at`, where it is the first of its line; -1 at the end of the text. */
  column = -1;
  #lineStart = 0;

  constructor(text: string) {
    if (odd.test(text)) throw new NotPlain();
    this.text = text;
    this.#findContent();
  }

  /** Column of `at`. */
  get here(): number {
    return this.at - this.#lineStart;
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
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end + 1;
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

  /** A text between quotes, of one line. */
  quoted(): string {
    const { text, at } = this;
    const quote = text[at]!;
    const goesOn = quote === "'" ? isDoubled : isEscaped;
    let end = text.indexOf(quote, at + 1);
    while (end >= 0 && goesOn(text, end)) end = text.indexOf(quote, quote === "'" ? end + 2 : end + 1);
    if (end < 0) throw new NotPlain();
    const source = text.slice(at, end + 1);
    if (source.includes('\n')) throw new NotPlain();
    this.at = end + 1;
    if (quote === "'") return source.slice(1, -1).replaceAll("''", "'");
    if (!source.includes('\\')) return source.slice(1, -1);
    if (!jsonText.test(source)) throw new NotPlain();
    return JSON.parse(source) as string;
  }

  /** A plain scalar of a block: the rest of the line, or what stands before a colon. */
  plain(): string {
    const { text, at } = this;
    checkBegin(text, at);
    const lineEnd = text.indexOf('\n', at);
    let line = lineEnd < 0 ? text.slice(at) : text.slice(at, lineEnd);
    const comment = line.indexOf(' #');
    if (comment >= 0) line = line.slice(0, comment);
    line = line.trimEnd();
    const colon = line.indexOf(': ');
    if (colon >= 0) line = line.slice(0, colon);
    else if (line.endsWith(':')) line = line.slice(0, -1);
    this.at = at + line.length;
    if (line.endsWith(' ')) throw new NotPlain();
    return line;
  }

  /** A plain scalar between brackets. */
  plainBetween(): string {
    const { text, at } = this;
    checkBegin(text, at);
    let end = at;
    for (; ; end += 1) {
      ending.lastIndex = end;
      end = ending.test(text) ? ending.lastIndex - 1 : text.length;
      const character = text[end];
      if (character === '#' && text[end - 1] !== ' ') continue;
      if (character !== ':') break;
      if (isBlank(text.charCodeAt(end + 1))) break;
      if (',[]{}'.includes(text[end + 1]!)) throw new NotPlain();
    }
    const source = text.slice(at, end).trimEnd();
    this.at = at + source.length;
    return source;
  }
}

/** Also where there is no character: before the text and behind it. */
function isBlank(code: number): boolean {
  return code === space || code === lineFeed || Number.isNaN(code);
}

function isDoubled(text: string, at: number): boolean {
  return text[at + 1] === "'";
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes += 1;
  return slashes % 2 === 1;
}

function checkBegin(text: string, at: number): void {
  usual.lastIndex = at;
  if (usual.test(text)) return;
  indicator.lastIndex = at;
  if (indicator.test(text)) throw new NotPlain();
}
