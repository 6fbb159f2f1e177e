import { expect, test } from 'vitest';
import { substituteEnv } from '../../../src/config/yaml/substitute-env.ts';

const env = { A: 'one', EMPTY: '', NESTED: `\${A}`, QUOTE: '": {x' };

test.each([
  ['nothing to do', 'plain $A $ {A}', 'plain $A $ {A}'],
  ['a variable', `\${A}`, 'one'],
  ['several, with text around', `<\${A}-\${A}>`, '<one-one>'],
  ['a set but empty one', `x\${EMPTY}y`, 'xy'],
  ['a default for an unset one', `\${NONE:-two}`, 'two'],
  ['a default for an empty one', `\${EMPTY:-two}`, 'two'],
  ['no default for a set one', `\${A:-two}`, 'one'],
  ['an empty default', `\${NONE:-}`, ''],
  ['a default with colons and slashes', `\${NONE:-http://a:1/x}`, 'http://a:1/x'],
  ['a literal', `$\${A}`, `\${A}`],
  ['a literal beside a variable', `$\${\${A}`, `\${one`],
  ['a value that looks like a reference stays text', `\${NESTED}`, `\${A}`],
  ['a value with YAML in it stays text', `\${QUOTE}`, '": {x'],
])('%s', (_, text, expected) => {
  expect(substituteEnv(text, { env })).toMatchObject({ ok: true, text: expected });
});

test.each([
  ['an unset variable', `\${NONE}`, 'NONE is not set'],
  ['an inherited property is no variable', `\${toString}`, 'toString is not set'],
  ['no end', `\${A`, 'not a valid reference'],
  ['a bad name', `\${A-B}`, 'not a valid reference'],
  ['a reference in a default', `\${NONE:-\${A}}`, 'not a valid reference'],
  ['no name', `\${}`, 'not a valid reference'],
])('%s is refused', (_, text, message) => {
  const result = substituteEnv(text, { env });
  expect(result).toMatchObject({ ok: false, message: expect.stringContaining(message) });
});

test('only the values that were used are named, so that messages can hide them', () => {
  expect(substituteEnv(`\${A} \${NONE:-two}`, { env })).toMatchObject({ used: [{ name: 'A', value: 'one' }] });
});
