/** `rolegate routes`: who may do what, as the gateway understood it. */
import { describeRoutes, extrasInWords, type RouteDescription, ruleInWords } from '../core/routing/describe-routes.ts';
import { ExitCode } from './exit-code.ts';
import { readConfig } from './read-config.ts';
import { markdownTable, tableText } from './table-text.ts';

export function routes(options: { config: string; format: 'table' | 'json' | 'markdown' }): ExitCode {
  const described = describeRoutes(readConfig(options.config).routes);
  process.stdout.write(`${formats[options.format](described)}\n`);
  return ExitCode.fine;
}

/** The last column is shown if a route has content for it. */
function headsOf(described: readonly RouteDescription[]): readonly string[] {
  const all = allOf(described);
  const besides = described.some((route) => besidesOf(route, all).length > 0);
  return ['route', 'host', 'path', 'methods', 'who may', 'upstream', ...(besides ? ['details'] : [])];
}

interface OfAllRoutes {
  /** Kinds of credential that some route accepts. */
  readonly kinds: ReadonlySet<string>;
  /** By the kinds that a route accepts: the maximum number of challenges of such a route. */
  readonly challenges: ReadonlyMap<string, number>;
}

function allOf(described: readonly RouteDescription[]): OfAllRoutes {
  const most = new Map<string, number>();
  for (const { credentials, challenges } of described.filter(readsCredentials)) {
    most.set(`${credentials}`, Math.max(challenges.length, most.get(`${credentials}`) ?? 0));
  }
  return { kinds: new Set(described.flatMap(({ credentials }) => credentials)), challenges: most };
}

const readsCredentials = ({ access }: RouteDescription) =>
  access.some(({ rule }) => rule !== 'public' && rule !== 'deny');

/** Also the kinds of credential if another route accepts more, and the challenges if a route with the same kinds has more. */
function besidesOf(route: RouteDescription, { kinds, challenges: most }: OfAllRoutes): readonly string[] {
  const { credentials, challenges, policies = [] } = route;
  const restricted = policies.map((id) => `under policy ${id}`);
  const ofCredentials = [
    ...(credentials.length < kinds.size ? [`accepts ${credentials.join(', ')}`] : []),
    ...(challenges.length < (most.get(`${credentials}`) ?? 0) ? [`challenges ${challenges.join(', ')}`] : []),
  ];
  return [...restricted, ...(readsCredentials(route) ? ofCredentials : []), ...extrasInWords(route)];
}

const formats = {
  json: (described: readonly RouteDescription[]) => JSON.stringify({ routes: described }, null, 2),
  markdown: (described: readonly RouteDescription[]) => {
    const heads = headsOf(described);
    return markdownTable(
      heads,
      rowsOf(described).map((row) => row.slice(0, heads.length)),
    );
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
  const all = allOf(described);
  return described.flatMap((route) => rows(route, all));
}

/** One row per rule: methods with the same rule are grouped. */
function rows(route: RouteDescription, all: OfAllRoutes): string[][] {
  const byRule = new Map<string, string[]>();
  const others = route.access.length === 1 ? 'every method' : 'other methods';
  for (const { method, rule } of route.access) {
    const rules = [ruleInWords(rule), ...(route.when ?? []).map(({ condition }) => condition)].join('\nif ');
    byRule.set(rules, [...(byRule.get(rules) ?? []), method === '*' ? others : method]);
  }
  const patterns = [route, ...(route.furtherPatterns ?? [])];
  const hosts = [...new Set(patterns.map(({ host }) => host ?? 'any'))];
  const paths = [...new Set(patterns.map(({ path }) => path))];
  return [...byRule].map(([words, methods], index) => {
    const first = index === 0;
    return [
      first ? route.id : '',
      first ? hosts.join('\n') : '',
      first ? paths.join('\n') : '',
      methods.join(', '),
      words,
      first ? route.upstream : '',
      first ? besidesOf(route, all).join('\n') : '',
    ];
  });
}
