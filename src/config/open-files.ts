/** Opens the files of a configuration: each is read by its schema, with its own problems. */
import { basename } from 'node:path';
import { Location } from './checks/location.ts';
import type { RuleFile, Team } from './checks/rule-file.ts';
import { type FileReaders, type FileText, type FoundTexts, maxFiles } from './config-files.ts';
import { ListFiles } from './list-files.ts';
import { Problem } from './problem.ts';
import { readValue } from './read-value.ts';
import type { Schema } from './schema/metadata.ts';
import type { Parts } from './schema/refine.ts';
import { secretKeysOf } from './schema/secret-keys.ts';
import { maxTeams } from './schema/teams.ts';
import {
  type ConfigFile,
  configSchema,
  type IncludedFile,
  includedSchema,
  type TestFile,
  testFileSchema,
} from './schema.ts';
import { createLineIndex } from './yaml/line-index.ts';
import { type Concealed, type ConfigProblem, createProblemList, type ProblemList } from './yaml/problem.ts';
import { maxFile, readYaml } from './yaml/read-yaml.ts';
import type { Variables } from './yaml/substitute-env.ts';

export interface OpenOptions extends Variables, Pick<FileReaders, 'readSecret'> {
  /** Of the whole configuration; if unset: it can use none. */
  readonly lists?: ListFiles;
  /** If unset: it is the main file. */
  readonly ownsLists?: boolean;
  /** Of the whole configuration; if unset: of this file. */
  readonly concealed?: Concealed;
}

/** A file without problems of shape. */
export interface OpenedFile<File> {
  readonly at: Location;
  readonly content: File;
}

interface ReadFile<File> {
  readonly list: ProblemList;
  /** Null: it is no mapping. Parts with problems are undefined; without problems, it is complete. */
  readonly read: { readonly at: Location; readonly parts: Parts<File> } | null;
}

export interface OpenedConfig extends OpenedFile<ConfigFile> {
  /** The main file and those that it includes. */
  readonly files: readonly RuleFile[];
  /** Files with tests alone. */
  readonly testFiles: readonly RuleFile[];
  readonly lists: ListFiles;
  /** The main file first, each in its order; then those of lists. */
  problems(): readonly ConfigProblem[];
}

/** Those of `include` and those of teams. */
const maxPatterns = 32 + maxTeams;
const maxCharacters = 64 * 1024 * 1024;

const noFile = new Problem('a configuration that is not a file cannot include files', 'load it from a file');

/** Or its problems of shape. */
export function openFile<File>(
  schema: Schema,
  { file, text }: FileText,
  options: OpenOptions,
): OpenedFile<File> | readonly ConfigProblem[] {
  const { list, read } = readFile<File>(schema, { file, text }, options);
  return read === null || list.count() > 0 ? list.problems() : { at: read.at, content: read.parts as File };
}

function readFile<File>(
  schema: Schema,
  { file, text }: FileText,
  { readSecret, lists = new ListFiles(), ownsLists = true, concealed, ...variables }: OpenOptions,
): ReadFile<File> {
  // For a file that is too large to parse, no line is shown either: finding it would take longer than everything else.
  const content = text.length > maxFile ? '' : text;
  const lines = createLineIndex(content);
  const list = createProblemList(file, content, lines, secretKeysOf(schema), concealed);
  const root = readYaml(text, variables, list);
  const parts = root === null ? undefined : readValue(schema, root, list);
  if (root === null || parts === undefined) return { list, read: null };
  const at = new Location({ root, lines, list, readSecret, lists, ownsLists });
  return { list, read: { at, parts: parts as Parts<File> } };
}

