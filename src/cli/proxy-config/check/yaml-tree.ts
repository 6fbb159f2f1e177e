/** YAML with the line of each value, for files of other products. */
import { isMap, isNode, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { UnreadableFileError } from './finding.ts';

/** A value and its position; any key can be requested, even a missing one. */
export class YamlTree {
  readonly line: number;
  readonly #node: unknown;
  readonly #lines: LineCounter;

  constructor(node: unknown, lines: LineCounter, line: number) {
    this.#node = node;
    this.#lines = lines;
    this.line = isNode(node) && node.range != null ? lines.linePos(node.range[0]).line : line;
  }

  get(key: string): YamlTree | null {
    if (!isMap(this.#node)) return null;
    const pair = this.#node.items.find((item) => String(item.key) === key);
    return pair === undefined ? null : new YamlTree(pair.value, this.#lines, this.line);
  }

  at(...keys: readonly string[]): YamlTree | null {
    return keys.reduce<YamlTree | null>((tree, key) => tree?.get(key) ?? null, this);
  }

  get entries(): readonly (readonly [string, YamlTree])[] {
    if (!isMap(this.#node)) return [];
    return this.#node.items.map(
      ({ key, value }) => [String(key), new YamlTree(value, this.#lines, this.line)] as const,
    );
  }

  get items(): readonly YamlTree[] {
    return isSeq(this.#node) ? this.#node.items.map((item) => new YamlTree(item, this.#lines, this.line)) : [];
  }

  /** Undefined for maps and lists. */
  get value(): unknown {
    return isMap(this.#node) || isSeq(this.#node) || !isNode(this.#node) ? undefined : this.#node.toJSON();
  }

  get text(): string {
    const { value } = this;
    return value === undefined || value === null ? '' : String(value);
  }

  get texts(): readonly string[] {
    return this.items.map(({ text }) => text);
  }

  /** Every value below, including this one. */
  *all(): Generator<YamlTree> {
    yield this;
    for (const [, below] of this.entries) yield* below.all();
    for (const item of this.items) yield* item.all();
  }
}

export function readYamlTrees(text: string): readonly YamlTree[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if ('empty' in documents) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new UnreadableFileError(error.message.split('\n', 1)[0]!);
    return new YamlTree(document.contents, lines, 1);
  });
}
