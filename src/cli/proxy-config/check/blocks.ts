/** Parses a configuration of nginx: words, blocks and comments. */
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

const word = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;{}"'#][^\s;]*)|([;{}])|#[^\n]*|\s+/y;

function tokens(text: string): Token[] {
  const list: Token[] = [];
  let line = 1;
  let at = 0;
  const push = (part: string, quoted: boolean) => list.push({ text: part, line, quoted });
  while (at < text.length) {
    word.lastIndex = at;
    const match = word.exec(text);
    if (match === null) throw new UnreadableFileError(`line ${line} cannot be read`);
    const [all, double, single, plain, mark] = match;
    const quotedText = double ?? single;
    if (quotedText !== undefined) push(quotedText, true);
    else if (plain !== undefined) {
      // A block may begin directly after a word, which may itself contain braces, such as `${x}`.
      const brace = plain.endsWith('{') && !plain.includes('$') ? plain.length - 1 : plain.length;
      push(plain.slice(0, brace), false);
      if (brace < plain.length) push('{', false);
    } else if (mark !== undefined) push(mark, false);
    line += all.split('\n').length - 1;
    at += all.length;
  }
  return list;
}

export function readBlocks(text: string): readonly Directive[] {
  const all = tokens(text);
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
      if (is(';')) {
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
    while (at < all.length && !is(';') && !is('{') && !is('}')) {
      words.push(all[at]!.text);
      at += 1;
    }
    const [name = '', ...args] = words;
    if (!is('{')) {
      if (is(';')) at += 1;
      return { name, args, line, block: null };
    }
    at += 1;
    return { name, args, line, block: block(true) };
  }
  return block(false);
}
