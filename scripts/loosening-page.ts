/** Generates docs/reference/loosening.md from the schema of the configuration. */
import { type Key, keysOf } from '../src/config/every-key.ts';
import { directionInWords, type Loosening } from '../src/config/schema/key.ts';
import { authApiFileSchema, configSchema } from '../src/config/schema.ts';
import { asGenerated } from './generated-page.ts';

const opening = `# What a key loosens

A value is looser if it lets more in, trusts others or exposes more. This page says in which direction that is, for each key of the
configuration, as do [the file with every key](../../config/gateway.reference.yaml) and the [schema for editors](../guides/editor.md).
[Why the directions look like this](../decisions/0043-what-a-key-loosens.md).

A changed entry of a list or mapping counts as one entry fewer and one more. "Perhaps looser" means that the values have no order, so
a reader must judge the change; the same applies to a change from or to a value that the direction does not contain, such as an unset
one. \`[]\` is every item of a list, \`*\` every entry of a mapping.
`;

interface Directed extends Key {
  readonly loosens: Loosening;
}

/** The whole page. */
export function looseningPage(): string {
  const gateway = directed(keysOf(configSchema));
  const known = new Set(gateway.map(({ path }) => path));
  const alone = directed(keysOf(authApiFileSchema)).filter(({ path }) => !known.has(`authApi.embedded.${path}`));
  const page = `${opening}\n## Configuration\n\n${table(gateway)}\n\n## The Auth API's own file\n\nBesides the keys of \`authApi.embedded\`:\n\n${table(alone)}`;
  return asGenerated(page, 'the schema', 'loosening-page.ts');
}

function directed(keys: readonly Key[]): readonly Directed[] {
  return keys.filter((key): key is Directed => key.loosens !== undefined);
}

function table(keys: readonly Directed[]): string {
  const rows = keys
    .filter(({ loosens }) => loosens.direction !== 'none')
    .map(({ path, loosens }) => `| \`${path}\` | ${directionInWords(loosens)} | ${loosens.why} |`);
  const never = keys.filter(({ loosens }) => loosens.direction === 'none').map(({ path }) => path);
  const bySection = Object.entries(Object.groupBy(new Set(never), (path) => path.split('.', 1)[0] ?? ''));
  return `| key | direction | because |
|---|---|---|
${[...new Set(rows)].join('\n')}

| section | keys that are never looser |
|---|---|
${bySection.map(([section, paths = []]) => `| ${section} | ${paths.map((path) => `\`${path}\``).join(', ')} |`).join('\n')}`;
}
