/** Words shared by text and Markdown of a comparison. */
import { type DiffReport, routeInWords, type VerdictChange } from './diff-report.ts';

/** Differences of a kind that are listed without `--all`, and rows of a summary. */
export const maxListed = 10;
export const maxRows = 20;

/** Titles of changed settings, by their class. */
export const settingTitles = {
  decides: 'Settings that affect access',
  exposes: 'Settings that affect exposure',
  neither: 'Other settings',
} as const;

/** Such as `3 newly allowed, 1 newly refused, 2 settings that decide`. */
export function headline({ newlyAllowed, newlyRefused, settings }: DiffReport): string {
  const possible = [...newlyAllowed, ...newlyRefused].filter((change) => change.possible).length;
  const [decides, exposes] = (['decides', 'exposes'] as const).map(
    (kind) => settings.filter((one) => one.class === kind).length,
  );
  const parts = [
    [newlyAllowed.length, 'newly allowed'],
    [newlyRefused.length, 'newly refused'],
    [possible, 'of them only possible'],
    [decides!, decides === 1 ? 'setting that affects access' : 'settings that affect access'],
    [exposes!, exposes === 1 ? 'setting that affects exposure' : 'settings that affect exposure'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  if (said.length > 0) return said.join(', ');
  return `All decisions are unchanged; ${settings.length} other setting${settings.length === 1 ? '' : 's'} changed`;
}

/** As many items as fit, and the number of the others; `least`: minimum to show even if they do not fit. */
export function listed(items: readonly string[], fits: (text: string) => boolean, least = 0): string {
  if (items.length === 1) return items[0]!;
  for (let count = items.length; count > 0; count -= 1) {
    const text = items.slice(0, count).join(', ') + (count < items.length ? ` and ${items.length - count} more` : '');
    if (count === least || fits(text)) return text;
  }
  return items.length === 0 ? '' : `${items.length} in total`;
}

/** Changes that differ only in their route. */
export interface ChangeGroup {
  readonly routes: readonly string[];
  /** The one of the first route. */
  readonly change: VerdictChange;
}

/** So that a change of fifty routes is shown once. */
export function grouped(changes: readonly VerdictChange[]): readonly ChangeGroup[] {
  const groups = new Map<string, { routes: string[]; change: VerdictChange }>();
  for (const change of changes) {
    const { example: _, exampleBy: __, routeBefore, routeAfter, ...rest } = change;
    const key = JSON.stringify(rest);
    const route = routeInWords(routeBefore, routeAfter);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { routes: [route], change });
    else if (!known.routes.includes(route)) known.routes.push(route);
  }
  return [...groups.values()];
}

/** Merges rows of a summary with the same cells. */
export interface SummaryRow {
  readonly names: readonly string[];
  readonly newlyAllowed: readonly string[];
  readonly newlyRefused: readonly string[];
}

export function summaryRows(
  rows: readonly (Omit<SummaryRow, 'names'> & { readonly name: string })[],
): readonly SummaryRow[] {
  const byCells = new Map<string, SummaryRow & { readonly names: string[] }>();
  for (const { name, newlyAllowed, newlyRefused } of rows) {
    const key = JSON.stringify([newlyAllowed, newlyRefused]);
    const known = byCells.get(key);
    if (known === undefined) byCells.set(key, { names: [name], newlyAllowed, newlyRefused });
    else known.names.push(name);
  }
  return [...byCells.values()];
}
