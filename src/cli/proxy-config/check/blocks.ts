/** Parses configurations of words, blocks and comments, as of nginx and Caddy. */
import { UnreadableFileError } from './finding.ts';

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  /** Null: it has no block. */
  readonly block: readonly Directive[] | null;
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted: boolean;
}

const word = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`]*)`|([^\s;{}"'`#][^\s;]*)|([;{}])|(#[^\n]*)|(\n)|(\s)/y;

/** `ends`: what ends a directive. Words of Caddy may contain braces, such as `{uri}`; those of nginx, such as `${x}`. */
function tokens(text: string, ends: ';' | '\n'): Token[] {
  const found: Token[] = [];
  let line = 1;
  let at = 0;
  const push = (part: string, quoted: boolean) => found.push({ text: part, line, quoted });
  while (at < text.length) {
    // A placeholder of Caddy begins with a brace that no blank follows.
    const placeholder = ends === '\n' ? /\{[^\s{}][^{}\s]*\}[^\s]*/y : null;
    if (placeholder !== null) placeholder.lastIndex = at;
    const whole = placeholder?.exec(text)?.[0];
    if (whole !== undefined) {
      push(whole, false);
      at += whole.length;
      continue;
    }
    word.lastIndex = at;
    const match = word.exec(text);
    if (match === null) throw new UnreadableFileError(`line ${line} cannot be read`);
    const [all, double, single, tick, plain, mark, , newline] = match;
    const quotedText = double ?? single ?? tick;
    if (quotedText !== undefined) push(quotedText, true);
    else if (plain !== undefined) {
      // A block of nginx may begin directly after a word.
      const brace = ends === ';' && plain.endsWith('{') && !plain.includes('$') ? plain.length - 1 : plain.length;
      push(plain.slice(0, brace), false);
      if (brace < plain.length) push('{', false);
    } else if (mark !== undefined) push(mark, false);
    else if (newline !== undefined && ends === '\n') push('\n', false);
    line += all.split('\n').length - 1;
    at += all.length;
  }
  return found;
}

export function readBlocks(text: string, ends: ';' | '\n'): readonly Directive[] {
  const all = tokens(text, ends);
  let at = 0;
  const is = (mark: string) => at < all.length && all[at]!.text === mark && !all[at]!.quoted;
  function block(nested: boolean): Directive[] {
    const directives: Directive[] = [];
    while (at < all.length) {
      if (is('}')) {
        if (!nested) throw new UnreadableFileError(`line ${all[at]!.line}: unexpected "}"`);
        at += 1;
        return directives;
      }
      if (is(ends)) {
        at += 1;
        continue;
      }
      directives.push(directive());
    }
    if (nested) throw new UnreadableFileError('a block is not closed');
    return directives;
  }
  function directive(): Directive {
    const { line } = all[at]!;
    const words: string[] = [];
    while (at < all.length && !is(ends) && !is('{') && !is('}')) {
      words.push(all[at]!.text);
      at += 1;
    }
    const [name = '', ...args] = words;
    if (!is('{')) {
      if (is(ends)) at += 1;
      return { name, args, line, block: null };
    }
    at += 1;
    return { name, args, line, block: block(true) };
  }
  return block(false);
}
