/** The short way through a file says exactly what the library's own way says, with the same places, or says nothing. */
import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonSchema } from '../../../src/config/json-schema.ts';
import { referenceYaml } from '../../../src/config/reference-yaml.ts';
import { readPlainly } from '../../../src/config/yaml/read-plainly.ts';
import { readComposed } from '../../../src/config/yaml/read-yaml.ts';
import { findNode, type Node, ReadEntry } from '../../../src/config/yaml/tree.ts';
import { env } from './environment.ts';

const factor = Number(process.env['PROPERTY_FACTOR'] ?? 1);
const runs = { numRuns: 2000 * factor };
const patienceMs = 60_000 * Math.max(1, factor);

function record() {
  const reports: unknown[][] = [];
  const concealed: string[][] = [];
  const list = {
    report: (...all: unknown[]) => void reports.push(all),
    conceal: (value: string, name: string) => void concealed.push([value, name]),
    count: () => reports.length,
    forget: (count: number) => void reports.splice(count),
    describe: () => {
      throw new Error('not asked for');
    },
    problems: () => [],
  };
  return { list, reports, concealed };
}

/** All that a tree says. The chain of keys is private to it, so that comparing trees as they are compares no keys. */
function written(node: Node): unknown {
  if (node.kind === 'scalar') return { ...node };
  if (node.kind === 'list') return { kind: 'list', offset: node.offset, items: node.items.map(written) };
  const { entries } = node;
  const all: unknown[] = [];
  for (let entry = entries.first; entry !== null; entry = entry.next) {
    all.push([entry.name, entry.keyOffset, written(entry.value)]);
  }
  return { kind: 'map', offset: node.offset, entries: all };
}

/** Whether the short way was taken. */
function compare(text: string, variables: Readonly<Record<string, string | undefined>> = env): boolean {
  const [short, byItem, long] = [record(), record(), record()];
  const tree = readPlainly(text, variables, short.list);
  expect(short.reports).toEqual([]);
  const read: unknown[] = [];
  const again = readPlainly(text, variables, byItem.list, (section, item) => {
    read.push(written(item));
    byItem.list.report(item.offset, section);
    return { value: read.length - 1 };
  });
  if (tree === null) {
    expect(again).toBeNull();
    expect(byItem.reports).toEqual([]);
    expect(short.concealed).toEqual([]);
    return false;
  }
  const composed = readComposed(text, variables, long.list);
  expect(written(tree)).toEqual(composed === null ? null : written(composed));
  expect(long.reports).toEqual([]);
  expect(short.concealed).toEqual(long.concealed);
  // An entry of a list that was let go of is made once more, and not only the first time.
  for (let times = 0; times < 2; times += 1) expect(written(again!)).toEqual(written(tree));
  const entries = again!.kind !== 'map' ? [] : again!.entries.names().flatMap((name) => itemsOf(again!, name));
  const kept = entries.filter((entry) => entry instanceof ReadEntry);
  expect(kept.map(({ value }) => value)).toEqual(read.map((_, index) => index));
  expect(kept.map(written)).toEqual(read);
  expect(byItem.reports).toHaveLength(read.length);
  return true;
}

function itemsOf(root: Node, name: string): readonly Node[] {
  const node = findNode(root, [name]);
  return node?.kind === 'list' ? node.items : [];
}

const word = fc.constantFrom(
  'a',
  'GET',
  'PUT,PATCH',
  'route-1',
  'x y',
  '/v1/{id}',
  '*.example.test',
  'http://h:1/a?b=c',
);
const plain = fc.constantFrom(
  'user',
  'true',
  'False',
  '~',
  'null',
  '10',
  '-3',
  '0x1f',
  '0o7',
  '1e3',
  '.5',
  '.inf',
  '5s',
  '1_0',
);
const odd = fc.constantFrom(
  '"a\\n"',
  '"\\x41"',
  "'it''s'",
  '"a: b # c"',
  "' '",
  '""',
  "''",
  `"\${LISTEN}"`,
  `\${LISTEN}`,
  'a#b',
  'é',
  '-x',
  '?x',
  'a:b',
  'a  b',
  '日本',
  'x\u00a0',
  '\u00a0x',
  'x\u2028',
  '"\\u00e9"',
  `'$x'`,
  '"a\\"b"',
  '"\\"',
);
const scalar = fc.oneof(
  plain,
  odd,
  word.map((text) => JSON.stringify(text)),
  word.map((text) => `'${text}'`),
);
const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd', 'GET', '10', 'true', '~'),
  fc.constantFrom('"a"', "'b c'", '"PUT,PATCH"'),
);
const gap = fc.constantFrom('', ' ', '\n      ', ' # note\n      ', '\n# note\n      ');
const comment = fc.constantFrom('', '', '', ' # note', '   ', '  #');
const between = fc.constantFrom('', '', '', '\n', '# note\n', '\n\n', '      # deep\n');

type Shape = { readonly flow: string; readonly block: (indent: string) => string };

