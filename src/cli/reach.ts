/** `rolegate reach`: what a role, or an identity of the tests, can reach. */
import { type Reach, showReach } from '../app/show-reach.ts';
import type { ReachedMethods } from '../policy-tools/reach/describe-reach.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { readPlaced } from './read-config.ts';
import { markdownTable, tableText } from './table-text.ts';

export interface ReachOptions {
  readonly config: string;
  readonly role?: string;
  readonly as?: string;
  readonly format: 'table' | 'json' | 'markdown';
}

export function reach({ config: file, role, as, format }: ReachOptions): ExitCode {
  if ((role === undefined) === (as === undefined)) {
    throw usageError('rolegate: expected either --role or --as');
  }
  // Identities may be in files of tests.
  const { config } = readPlaced(file, { tests: as === undefined ? 'none' : 'found' });
  const result = showReach(config, role === undefined ? { as: as ?? '' } : { role });
  if ('detail' in result) throw new CommandError(`rolegate: ${result.detail}`, ExitCode.usage);
  if (result.note !== undefined) process.stderr.write(`note: ${result.note}\n`);
  process.stdout.write(`${formats[format](result)}\n`);
  return ExitCode.fine;
}

const heads = ['route', 'host', 'path', 'methods', 'when', 'upstream'];

const formats = {
  json: (result: Reach) => JSON.stringify(result, null, 2),
  markdown: (result: Reach) => `${markdownTable(heads, rowsOf(result))}\n\n${summary(result)}`,
  table: (result: Reach) => `${tableText(heads, rowsOf(result), process.stdout.columns)}\n${summary(result)}`,
};

function rowsOf({ routes }: Reach): string[][] {
  return routes.flatMap(({ id, host, path, furtherPatterns = [], upstream, access }) => {
    const patterns = [{ host, path }, ...furtherPatterns];
    const hosts = [...new Set(patterns.map((one) => one.host ?? 'any'))].join('\n');
    const paths = [...new Set(patterns.map((one) => one.path))].join('\n');
    return access.map((methods, index) => {
      const first = index === 0;
      const place = first ? [id, hosts, paths] : ['', '', ''];
      return [...place, methodsInWords(methods, access), whenInWords(methods), first ? upstream : ''];
    });
  });
}

function methodsInWords({ methods, except = [] }: ReachedMethods, all: readonly ReachedMethods[]): string {
  const alone = all.length === 1 && methods.length === 1;
  const others = except.length > 0 ? `all but ${except.join(', ')}` : alone ? 'every method' : 'other methods';
  return methods.map((method) => (method === '*' ? others : method)).join(', ');
}

function whenInWords({ open, ways }: ReachedMethods): string {
  const always = open === undefined ? 'always' : 'open to everyone';
  const ifs = ways.map((conditions) => (conditions.length === 0 ? always : `if ${conditions.join('\nand ')}`));
  return ifs.join('\nor ');
}

function summary({ who, routes, of }: Reach): string {
  const name = 'role' in who ? `the role ${who.role}` : who.as;
  return `${name} reaches ${new Set(routes.map(({ id }) => id)).size} of ${of} ${of === 1 ? 'route' : 'routes'}`;
}
