/**
 * Reads YAML or JSON of other tools as plain trees that keep their line numbers. Mappings become maps, never objects, so no key has
 * a special meaning. Size, depth and expanded aliases are bounded.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
} from 'yaml';

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

export interface SourceNode {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly value: string | number | boolean | null | readonly SourceNode[] | ReadonlyMap<string, SourceNode>;
}

/** An error about an input file, with file and line. */
export class SourceError extends Error {}

/** Maximum size of one file, in UTF-16 units. */
export const maxSource: number = 16 * 1024 * 1024;
const deepest = 64;
/** Maximum nodes of one file, with aliases expanded. */
const maxNodes = 1_000_000;

/** The documents of a file that are not empty. Throws `SourceError`. */
export function readSource({ file, text }: SourceText): readonly SourceNode[] {
  if (text.length > maxSource) throw new SourceError(`${file}: larger than ${maxSource / 1024 / 1024} MiB`);
  const lines = new LineCounter();
  const builder = new Builder(file, lines);
  return parse(file, text, lines).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      if (error.code === 'RESOURCE_EXHAUSTION') throw new SourceError(`${file}: nested too deeply`);
      const [what = ''] = error.message.split(/\n|: "/, 1);
      const templated = /\{\{/.test(text) ? '; templates must be rendered first' : '';
      throw new SourceError(`${file}:${lines.linePos(error.pos[0]).line}: ${what.slice(0, 200)}${templated}`);
    }
    const { contents } = document;
    return contents === null || (isScalar(contents) && contents.value === null) ? [] : [builder.build(contents, 0)];
  });
}

function parse(file: string, text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  try {
    const documents = parseAllDocuments(text, {
      lineCounter,
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    return Array.isArray(documents) ? documents : [];
  } catch {
    // The parser is recursive. The only error that it throws is a stack overflow.
    throw new SourceError(`${file}: nested too deeply`);
  }
}

class Builder {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, ParsedNode | null>();
  #nodes = 0;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  build(node: ParsedNode | null, depth: number, at = 0): SourceNode {
    const offset = node?.range[0] ?? at;
    const { line } = this.#lines.linePos(offset);
    const fail = (what: string): never => {
      throw new SourceError(`${this.#file}:${line}: ${what}`);
    };
    this.#nodes += 1;
    if (this.#nodes > maxNodes) fail(`more than ${maxNodes} values`);
    if (depth > deepest) fail(`nested deeper than ${deepest} levels`);
    const nodeWith = (value: SourceNode['value']): SourceNode => ({ file: this.#file, line, value });
    if (node === null) return nodeWith(null);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined || target === null) return fail(`the alias *${node.source} has no anchor`);
      return this.build(target, depth + 1, offset);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, null);
    const value = this.#valueOf(node, depth, offset, fail);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    return nodeWith(value);
  }

  #valueOf(node: ParsedNode, depth: number, offset: number, fail: (what: string) => never): SourceNode['value'] {
    if (isSeq(node)) return node.items.map((item) => this.build(item as ParsedNode | null, depth + 1, offset));
    if (!isMap(node)) return scalarOf(node as Scalar.Parsed);
    const entries = new Map<string, SourceNode>();
    const merged: SourceNode[] = [];
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? scalarText(key) : fail('a key is not plain text');
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
        merged.push(this.build(value as ParsedNode | null, depth + 1, key.range[0]));
        continue;
      }
      if (entries.has(name)) fail(`the key "${printable(name)}" is repeated`);
      entries.set(name, this.build(value as ParsedNode | null, depth + 1, key?.range[0] ?? offset));
    }
    // Keys of the mapping itself take precedence over those of a merge key (https://yaml.org/type/merge.html).
    for (const source of merged.flatMap(({ value }) => (Array.isArray(value) ? value : [{ value }]))) {
      if (!(source.value instanceof Map)) fail('the merge key "<<" requires a mapping');
      for (const [name, value] of source.value) if (!entries.has(name)) entries.set(name, value);
    }
    return entries;
  }
}

function scalarText({ value, source }: Scalar.Parsed): string {
  return typeof value === 'string' ? value : source;
}

function scalarOf({ value }: Scalar.Parsed): string | number | boolean | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Foreign text made safe for a terminal and a comment: one line, no control characters, limited length. */
export function printable(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}
