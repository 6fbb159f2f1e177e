/** The section of a release in `CHANGELOG.md`. */

/** Lines below the heading of an unreleased version, and the whole text with its date in place of "unreleased". */
export interface ReleasedSection {
  readonly notes: string;
  readonly text: string;
}

/** Null: the changelog does not begin with a section of this version that says anything. */
export function releaseSection(changelog: string, version: string, date: string): ReleasedSection | null {
  const [, before = '', found, rest = ''] = /^(# [^\n]*\n+)## (\S+) \(unreleased\)\n([\s\S]*)$/.exec(changelog) ?? [];
  if (found !== version) return null;
  const next = rest.search(/^## /m);
  const notes = (next === -1 ? rest : rest.slice(0, next)).trim();
  if (notes === '') return null;
  return { notes, text: `${before}## ${version} (${date})\n${rest}` };
}
