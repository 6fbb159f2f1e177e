/** Parses a Markdown page as its readers use it: fenced blocks, commands, links, and the anchors that links lead to. */

export interface FencedBlock {
  readonly language: string;
  /** The word after the language: the kind of the text. GitHub does not show it. */
  readonly info: string;
  readonly text: string;
  /** Line of the page on which the fence opens, from 1. */
  readonly line: number;
  /** The file that the preceding line specifies, as in "`gateway.yaml`:". */
  readonly names: string | null;
}

/** Throws if a fence is not closed. */
export function blocksOf(page: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  const lines = page.split('\n');
  for (let i = 0; i < lines.length; i += 1) {
    const opened = /^( *)(`{3,}|~{3,}) *([\w-]*) *(.*)$/.exec(lines[i]!);
    if (opened === null) continue;
    const [, indent = '', fence = '', language = '', info = ''] = opened;
    const end = lines.findIndex((line, at) => at > i && line.trim() === fence);
    if (end === -1) throw new Error(`the fence of line ${i + 1} is left open`);
    const text = lines.slice(i + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const above = lines.slice(0, i).findLast((line) => line.trim() !== '');
    const names = /`([\w./-]+\.\w+|Caddyfile)`:$/.exec(above ?? '')?.[1] ?? null;
    blocks.push({ language, info: info.trim(), text: `${text.join('\n')}\n`, line: i + 1, names });
    i = end;
  }
  return blocks;
}

/** The commands of a shell block, one per line; a line that ends with a backslash continues. Comments are omitted. */
export function commandsOf({ text }: FencedBlock): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The targets of a page's links and images, as written; blocks and code spans contain no links. */
export function linksOf(page: string): string[] {
  const text = withoutCode(page);
  const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const references = [...text.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm)];
  const html = [...text.matchAll(/\b(?:href|src)="([^"]+)"/g)];
  return [...inline, ...references, ...html].map((match) => match[1]!);
}

/** The anchors of a page's headings, as GitHub generates them, and explicit ones. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  const text = withoutBlocks(page);
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const base = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = base;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${base}-${n}`;
    anchors.add(anchor);
  }
  for (const [, id = ''] of text.matchAll(/<[a-z]+ [^>]*\b(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function withoutBlocks(page: string): string {
  return page.replaceAll(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\2 *$/gm, '');
}

function withoutCode(page: string): string {
  return withoutBlocks(page).replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '');
}
