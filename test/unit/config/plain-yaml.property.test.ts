/** The short way through a file says exactly what the library's own way says, with the same places, or says nothing. */
import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonSchema } from '../../../src/config/json-schema.ts';
import { referenceYaml } from '../../../src/config/reference-yaml.ts';
import { readPlainly } from '../../../src/config/yaml/read-plainly.ts';
import { readComposed } from '../../../src/config/yaml/read-yaml.ts';
import { findNode, type MapNode, type Node, ReadEntry } from '../../../src/config/yaml/tree.ts';
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

/** What is written where, whatever the place: a value that stood before in the same words is one tree, with its first place. */
function placeless(node: Node): unknown {
  if (node.kind === 'scalar') return { ...node, offset: 0 };
  if (node.kind === 'list') return node.items.map(placeless);
  return node.entries.names().map((name) => [name, placeless(node.entries.get(name)!.value)]);
}

/** Whether the short way was taken. */
function compare(text: string, variables: Readonly<Record<string, string | undefined>> = env): boolean {
  const [short, byItem, long] = [record(), record(), record()];
  const tree = readPlainly(text, variables, short.list);
  expect(short.reports).toEqual([]);
  const read: MapNode[] = [];
  const words: unknown[] = [];
  const again = readPlainly(text, variables, byItem.list, (section) => (item) => {
    words.push(placeless(item));
    byItem.list.report(item.offset, section);
    return { value: read.push(item) - 1 };
  });
  if (tree === null) {
    expect(again).toBeNull();
    expect(byItem.reports).toEqual([]);
    expect(short.concealed).toEqual([]);
    return false;
  }
  expect(again).not.toBeNull();
  const composed = readComposed(text, variables, long.list);
  expect(written(tree)).toEqual(composed === null ? null : written(composed));
  expect(long.reports).toEqual([]);
  expect(short.concealed).toEqual(long.concealed);
  // An entry of a list that was let go of is made once more, and not only the first time.
  for (let times = 0; times < 2; times += 1) expect(written(again!)).toEqual(written(tree));
  const kept = allItems(again!).filter((entry) => entry instanceof ReadEntry);
  expect(kept.map(({ value }) => value)).toEqual(read.map((_, index) => index));
  expect(kept.map(placeless)).toEqual(words);
  expect(byItem.reports).toHaveLength(read.length);
  refuseEach(text, variables, tree);
  return true;
}

/** When there is more to say of an item, that one and those behind it are read with the places that they have. */
function refuseEach(text: string, variables: Readonly<Record<string, string | undefined>>, tree: Node): void {
  for (const refused of [0, 1, 2]) {
    let count = 0;
    const later: MapNode[] = [];
    const other = readPlainly(text, variables, record().list, () => (item) => {
      if (count > refused) later.push(item);
      count += 1;
      return count - 1 === refused ? null : { value: null };
    });
    expect(written(other!)).toEqual(written(tree));
    const all = new Map(allItems(other!).map((item) => [item.offset, item]));
    for (const item of later) expect(written(item)).toEqual(written(all.get(item.offset)!));
  }
}

/** Mappings in lists of the file itself. */
function allItems(root: Node): readonly Node[] {
  const lists = root.kind !== 'map' ? [] : root.entries.names().flatMap((name) => itemsOf(root, name));
  return lists.filter(({ kind }) => kind === 'map');
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

  /** Lists whose entries have values in common, or nearly so: of the same key or another, in the line of the dash or below it. */
  const entry = fc.record({
    which: fc.nat({ max: 2 }),
    name: fc.constantFrom('to', 'to', 'to', '"to"', 'from'),
    flow: fc.boolean(),
    deeper: fc.constantFrom('  ', '', '    '),
    dash: fc.constantFrom('- id', '- id', '-\n    id', '- # note\n    id'),
    blank: between,
    goesOn: fc.constantFrom('', '', '', '# note\n        more: 1\n', '        more: 1\n', '    other: 1\n'),
  });
  const alike = fc
    .tuple(
      fc.array(value, { minLength: 1, maxLength: 3 }),
      fc.array(fc.array(entry, { minLength: 2, maxLength: 8 }), { minLength: 1, maxLength: 2 }),
    )
    .map(([values, lists]) => {
      const item = ({ which, name, flow, deeper, dash, blank, goesOn }: (typeof lists)[number][number]) => {
        const shape = values[which % values.length]!;
        const written = flow ? ` ${shape.flow}\n` : shape.block(`  ${deeper}`);
        return `${blank}  ${dash}: a\n    ${name}:${written}${goesOn}`;
      };
      return lists.map((items, index) => `list${index}:\n${items.map(item).join('')}`).join('');
    });
  /** One of a mapping, so that what follows it may go on with it. */
  const maps = fc
    .tuple(
      fc.array(fc.constantFrom('', '# note\n', '      # note\n'), { minLength: 2, maxLength: 6 }),
      fc.infiniteStream(fc.boolean()),
    )
    .map(([notes, more]) => {
      const items = notes.map(
        (note) => `  - to:\n      get: [a]\n${note}${more.next().value ? '      put: [a]\n' : ''}`,
      );
      return `list:\n${items.join('')}`;
    });

  test('reads values that entries have in common like the library', { timeout: patienceMs }, () => {
    let short = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: alike }, maps), (text) => {
        all += 1;
        if (compare(text)) short += 1;
      }),
      runs,
    );
    expect(short).toBeGreaterThan(all / 20);
  });

  test('makes one tree of what entries have in common, and another of what only begins alike', () => {
    const trees: Node[] = [];
    const text = [
      'list:',
      '  - to: [a, b]',
      '  - to: [a, b]',
      '  - { to: [a, b] }',
      '  - to:',
      '      get: [a]',
      '  - to:',
      '      get: [a]',
      '      put: [a]',
      '  - to: [a, b]',
      '  - to:',
      '      get: [a]',
      '# note',
      '      put: [b]',
      '  - to: [a,',
      '      b]',
      'list2:',
      '  - to: [a, b]',
      '',
    ].join('\n');
    const tree = readPlainly(text, {}, record().list, () => (item) => ({
      value: trees.push(item.entries.get('to')!.value),
    }));
    const [first, second, between, short, long, third, longer, lines, other] = trees;
    expect(tree).not.toBeNull();
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(placeless(long!)).toEqual([
      ['get', [{ kind: 'scalar', offset: 0, value: 'a', substituted: false, broken: false }]],
      ['put', [{ kind: 'scalar', offset: 0, value: 'a', substituted: false, broken: false }]],
    ]);
    expect(new Set([first, between, short, long, longer, lines, other]).size).toBe(7);
    expect(compare(text)).toBe(true);
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
