/**
 * What is wrong with the language of a page: house words, words that are written twice, paragraphs that begin with "How" but are not questions,
 * and sentences that are too long.
 * Code is not prose: neither blocks and spans of Markdown, nor the keys and values between the comments of YAML. Of a program, its texts are
 * read for house words.
 */
import { houseWords } from './house-words.ts';

const maxSentence = 40;
/** Of a program: comments, regular expressions, and literals. */
const tokens =
  /(\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*|(?<=[(=,:&|?!]\s*)\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/;

/** One line per find: `path:line: what`. */
export function proseFaults(path: string, text: string): string[] {
  const prose = proseOf(path, text);
  const lineAt = (index: number) => prose.slice(0, index).split('\n').length;
  const found: string[] = [];
  for (const { pattern, say } of houseWords) {
    for (const { 0: words, index } of prose.matchAll(pattern)) {
      found.push(`${path}:${lineAt(index)}: "${words.replaceAll(/\s+/g, ' ')}": say ${say}`);
    }
  }
  if (path.endsWith('.ts')) return found;
  for (const { 1: word, index } of prose.matchAll(/\b([a-z]+)[ \t]*[\n ][ \t]*\1\b/gi)) {
    found.push(`${path}:${lineAt(index)}: "${word}" twice`);
  }
  if (path.endsWith('.md')) {
    for (const { index } of prose.matchAll(/(?<=\n\n)How [^.?]*\./g)) {
      found.push(`${path}:${lineAt(index)}: "How …" is not a sentence: give it a subject and a verb`);
    }
    for (const { words, line } of sentencesOf(prose)) {
      if (words > maxSentence) found.push(`${path}:${line}: a sentence of ${words} words`);
    }
  }
  return found;
}

function proseOf(path: string, text: string): string {
  if (path.endsWith('.md')) return proseOfMarkdown(text);
  return path.endsWith('.ts') ? textsOf(text) : proseOfYaml(text);
}

/** Literals of more than one word; a word alone is a name. */
function textsOf(program: string): string {
  const parts = program.split(tokens);
  return parts.map((part) => (/^['"`]/.test(part) && part.includes(' ') ? part : hidden(part))).join('');
}

/** A program without comments and literals, except the values in templates; places stay as they are. */
export function codeOf(program: string): string {
  return program
    .split(tokens)
    .map((part, index) => {
      if (index % 2 === 0) return part;
      const pieces = part.startsWith('`') ? part.split(/(\$\{[^{}`]*\})/) : [part];
      return pieces.map((piece, at) => (at % 2 === 0 ? hidden(piece) : codeOf(piece))).join('');
    })
    .join('');
}

/** The same text, with blank lines for blocks, and a dot for each character of code, so that places stay as they are. */
function proseOfMarkdown(text: string): string {
  return text
    .replaceAll(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\2 *$/gm, (block) => block.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, hidden)
    .replaceAll(/(?<=\])\([^)\s]*\)/g, hidden);
}

function proseOfYaml(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const [, before = line, comment = ''] = /^(.*?(?:^|\s)#+)( .*)?$/.exec(line) ?? [];
      return `${/^\s*#+$/.test(before) ? ' '.repeat(before.length) : hidden(before)}${comment}`;
    })
    .join('\n');
}

const hidden = (code: string) => code.replaceAll(/[^\n]/g, '·');

/** Sentences of paragraphs and items of lists, each at the line on which it ends; tables and headings hold none. */
function sentencesOf(prose: string): { words: number; line: number }[] {
  const sentences: { words: number; line: number }[] = [];
  let words = 0;
  const end = (line: number) => {
    sentences.push({ words, line });
    words = 0;
  };
  for (const [index, line] of prose.split('\n').entries()) {
    if (/^\s*(?:[|#]|[-*] |\d+\. |$)/.test(line)) end(index);
    if (/^\s*[|#]/.test(line)) continue;
    for (const part of line.split(/(?<=[.!?:])\s+/)) {
      words += part.match(/[a-z][\w'’-]*|·+/gi)?.length ?? 0;
      if (/[.!?:]$/.test(part)) end(index + 1);
    }
  }
  end(prose.split('\n').length);
  return sentences;
}
