/** `rolegate routes`: who may do what, as the gateway understood it. */
import { describeRoutes, extrasInWords, type RouteDescription, ruleInWords } from '../core/routing/describe-routes.ts';
import { ExitCode } from './exit-code.ts';
import { readConfig } from './read-config.ts';
import { tableText } from './table-text.ts';

export function routes(options: { config: string; format: 'table' | 'json' | 'markdown' }): ExitCode {
  const described = describeRoutes(readConfig(options.config).routes);
  process.stdout.write(`${formats[options.format](described)}\n`);
  return ExitCode.fine;
}

/** The last column is there when a route has something to say in it. */
function headsOf(described: readonly RouteDescription[]): readonly string[] {
  const kinds = kindsTaken(described);
  const besides = described.some((route) => besidesOf(route, kinds).length > 0);
  return ['route', 'host', 'path', 'methods', 'who may', 'upstream', ...(besides ? ['besides'] : [])];
}

/** Kinds of credential that some route takes. */
function kindsTaken(described: readonly RouteDescription[]): ReadonlySet<string> {
  return new Set(described.flatMap(({ credentials }) => credentials));
}

/** Also the kinds of credential, where another route takes more. */
function besidesOf(route: RouteDescription, kinds: ReadonlySet<string>): readonly string[] {
  const reads = route.access.some(({ rule }) => rule !== 'public' && rule !== 'deny');
  const takesLess = route.credentials.length < kinds.size;
  return [...(reads && takesLess ? [`takes ${route.credentials.join(', ')}`] : []), ...extrasInWords(route)];
}

const formats = {
  json: (described: readonly RouteDescription[]) => JSON.stringify({ routes: described }, null, 2),
  markdown: (described: readonly RouteDescription[]) => {
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ', ')).join(' | ')} |`;
    const heads = headsOf(described);
    const cells = rowsOf(described).map((row) => line(row.slice(0, heads.length)));
    return [line(heads), line(heads.map(() => '---')), ...cells].join('\n');
  },
  table: (described: readonly RouteDescription[]) => {
    const heads = headsOf(described);
    return tableText(
      heads,
      rowsOf(described).map((row) => row.slice(0, heads.length)),
      process.stdout.columns,
    );
  },
};

function rowsOf(described: readonly RouteDescription[]): string[][] {
  const kinds = kindsTaken(described);
  return described.flatMap((route) => rows(route, kinds));
}

/** One row per rule: methods that share one stand together. */
function rows(route: RouteDescription, kinds: ReadonlySet<string>): string[][] {
  const byRule = new Map<string, string[]>();
  const others = route.access.length === 1 ? 'every method' : 'other methods';
  for (const { method, rule } of route.access) {
    const rules = [ruleInWords(rule), ...(route.when ?? []).map(({ condition }) => condition)].join('\nif ');
    const words = route.mode === 'shadow' && rule !== 'deny' ? `everyone (shadow mode)\ntried out: ${rules}` : rules;
    byRule.set(words, [...(byRule.get(words) ?? []), method === '*' ? others : method]);
  }
  return [...byRule].map(([words, methods], index) => {
    const first = index === 0;
    return [
      first ? route.id : '',
      first ? (route.host ?? 'any') : '',
      first ? route.path : '',
      methods.join(', '),
      words,
      first ? route.upstream : '',
      first ? besidesOf(route, kinds).join('\n') : '',
    ];
  });
}
