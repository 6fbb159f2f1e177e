/**
 * The short way through a long file: the YAML library's own lexer and parser, whose tokens become the tree while they
 * come in. A list of ten thousand routes is never held as tokens, nor as a document of the library.
 */
import { type CST, Lexer, Parser } from 'yaml';
import type { ProblemList } from '../problem.ts';
import { NotPlain } from './not-plain.ts';
import { checkEnd, checkProps } from './plain-props.ts';
import { createPlainTree, type PlainTree } from './plain-tree.ts';
import type { Node } from './tree.ts';

/** Items of a list that are kept as tokens before they are taken. */
const batch = 64;

/** Null: the file is not plain, or has a mistake; nothing has been reported. */
export function readPlainly(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  list: ProblemList,
): Node | null {
  const tree = createPlainTree(env);
  try {
    const document = parse(text, tree);
    if (document?.value?.type !== 'block-map') return null;
    checkProps(document.start, null, true);
    checkEnd(document.end, true);
    const root = tree.build(document.value, 0);
    for (const { name, value } of tree.used) list.conceal(value, `\${${name}}`);
    return root;
  } catch (error) {
    // The end of the stack is told by the other way too.
    if (error instanceof NotPlain || error instanceof RangeError) return null;
    throw error;
  }
}

function parse(text: string, tree: PlainTree): CST.Document | null {
  const parser = new Parser();
  let document: CST.Document | null = null;
  const take = (token: CST.Token): void => {
    if (token.type === 'document' && document === null) document = token;
    else if (token.type !== 'comment' && token.type !== 'newline' && token.type !== 'space') throw new NotPlain();
  };
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) take(token);
    if (lexeme === '-') takeFinished(parser.stack, tree);
  }
  for (const token of parser.end()) take(token);
  return document;
}

/** Of the lists that routes, cases and the like make up; `stack`: from the document to where the parser is. */
function takeFinished(stack: readonly CST.Token[], tree: PlainTree): void {
  for (let at = 2; at <= 4; at += 1) {
    const token = stack[at];
    if (token?.type === 'block-seq' && token.items.length > batch) tree.takeFinished(token, at - 1);
  }
}
