/** What text and Markdown of a comparison say alike. */
import { type DiffReport, routeInWords, type VerdictChange } from './diff-report.ts';

/** Differences of a kind that are listed without `--all`, and rows of a summary. */
export const mostListed = 10;
export const mostRows = 20;

/** Such as `3 newly allowed, 1 newly refused, 2 settings`. */
export function headline({ newlyAllowed, newlyRefused, settings }: DiffReport): string {
  const possible = [...newlyAllowed, ...newlyRefused].filter((change) => change.possible).length;
  const verdicts = [
    ...(newlyAllowed.length > 0 ? [`${newlyAllowed.length} newly allowed`] : []),
    ...(newlyRefused.length > 0 ? [`${newlyRefused.length} newly refused`] : []),
    ...(possible > 0 ? [`${possible} of them possible only`] : []),
  ];
  const count = `${settings.length} setting${settings.length === 1 ? '' : 's'}`;
  if (verdicts.length > 0) return [...verdicts, ...(settings.length > 0 ? [`${count} changed`] : [])].join(', ');
  return settings.some(({ bearsOnVerdicts }) => bearsOnVerdicts)
    ? `The rules decide as before, but ${count} changed, with a bearing on what is allowed`
    : `Every request is decided as before; ${count} changed`;
}

/** As many items as fit, and how many there are besides; a single one is never cut. */
export function listed(items: readonly string[], fits: (text: string) => boolean): string {
  if (items.length === 1) return items[0]!;
  for (let shown = items.length; shown > 0; shown -= 1) {
    const text = items.slice(0, shown).join(', ') + (shown < items.length ? ` and ${items.length - shown} more` : '');
    if (fits(text)) return text;
  }
  return items.length === 0 ? '' : `${items.length} in all`;
}

/** Changes that are the same but for their route. */
export interface ChangeGroup {
  readonly routes: readonly string[];
  /** The one of the first route. */
  readonly change: VerdictChange;
}

/** So that a change of fifty routes is read once. */
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

/** Rows of a summary with the same cells are one. */
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
