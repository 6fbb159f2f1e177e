/** The sections of `CHANGELOG.md`, one for each version, and how a release changes its section. */

export interface ChangelogSection {
  readonly version: string;
  /** Null: not released. */
  readonly date: string | null;
  /** The text below the heading. */
  readonly notes: string;
}

const heading = /^## (\S+)(?: \((\S+)\))?\n/m;

/** Newest first. "Unreleased", with changes that have no version yet, may precede it. */
export function changelogSections(changelog: string): readonly ChangelogSection[] {
  const [, ...sections] = changelog.split(/^(?=## )/m);
  return sections.map((section) => {
    const [line = '', version = '', state = 'unreleased'] = heading.exec(section) ?? [];
    return { version, date: state === 'unreleased' ? null : state, notes: section.slice(line.length).trim() };
  });
}

/** The newest section, without an empty "Unreleased" above it. */
export function newestSection(changelog: string): ChangelogSection | undefined {
  return changelogSections(changelog).find(({ version, notes }) => version !== 'Unreleased' || notes !== '');
}

export interface ReleasedSection {
  readonly notes: string;
  /** The whole changelog, with the date instead of "unreleased". */
  readonly text: string;
}

/** Null: the changelog does not begin with a non-empty section of this version without a date. */
export function releaseSection(changelog: string, version: string, date: string): ReleasedSection | null {
  const first = newestSection(changelog);
  if (first?.version !== version || first.date !== null || first.notes === '') return null;
  return { notes: first.notes, text: changelog.replace(`## ${version} (unreleased)\n`, `## ${version} (${date})\n`) };
}

/** Kinds of change for Artifact Hub, by the heading of a group. Other groups are named for their subject. */
const kinds: Readonly<Record<string, string>> = {
  Changed: 'changed',
  Deprecated: 'deprecated',
  Removed: 'removed',
  Fixed: 'fixed',
  Security: 'security',
};

/** One change for each item: its first sentence, without markup. */
export function changesOf({ notes }: ChangelogSection): readonly { kind: string; description: string }[] {
  return notes.split(/^(?=### )/m).flatMap((group) => {
    const [, title = ''] = /^### (.*)/.exec(group) ?? [];
    const items = group.split(/^- /m).slice(1);
    return items.map((item) => ({ kind: kinds[title] ?? 'added', description: firstSentence(item) }));
  });
}

/** A bold title alone says too little. */
function firstSentence(markdown: string): string {
  const text = markdown
    .replace(/\.\*\* /, ':** ')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/`|\*\*/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}
