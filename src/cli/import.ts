/** `rolegate import`: converts rules of another tool into a configuration with tests, and lists what was not imported. */
import { readFileSync, statSync } from 'node:fs';
import type { Document } from 'yaml';
import type { Config } from '../config/config.ts';
import { formatProblems } from '../config/format-problems.ts';
import { parseConfig } from '../config/parse-config.ts';
import { parseOrigin } from '../config/units/parse-origin.ts';
import type { FormatName } from '../policy-tools/import/format-names.ts';
import { type ImportedPolicy, importPolicy } from '../policy-tools/import/import-policy.ts';
import { importReport } from '../policy-tools/import/import-report.ts';
import { testsFor, writeTests } from '../policy-tools/import/imported-tests.ts';
import { maxSource, SourceError, type SourceText } from '../policy-tools/import/source-text.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { writeNewFile } from './write-new-file.ts';

export interface ImportCommandOptions {
  readonly from?: FormatName;
  readonly out?: string;
  readonly upstream?: string;
  readonly auth?: string;
}

const maxFiles = 1000;

/** `files`: none, or `-`: standard input. */
export async function importRules(files: readonly string[], options: ImportCommandOptions): Promise<ExitCode> {
  const imported = await readAll(files.length === 0 ? ['-'] : files, options);
  process.stderr.write(importReport(imported));
  const { document } = imported;
  writeTests(document, testsFor(compiled(document)));
  const text = textOf(document);
  compiled(document);
  if (options.out === undefined) process.stdout.write(text);
  else writeNewFile(options.out, text);
  return ExitCode.fine;
}

async function readAll(files: readonly string[], options: ImportCommandOptions): Promise<ImportedPolicy> {
  if (files.length > maxFiles) throw usageError(`rolegate: more than ${maxFiles} files`);
  try {
    const { from = null, upstream = null, auth = null } = options;
    const sources = [];
    for (const file of files) sources.push(await readFile(file));
    return importPolicy(sources, { from, upstream: originOf(upstream), auth });
  } catch (error) {
    if (error instanceof SourceError) throw new CommandError(`rolegate: ${error.message}`);
    throw error;
  }
}

function originOf(upstream: string | null): string | null {
  if (upstream === null) return null;
  const origin = parseOrigin(upstream, '');
  if (typeof origin === 'string') return origin;
  throw usageError('rolegate: expected --upstream as scheme, host and port, such as http://orders:8080');
}

async function readFile(file: string): Promise<SourceText> {
  const name = file === '-' ? 'standard input' : file;
  try {
    const bytes = file === '-' ? await readStandardInput() : readBounded(file);
    return { file: name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`rolegate: ${name} cannot be read as UTF-8 text`);
  }
}

function readBounded(file: string): Uint8Array {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new CommandError(`rolegate: there is no file ${file}`);
  if (!stats.isFile()) throw new CommandError(`rolegate: ${file} is not a file`);
  if (stats.size > maxSource) throw tooLarge(file);
  return readFileSync(file);
}

async function readStandardInput(): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxSource) throw tooLarge('standard input');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooLarge(name: string): CommandError {
  return new CommandError(`rolegate: ${name} is larger than ${maxSource / 1024 / 1024} MiB`);
}

function textOf(document: Document): string {
  return `${document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd()}\n`;
}

/** The output must load; otherwise that is a bug of the import, reported with its position. */
function compiled(document: Document): Config {
  const read = parseConfig(textOf(document), { file: 'the imported configuration', env: {}, readSecret: () => '' });
  if (read.ok) return read.config;
  throw new CommandError(
    `rolegate: the imported configuration does not load, which is a bug in the import\n${formatProblems(read.problems, { color: false })}`,
  );
}
