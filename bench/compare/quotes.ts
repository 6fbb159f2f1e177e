/** Figures of the comparison that pages quote. `npm run bench:compare -- --out bench/results --quote` writes them; a test compares them. */
import { cpuPerRequest } from '../load/load.ts';
import { median } from '../report.ts';
import type { CaseResults } from './report.ts';

export interface Quote {
  readonly path: string;
  readonly before: string;
  readonly figure: string;
  readonly after: string;
}

/** `versions`: by contender. */
export function quotes(results: readonly CaseResults[], versions: Readonly<Record<string, string>>): readonly Quote[] {
  const caseOf = (name: string) => {
    const found = results.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the comparison has no "${name}"`);
    return found;
  };
  const mixed = caseOf('rolegate mixed');
  const nginx = caseOf('nginx auth_request mixed');
  const cpuUs = (load: 'saturated' | 'even') => median(mixed[load].map(cpuPerRequest)).toFixed(1);
  const overNginx = (load: 'saturated' | 'even') =>
    median(mixed[load].map((one, round) => cpuPerRequest(one) / cpuPerRequest(nginx[load][round]!))).toFixed(2);
  const perSecond = median(mixed.saturated.map(({ requests, seconds }) => requests / seconds)).toFixed(0);
  // Of all workloads: a plan must suffice for each.
  const resident = results.filter(({ name }) => name.startsWith('rolegate ')).map((one) => one.residentBytes);
  const megabytes = (Math.max(...resident) / 1024 / 1024).toFixed(0);
  const readme = (before: string, figure: string, after: string) => ({ path: 'README.md', before, figure, after });
  const guide = (before: string, figure: string, after: string) => ({
    path: 'docs/guides/scale.md',
    before,
    figure,
    after,
  });
  return [
    readme('a request costs ', cpuUs('saturated'), ' µs of CPU with authentication'),
    readme('That is ', overNginx('saturated'), ' times nginx'),
    readme('times nginx ', versions['nginx-auth'] ?? 'unknown', ' with `auth_request` and cached results'),
    readme('At 4,000 requests per second it is ', overNginx('even'), ' times'),
    readme('per second, and ', megabytes, ' MB per process'),
    guide('a core handled ', perSecond.replace(/\B(?=(\d{3})+$)/g, ','), ' requests per second'),
    guide('A request costs ', cpuUs('saturated'), ' µs of CPU at full load'),
    guide('of CPU at full load and ', cpuUs('even'), ' µs at 4,000 requests per second'),
    guide('Plan ', megabytes, ' MB for the process under load'),
  ];
}

/** The page with this figure; null: it does not have the sentence. Lines may be broken anywhere in it. */
export function withQuote(page: string, { before, figure, after }: Quote): string | null {
  const anyBreak = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s+');
  const sentence = new RegExp(`(${anyBreak(before)})[\\d.,]+(${anyBreak(after)})`);
  return sentence.test(page) ? page.replace(sentence, (_, start, end) => `${start}${figure}${end}`) : null;
}
