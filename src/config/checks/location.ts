/** A position in a configuration file, by its path, for semantic checks and their reports. */
import type { FileReaders } from '../config-files.ts';
import type { ListFiles } from '../list-files.ts';
import { didYouMean, nameHint } from '../nearest-name.ts';
import type { LineIndex } from '../yaml/line-index.ts';
import type { ConfigProblem, ProblemList } from '../yaml/problem.ts';
import { findNode, keyOffsetAt, type Node, nodeAt, type Path } from '../yaml/tree.ts';

export interface LocatedFile {
  readonly root: Node;
  readonly lines: LineIndex;
  readonly list: ProblemList;
  readonly readSecret: FileReaders['readSecret'];
  readonly lists: ListFiles;
  /** It may use lists anywhere; other files only below the folder of the main file. */
  readonly ownsLists: boolean;
}

export class Location {
  readonly file: LocatedFile;
  readonly #path: Path;

  constructor(file: LocatedFile, path: Path = []) {
    this.file = file;
    this.#path = path;
  }

  /** A place below this one. */
  at(...steps: Path): Location {
    return new Location(this.file, [...this.#path, ...steps]);
  }

  /** Reports a problem of the value. */
  report(message: string, hint: string | null = null): void {
    this.file.list.report(this.#offset(false), message, hint);
  }

  /** Reports a problem of the key at the end of the path. */
  reportKey(message: string, hint: string | null = null): void {
    this.file.list.report(this.#offset(true), message, hint);
  }

  /** A problem of the value, or with `ofKey` of the key at the end of the path, that is not reported here. */
  problem(message: string, hint: string | null, ofKey = false): ConfigProblem {
    return this.file.list.describe(this.#offset(ofKey), message, hint);
  }

  /** Whether the file itself has this key. */
  get isWritten(): boolean {
    return findNode(this.file.root, this.#path) !== null;
  }

  /** Whether the value is the author's own text, without a variable in it, so that a message may show it. */
  get isOwn(): boolean {
    const node = nodeAt(this.file.root, this.#path);
    return node.kind !== 'scalar' || !node.substituted;
  }

  /** Keys of the mapping, as written; null if it is not a mapping. */
  get keys(): readonly string[] | null {
    const node = findNode(this.file.root, this.#path);
    return node?.kind === 'map' ? [...node.entries.keys()] : null;
  }

  get line(): number {
    return this.file.lines.position(this.#offset(false)).line;
  }

  /** The name in quotes, or "this value" if it came from a variable. */
  quote(name: string): string {
    return this.isOwn ? `"${name}"` : 'this value';
  }

  /** The nearest known name; nothing for a name that came from a variable. */
  didYouMean(name: string, known: Iterable<string>): string | null {
    return this.isOwn ? didYouMean(name, known) : null;
  }

  /** The nearest known name, or all of them; nothing for a name that came from a variable. */
  nearest(name: string, known: Iterable<string>): string | null {
    return this.isOwn ? nameHint(name, known) : null;
  }

  #offset(ofKey: boolean): number {
    const { root } = this.file;
    return ofKey ? keyOffsetAt(root, this.#path) : nodeAt(root, this.#path).offset;
  }
}