/** The main file and all further ones; or the problems of shape of all of them. */
export function openConfig(
  main: FileText,
  { readIncluded, readList, readTests, ...options }: Variables & FileReaders,
): OpenedConfig | readonly ConfigProblem[] {
  const lists = new ListFiles(readList);
  const concealed: Concealed = new Map();
  const { list, read } = readFile<ConfigFile>(configSchema, main, { ...options, lists, concealed });
  if (read === null) return list.problems();
  const { at, parts } = read;
  const { include = [], includedVariables = [], teams = {} } = parts;
  // Other people may write these: they may use a variable, which can be a secret, only if the main file lists it.
  const allowed = new Set(includedVariables.filter((name) => name !== undefined));
  const shared = { ...options, lists, concealed, ownsLists: false, allowed };
  const teamsAt = at.at('teams');
  const patterns = [
    ...include.map((pattern, index) => ({ pattern, at: at.at('include', index), team: null })),
    ...Object.entries(teams).map(([team, entry]) => ({
      pattern: entry?.include,
      at: teamsAt.at(team, 'include'),
      team,
    })),
  ];
  const texts = findIncluded(patterns, readIncluded);
  const included = texts.map((one) => ({ ...one, ...readFile<IncludedFile>(includedSchema, one, shared) }));
  const foundTests = readTests?.([main, ...texts].map(({ file }) => file)) ?? [];
  if ('message' in foundTests) at.report(foundTests.message, foundTests.hint);
  const testTexts = 'message' in foundTests ? [] : foundTests;
  const tests = testTexts.map((one) => ({ ...one, ...readFile<TestFile>(testFileSchema, one, shared) }));
  const problems = () => [list, ...[...included, ...tests].map((one) => one.list)].flatMap((one) => one.problems());
  if (problems().length > 0) return problems();
  const content = parts as ConfigFile;
  const ofTeams = new Map<string | null, Team>();
  for (const [name, entry] of Object.entries(content.teams))
    ofTeams.set(name, { name, at: teamsAt.at(name), mainFile: main.file, ...entry });
  return {
    at,
    content,
    files: [
      { file: main.file, at, routes: content.routes, tests: content.tests, testsAt: at.at('tests'), team: null },
      ...included.map(({ file, read: opened, team: name }): RuleFile => {
        const { at: there, parts: own } = opened!;
        const { routes, tests } = own as IncludedFile;
        return { file, at: there, routes, tests, testsAt: there.at('tests'), team: ofTeams.get(name) ?? null };
      }),
    ],
    testFiles: tests.map(({ file, read: opened }) => {
      const { at: there, parts: own } = opened!;
      return { file, at: there, routes: [], tests: own as TestFile, testsAt: there, team: null };
    }),
    lists,
    problems: () => [...problems(), ...lists.problems()],
  };
}

interface IncludePattern {
  /** Undefined: it has a problem. */
  readonly pattern: string | undefined;
  readonly at: Location;
  /** Null: its files have no limits. */
  readonly team: string | null;
}

/** The files of all patterns, each once and of one team, within bounds. */
function findIncluded(
  patterns: readonly IncludePattern[],
  read: ((pattern: string) => FoundTexts) | undefined,
): readonly (FileText & Pick<IncludePattern, 'team'>)[] {
  const texts = new Map<string, FileText & Pick<IncludePattern, 'team'>>();
  let characters = 0;
  for (const { pattern, at, team } of patterns.slice(0, maxPatterns)) {
    if (pattern === undefined) continue;
    const listing = read?.(pattern) ?? noFile;
    if ('message' in listing) {
      at.report(listing.message, listing.hint);
      continue;
    }
    for (const one of listing) {
      const other = texts.get(one.file);
      if (other !== undefined) {
        if (other.team !== team)
          at.report(`${basename(one.file)} is also ${ownerOf(other.team)}`, 'each file is included once');
        continue;
      }
      characters += one.text.length;
      if (texts.size >= maxFiles || characters > maxCharacters) {
        at.report(`more than ${maxFiles} files, or ${maxCharacters / 1024 / 1024} MiB, are included`);
        break;
      }
      texts.set(one.file, { ...one, team });
    }
  }
  return [...texts.values()];
}

function ownerOf(team: string | null): string {
  return team === null ? 'included without a team' : `a file of the team "${team}"`;
}
