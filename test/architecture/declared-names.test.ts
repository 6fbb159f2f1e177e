/**
 * No name in the program is a participle that is used as a noun: a name says what the value is, not what happened to it. Every use of such
 * a name counts, except the access to a member, whose declaration is what matters.
 */
import { expect, test } from 'vitest';
import { projectFiles, textOf } from './project-files.ts';
import { codeOf } from './prose.ts';

const participle = /(?<![\w$#]|(?<!\.\.)\.)#?(asked|found|held|given|made|shown|written)(?![\w$])/gi;

/** Members whose names others read, and the files that declare, write or unpack them. */
const exceptions: readonly { readonly name: string; readonly why: string; readonly files: readonly string[] }[] = [
  {
    name: 'found',
    why: 'printed by `doctor --json`',
    files: ['src/cli/doctor/check.ts', 'src/cli/doctor/doctor-report.ts'],
  },
  {
    name: 'found',
    why: 'printed by `prove --json`',
    files: ['src/cli/prove/prove-report.ts', 'src/cli/prove/run-probes.ts'],
  },
  {
    name: 'found',
    why: 'part of a message to a worker process',
    files: ['src/config/config-files.ts', 'src/app/workers/worker-messages.ts'],
  },
  {
    name: 'held',
    why: 'printed by `explain --json`',
    files: ['src/core/explaining/explain-access.ts', 'src/cli/explain/explanation-text.ts'],
  },
  {
    name: 'shown',
    why: 'part of the result of `parseConfig`, which the package exports',
    files: ['src/config/settings.ts', 'src/cli/serve.ts', 'src/policy-tools/diff/setting-changes.ts'],
  },
  {
    name: 'made',
    why: 'an outcome of an import, which counts them by name',
    files: ['src/cli/auth-api/import-users.ts'],
  },
];

/** One line per name: `path:line: name`. */
function participlesIn(path: string, program: string): readonly string[] {
  const names = exceptions.filter(({ files }) => files.includes(path)).map(({ name }) => name);
  const code = codeOf(program);
  return [...code.matchAll(participle)]
    .filter(({ 0: name, index }) => !(names.includes(name) && code.startsWith(':', index + name.length)))
    .map(({ 0: name, index }) => `${path}:${code.slice(0, index).split('\n').length}: ${name}`);
}

test('no name in the program is a participle', () => {
  const paths = projectFiles().filter((path) => /^src\/.+\.ts$/.test(path));
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.flatMap((path) => participlesIn(path, textOf(path)!))).toEqual([]);
});

test.each(exceptions.flatMap(({ name, why, files }) => files.map((path) => [path, name, why] as const)))(
  '%s has a member "%s": %s',
  (path, name) => expect(codeOf(textOf(path)!)).toMatch(new RegExp(`\\b${name}:`)),
);

test.each([
  ['const found = find();', 'found'],
  ['let asked: string | null = null;', 'asked'],
  ['const { source: written } = file;', 'written'],
  ['const [, shown] = row;', 'shown'],
  ['function given(name: string) {}', 'given'],
  ['function read(held: readonly string[]) {}', 'held'],
  ['class Ring { #made = 0; }', '#made'],
  ['interface Found {}', 'Found'],
  ['interface Mail { readonly asked: string }', 'asked'],
  ['function join(...given: readonly string[]) {}', 'given'],
  [`const text = \`\${names.map((found) => quote(found))}\`;`, 'found'],
])('control: %s is refused', (program, name) => {
  expect(participlesIn('src/main.ts', program)).toContain(`src/main.ts:1: ${name}`);
});

test.each([
  [`// found\n/* held */ const text = 'written';\nreport(\`given \${text}\`);`],
  ['const heldBytes = foundKeys.length;'],
  ['report(entry.found, entry?.held, this.other.written);'],
])('control: %j is fine', (program) => {
  expect(participlesIn('src/main.ts', program)).toEqual([]);
});

test('control: an exception is for the member alone', () => {
  const program = 'interface Finding { readonly found: string }\nconst found = find();';
  expect(participlesIn('src/cli/doctor/check.ts', program)).toEqual(['src/cli/doctor/check.ts:2: found']);
});
