import { expect, test } from 'vitest';
import { substituteEnv } from '../../../src/config/yaml/substitute-env.ts';

const env = { A: 'one', EMPTY: '', NESTED: `\${A}`, QUOTE: '": {x' };

test.each([
  ['nothing to do', 'plain $A $ {A}', 'plain $A $ {A}'],
  ['a variable', `\${A}`, 'one'],
  ['several, with text around', `<\${A}-\${A}>`, '<one-one>'],
  ['a variable set to empty', `x\${EMPTY}y`, 'xy'],
  ['a default for an unset variable', `\${NONE:-two}`, 'two'],
  ['a default for an empty variable', `\${EMPTY:-two}`, 'two'],
  ['no default for a set variable', `\${A:-two}`, 'one'],
  ['an empty default', `\${NONE:-}`, ''],
  ['a default with colons and slashes', `\${NONE:-http://a:1/x}`, 'http://a:1/x'],
  ['a literal', `$\${A}`, `\${A}`],
  ['a literal next to a variable', `$\${\${A}`, `\${one`],
  ['a value that looks like a reference stays text', `\${NESTED}`, `\${A}`],
  ['a value with YAML in it stays text', `\${QUOTE}`, '": {x'],
])('%s', (_, text, expected) => {
  expect(substituteEnv(text, { env })).toMatchObject({ ok: true, text: expected });
});

test.each([
  ['an unset variable', `\${NONE}`, 'NONE is not set'],
  ['an inherited property is not a variable', `\${toString}`, 'toString is not set'],
  ['an unclosed reference', `\${A`, 'not a valid reference'],
  ['an invalid name', `\${A-B}`, 'not a valid reference'],
  ['a reference in a default', `\${NONE:-\${A}}`, 'not a valid reference'],
  ['no name', `\${}`, 'not a valid reference'],
])('refuses %s', (_, text, message) => {
  const result = substituteEnv(text, { env });
  expect(result).toMatchObject({ ok: false, message: expect.stringContaining(message) });
});

test('lists only the values that were used, so messages can mask them', () => {
  expect(substituteEnv(`\${A} \${NONE:-two}`, { env })).toMatchObject({ used: [{ name: 'A', value: 'one' }] });
});
