/** The changelog, as the release and the chart parse it. */
import { describe, expect, test } from 'vitest';
import { changelogSections, changesOf, releaseSection } from './changelog.ts';

const changelog = `# Changelog

## Unreleased

## 1.1.0 (unreleased)

### Policies

- A \`when\` reads [claims](docs/claims.md), and
  \`a.b\`. More of it.

- **In bold.** What it does. More of it.

### Fixed

- One thing

## 1.0.0 (2026-01-31)

- The first.
`;

test('has a section for each version', () => {
  expect(changelogSections(changelog)).toMatchObject([
    { version: 'Unreleased', date: null, notes: '' },
    { version: '1.1.0', date: null, notes: expect.stringMatching(/^### Policies\n[\s\S]*- One thing$/) },
    { version: '1.0.0', date: '2026-01-31', notes: '- The first.' },
  ]);
  expect(changelogSections('# Changelog\n')).toEqual([]);
});

test('the first sentence of each item becomes a change of the chart', () => {
  const [, section, first] = changelogSections(changelog);
  expect(changesOf(first!)).toEqual([{ kind: 'added', description: 'The first.' }]);
  expect(changesOf(section!)).toEqual([
    { kind: 'added', description: 'A when reads claims, and a.b.' },
    { kind: 'added', description: 'In bold: What it does.' },
    { kind: 'fixed', description: 'One thing' },
  ]);
});

describe('a release', () => {
  test('sets the date of its section', () => {
    const made = releaseSection(changelog, '1.1.0', '2026-02-01')!;
    expect(made.text).toContain('\n## 1.1.0 (2026-02-01)\n');
    expect(made.text.replace('(2026-02-01)', '(unreleased)')).toBe(changelog);
    expect(made.notes).toMatch(/^### Policies/);
  });

  test.each([
    ['another version', changelog, '1.2.0'],
    ['a released version', changelog, '1.0.0'],
    [
      'a version below an unversioned section',
      changelog.replace('## Unreleased\n', '## Unreleased\n\n- New.\n'),
      '1.1.0',
    ],
    ['an empty section', '# Changelog\n\n## 1.1.0 (unreleased)\n\n', '1.1.0'],
    ['no section', '# Changelog\n', '1.1.0'],
  ])('refuses %s', (_name, text, version) => {
    expect(releaseSection(text, version, '2026-02-01')).toBeNull();
  });
});
