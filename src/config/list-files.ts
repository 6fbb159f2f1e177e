/**
 * Lists in separate files, which conditions refer to by `{ file: ... }`: one entry per line; lines that begin with `#` are comments. Each
 * file is read once, for any number of conditions, and its problems have line numbers.
 */
import { createHash } from 'node:crypto';
import { prepareList } from '../core/policy/alike.ts';
import { type AddressList, addressList, type ListFile } from '../core/policy/list-file.ts';
import { parseCidr } from '../core/syntax/addresses.ts';
import type { FileReaders, FileText } from './config-files.ts';
import { Problem } from './problem.ts';
import type { ConfigProblem } from './yaml/problem.ts';

const maxEntries = 100_000;
const maxFiles = 64;
const maxEntry = 1024;
/** Maximum reported problems of one file. */
const maxProblems = 100;
const maxRepeated = 20;
/** Maximum length of a list that is searched for the line of an address. */
const maxSearched = 10_000;

/** The place of a name in a file of the configuration. */
interface NamedAt {
  readonly file: { readonly ownsLists: boolean };
  report(message: string, hint: string | null): void;
}

/** An entry in the form of comparison, or why it is invalid. */
export type ReadEntry = (text: string) => string | Problem;

export interface TextList {
  readonly literals: ReadonlySet<string>;
  readonly list: ListFile;
}

export class ListFiles {
  readonly #read: NonNullable<FileReaders['readList']>;
  readonly #files = new Map<string, FileText | Problem>();
  readonly #texts = new Map<string, TextList>();
  readonly #addresses = new Map<string, AddressList>();
  readonly #problems: ConfigProblem[] = [];

  constructor(read: FileReaders['readList'] = noLists) {
    this.#read = read;
  }

  /** Texts of those that can be read. */
  get contents(): readonly string[] {
    return [...this.#files.values()].flatMap((file) => ('text' in file ? [file.text] : []));
  }

  /** Problems of the files themselves, in the order of their lines. */
  problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** `kind`: how entries are read. Null: it cannot be read, and that was reported at `at`. */
  texts(name: string, kind: string, read: ReadEntry, at: NamedAt): TextList | null {
    const source = this.#open(name, at);
    if (source === null) return null;
    const key = `${kind} ${source.file}`;
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const { entries, lines, ...about } = this.#entriesOf(source, (text) => {
      const entry = text.startsWith('#') ? '' : text;
      return entry === '' ? null : read(entry);
    });
    const literals = new Set(entries);
    prepareList(literals);
    const lineOf = (text: string) => {
      if (!literals.has(text)) return null;
      let at = 0;
      for (const literal of literals) {
        if (literal === text) break;
        at += 1;
      }
      return lines[at] ?? null;
    };
    const result = { literals, list: { name, entries: entries.length, ...about, lineOf } };
    this.#texts.set(key, result);
    return result;
  }

  /** Addresses and ranges; a `#` after a blank also starts a comment. */
  addresses(name: string, at: NamedAt): AddressList | null {
    const source = this.#open(name, at);
    if (source === null) return null;
    const known = this.#addresses.get(source.file);
    if (known !== undefined) return known;
    const { entries, lines, ...about } = this.#entriesOf(source, (text) => {
      const entry = text.replace(/(?:^|\s)#.*$/, '').trim();
      if (entry === '') return null;
      return parseCidr(entry) === null
        ? new Problem('expected an address or a range such as 10.0.0.0/8', 'without bits beyond its prefix')
        : entry;
    });
    const lineOf = (address: string) => {
      if (entries.length > maxSearched) return null;
      const at = entries.findIndex((range) => addressList([range]).contains(address));
      return lines[at] ?? null;
    };
    const result = addressList(entries, { name, entries: entries.length, ...about, lineOf });
    this.#addresses.set(source.file, result);
    return result;
  }

  #open(name: string, at: NamedAt): FileText | null {
    const { ownsLists } = at.file;
    const key = `${ownsLists ? 'own' : 'included'} ${name}`;
    let source = this.#files.get(key);
    if (source === undefined) {
      source = this.#files.size < maxFiles ? this.#read(name, ownsLists) : new Problem(`more than ${maxFiles} lists`);
      this.#files.set(key, source);
    }
    // A problem from another process is plain data.
    if (!('message' in source)) return source;
    at.report(source.message, source.hint);
    return null;
  }

  /** Each entry once, and the line of each. `read`: null for a line without an entry. */
  #entriesOf(
    { file, text }: FileText,
    read: (line: string) => string | Problem | null,
  ): Pick<ListFile, 'digest' | 'repeated'> & { readonly entries: readonly string[]; readonly lines: Uint32Array } {
    const first = new Map<string, number>();
    const repeated: { line: number; earlier: number }[] = [];
    let problems = 0;
    const report = (line: number, message: string, hint: string | null = null) => {
      problems += 1;
      if (problems > maxProblems) return;
      this.#problems.push({ file, line, column: 1, message, hint, frame: '' });
    };
    let at = 0;
    for (let start = 0; start < text.length; at += 1) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      const line = at + 1;
      const entry = end - start > 4 * maxEntry ? tooLong : read(text.slice(start, end).trim());
      start = end + 1;
      if (entry === null) continue;
      if (entry instanceof Problem) report(line, entry.message, entry.hint);
      else if (entry.length > maxEntry) report(line, tooLong.message);
      else {
        const earlier = first.get(entry);
        if (earlier === undefined) first.set(entry, line);
        else if (repeated.length < maxRepeated) repeated.push({ line, earlier });
      }
      if (first.size <= maxEntries) continue;
      report(line, `more than ${maxEntries.toLocaleString('en-US')} entries`, 'keep a larger list in a service');
      break;
    }
    if (problems > maxProblems) {
      const message = `${problems - maxProblems} further lines of this list have problems`;
      this.#problems.push({ file, line: 1, column: 1, message, hint: null, frame: '' });
    }
    const entries = [...first.keys()];
    const digest = createHash('sha256').update(entries.toSorted().join('\n')).digest('base64url');
    return { entries, lines: Uint32Array.from(first.values()), digest, repeated };
  }
}

const tooLong = new Problem(`an entry has at most ${maxEntry} characters`);

/** For a text without a file, or with unknown files. */
const noLists = () => new Problem('no list can be read here', 'load the configuration from a file');