const { value } = fc.letrec<{ value: Shape; list: Shape; map: Shape; leaf: Shape }>((tie) => {
  const nested = fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('list'), tie('map'));
  return {
    value: nested,
    leaf: fc.oneof(
      fc.tuple(scalar, comment).map(([text, after]) => ({ flow: text, block: () => ` ${text}${after}\n` })),
      fc.constantFrom('|', '>-', '|+', '>2').map((head) => ({
        flow: '"block"',
        block: (indent: string) => ` ${head}\n${indent}    one\n${indent}    two # three\n`,
      })),
      comment.map((after) => ({ flow: '~', block: () => `${after}\n` })),
    ),
    list: fc
      .tuple(fc.array(nested, { maxLength: 4 }), gap, fc.boolean(), between)
      .map(([items, space, flow, blank]) => {
        const inner = `[${space}${items.map((item) => item.flow).join(`,${space === '' ? ' ' : space}`)}${space}]`;
        if (flow || items.length === 0) return { flow: inner, block: () => ` ${inner}\n` };
        const block = (indent: string) =>
          `\n${items.map((item) => `${blank}${indent}  -${item.block(`${indent}  `)}`).join('')}`;
        return { flow: inner, block };
      }),
    map: fc
      .tuple(
        fc.uniqueArray(fc.tuple(key, nested), { maxLength: 4, selector: ([name]) => name }),
        gap,
        fc.boolean(),
        between,
      )
      .map(([entries, space, flow, blank]) => {
        const inner = `{${space}${entries.map(([name, item]) => `${name}: ${item.flow}`).join(`,${space === '' ? ' ' : space}`)}${space}}`;
        if (flow || entries.length === 0) return { flow: inner, block: () => ` ${inner}\n` };
        const block = (indent: string) =>
          `\n${entries.map(([name, item]) => `${blank}${indent}  ${name}:${item.block(`${indent}  `)}`).join('')}`;
        return { flow: inner, block };
      }),
  };
});
const document = fc
  .tuple(fc.uniqueArray(fc.tuple(key, value), { minLength: 1, maxLength: 4, selector: ([name]) => name }), between)
  .map(([entries, blank]) => entries.map(([name, item]) => `${blank}${name}:${item.block('')}`).join(''));

/** A text with pieces put in, or characters taken out: most of them are wrong somewhere. */
const pieces = fc.constantFrom(
  ...'{}[],:#&*!|>-?\'"%@` \t\n\r'.split(''),
  '\r\n',
  ': ',
  '- ',
  ' #',
  '---\n',
  '...\n',
  '<<: ',
  '&a ',
  '*a',
  '!!str ',
  '? ',
  '__proto__: 1\n',
  '\ufeff',
  '\u0000',
  '""',
  '\n\n',
  '  ',
);
const changed = fc
  .tuple(
    document,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.oneof(pieces, fc.constant(''))), { maxLength: 4 }),
  )
  .map(([text, changes]) =>
    changes.reduce((before, [place, taken, piece]) => {
      const at = place % (before.length + 1);
      return before.slice(0, at) + piece + before.slice(at + taken);
    }, text),
  );

describe('the short way', () => {
  test('reads whole documents like the library', { timeout: patienceMs }, () => {
    let short = 0;
    let all = 0;
    fc.assert(
      fc.property(document, (text) => {
        all += 1;
        if (compare(text)) short += 1;
      }),
      runs,
    );
    expect(short).toBeGreaterThan(all / 4);
  });

  test('never reads a changed text in another way', { timeout: patienceMs }, () => {
    let short = 0;
    let all = 0;
    fc.assert(
      fc.property(changed, (text) => {
        all += 1;
        if (compare(text)) short += 1;
      }),
      runs,
    );
    expect(short).toBeGreaterThan(0);
    expect(short).toBeLessThan(all);
  });

  test.each(['a: {b: c\n# note\n  }\n', 'a: {b: [c] # one\n# two\n  }\n', 'a: [{b: "c"\n# note\n  }, d]\n'])(
    'reads a comment at the start of a line between brackets: %j',
    (text) => expect(compare(text)).toBe(true),
  );

  test('reads long lists', () => {
    const items = Array.from(
      { length: 500 },
      (_, index) => `  - id: r${index} # ${index}\n    to: [a, {b: ${index}}]\n`,
    );
    for (const before of ['', '\n', '  # note\n', '# note\n']) {
      expect(compare(`list:\n${items.join(before)}after: 1\n`)).toBe(true);
      expect(compare(`x:\n list:\n${items.map((item) => before + item).join('')}   # end\n`)).toBe(true);
    }
    expect(compare(`list:\n${items.join('')}  - *a\n`)).toBe(false);
  });

  const files = globSync(['config/**/*.yaml', 'test/fixtures/**/*.yaml', 'docs/**/*.yaml']).sort();

  test.each(files)('reads %s like the library', (file) => void compare(readFileSync(file, 'utf8')));

  test('is what examples take', () => {
    const examples = files.filter((file) => file.startsWith('config/'));
    expect(examples.length).toBeGreaterThan(2);
    for (const file of examples) {
      const text = readFileSync(file, 'utf8');
      const names = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, 'a value']);
      expect(compare(text, Object.fromEntries(names)), file).toBe(true);
    }
    expect(compare(referenceYaml())).toBe(true);
    expect(compare(JSON.stringify(jsonSchema(), null, 2))).toBe(true);
  });
});
