/** The result of an import: how many rules were imported, and what was not, grouped by reason. */
import type { ImportedPolicy } from './import-policy.ts';
import type { Leftover } from './imported-rule.ts';
import { printable } from './source-text.ts';

const headings = { denied: 'denied', stricter: 'stricter', lost: 'not imported' } as const;

export function importReport({ format, rules, leftovers, auth }: ImportedPolicy): string {
  const denied = rules.filter((rule) => rule.denied !== null || rule.pattern === null).length;
  const stricter = rules.filter((rule) => rule.denied === null && rule.stricter.length > 0).length;
  const carried = rules.length - denied - stricter;
  const counts = [`${carried} of ${rules.length} rules imported unchanged`];
  if (stricter > 0) counts.push(`${stricter} stricter`);
  if (denied > 0) counts.push(`${denied} denied`);
  const lines = [`${format}: ${counts.join(', ')}`];
  if (auth !== null) lines.push(`the Auth API replaces ${printable(auth)}`);
  for (const kind of ['denied', 'stricter', 'lost'] as const) {
    const reasons = Map.groupBy(
      leftovers.filter((one) => one.kind === kind),
      ({ why }) => printable(why),
    );
    for (const [why, places] of reasons) lines.push(`${headings[kind]}: ${why}`, ...places.map(placeLine));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function placeLine({ file, line, what }: Leftover): string {
  return `  ${file}:${line}: ${printable(what)}`;
}
