/**
 * What is wrong with the language of a page: house words, words that are written twice, and sentences that are too long.
 * Code is not prose: neither blocks and spans of Markdown, nor the keys and values between the comments of YAML.
 */
import { houseWords } from './house-words.ts';

const longestSentence = 40;

/** One line per find: `path:line: what`. */
export function proseFaults(path: string, text: string): string[] {
  const prose = path.endsWith('.md') ? proseOfMarkdown(text) : proseOfYaml(text);
  const lineAt = (index: number) => prose.slice(0, index).split('\n').length;
  const found: string[] = [];
  for (const { pattern, say } of houseWords) {
    for (const { 0: words, index } of prose.matchAll(pattern)) {
      found.push(`${path}:${lineAt(index)}: "${words.replaceAll(/\s+/g, ' ')}": say ${say}`);
    }
  }
  for (const { 1: word, index } of prose.matchAll(/\b([a-z]+)[ \t]*[\n ][ \t]*\1\b/gi)) {
    found.push(`${path}:${lineAt(index)}: "${word}" twice`);
  }
  if (path.endsWith('.md')) {
    for (const { words, line } of sentencesOf(prose)) {
      if (words > longestSentence) found.push(`${path}:${line}: a sentence of ${words} words`);
    }
  }
  return found;
}

/** The same text, with a dot for each character of code, so that places stay as they are. */
function proseOfMarkdown(text: string): string {
  return text
    .replaceAll(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\2 *$/gm, hidden)
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
