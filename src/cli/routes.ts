/** `rolegate routes`: who may do what, as the gateway understood it. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { describeRoutes, type RouteDescription, ruleInWords } from '../core/routing/describe-routes.ts';
import { ExitCode } from './exit-code.ts';
import { readConfig } from './read-config.ts';

export function routes(options: { config: string; format: 'table' | 'json' | 'markdown' }): ExitCode {
  const described = describeRoutes(readConfig(options.config).routes);
  process.stdout.write(`${formats[options.format](described)}\n`);
  return ExitCode.fine;
}

const heads = ['route', 'host', 'path', 'methods', 'who may', 'upstream'];

const formats = {
  json: (described: readonly RouteDescription[]) => JSON.stringify({ routes: described }, null, 2),
  markdown: (described: readonly RouteDescription[]) => {
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ', ')).join(' | ')} |`;
    return [line(heads), line(heads.map(() => '---')), ...described.flatMap(rows).map(line)].join('\n');
  },
  table: (described: readonly RouteDescription[]) => {
    const style = pc.isColorSupported ? { head: ['bold'], border: ['dim'] } : { head: [], border: [] };
    const table = new Table({ head: heads, style, chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' } });
    table.push(...described.flatMap((route) => rows(route)));
    return table.toString();
  },
};

/** One row per rule: methods that share one stand together. */
function rows(route: RouteDescription): string[][] {
  const byRule = new Map<string, string[]>();
  for (const { method, rule } of route.access) {
    const rules = [ruleInWords(rule), ...(route.when ?? []).map(({ condition }) => condition)].join('\nif ');
    const words = route.mode === 'shadow' && rule !== 'deny' ? `everyone (shadow mode)\ntried out: ${rules}` : rules;
    byRule.set(words, [...(byRule.get(words) ?? []), method === '*' ? 'every method' : method]);
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
    ];
  });
}
