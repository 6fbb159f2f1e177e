/** A running gateway follows list files: renamed into place, removed, restored, and mounted by Kubernetes. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReloader, type Reloader } from '../../../src/app/reload.ts';
import type { Config } from '../../../src/config/config.ts';

const main = `version: 1
authApi: { url: "http://auth:8081" }
upstreams: { a: { targets: ["http://a:1"] } }
routes: [{ id: r, match: { path: /r }, upstream: a, access: public, when: [{ query: q, in: { file: ids.txt }, reason: q }] }]
`;

let folder = '';
let lists: (readonly string[])[] = [];
let problems: string[] = [];
let closing: { close(): void } | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-lists-'));
  lists = [];
  problems = [];
});
afterEach(() => {
  closing?.close();
  rmSync(folder, { recursive: true });
});

function follow(): Reloader {
  const events = {
    apply: ({ routes }: Config) => {
      const [step] = routes.routes[0]!.conditions![0]!.steps;
      const operand = step?.kind === 'compare' && 'operand' in step.comparison ? step.comparison.operand : null;
      lists.push(operand !== null && 'literals' in operand ? [...operand.literals] : []);
    },
    refused: (found: readonly { readonly message: string }[]) => {
      problems.push(...found.map(({ message }) => message));
    },
  };
  const reloader = createReloader(join(folder, 'gateway.yaml'), events, 20, {}, { names: ['ids.txt'], patterns: [] });
  closing = reloader;
  return reloader;
}

/** As editors and tools do. */
function put(name: string, text: string): void {
  writeFileSync(join(folder, `${name}.new`), text);
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

test('a list renamed into place applies; one with problems or a missing one changes nothing', async () => {
  put('gateway.yaml', main);
  put('ids.txt', 'a\n');
  follow();
  put('ids.txt', 'b\n');
  await vi.waitFor(() => expect(lists.at(-1)).toEqual(['b']), 10_000);
  put('ids.txt', 'b\n\u0007\n');
  await vi.waitFor(() => expect(problems).toContain('no value contains a control character'), 10_000);
  rmSync(join(folder, 'ids.txt'));
  await vi.waitFor(() => expect(problems.at(-1)).toContain('does not exist'), 10_000);
  expect(new Set(lists.flat())).toEqual(new Set(['b']));
  put('ids.txt', 'c\n');
  await vi.waitFor(() => expect(lists.at(-1)).toEqual(['c']), 10_000);
});

test.each(['l[1].txt', 'teams[eu]/l.txt', 'l{1}.txt', 'l(1)+.txt', '!l.txt', '*.txt'])(
  'the name of a list is not a pattern: %s',
  async (name) => {
    mkdirSync(join(folder, 'teams[eu]'));
    put('gateway.yaml', main.replace('ids.txt', `"${name}"`));
    put(name, 'a\n');
    // A file that changed just before it is read counts as changed.
    const hourAgo = Date.now() / 1000 - 3600;
    for (const file of ['gateway.yaml', name]) utimesSync(join(folder, file), hourAgo, hourAgo);
    follow().reload();
    expect(lists).toEqual([['a']]);
    put(name, 'a\nb\n');
    await vi.waitFor(() => expect(lists.at(-1)).toEqual(['a', 'b']), 10_000);
  },
);

test('lists on a mounted volume change when its link is swapped', async () => {
  const hourAgo = Date.now() / 1000 - 3600;
  const generation = (name: string, ids: string) => {
    mkdirSync(join(folder, name));
    for (const [file, text] of [['gateway.yaml', main] as const, ['ids.txt', ids] as const]) {
      writeFileSync(join(folder, name, file), text);
      utimesSync(join(folder, name, file), hourAgo, hourAgo);
    }
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  generation('..1', 'a\n');
  for (const file of ['gateway.yaml', 'ids.txt']) symlinkSync(join('..data', file), join(folder, file));
  follow();
  generation('..2', 'b\n');
  await vi.waitFor(() => expect(lists.at(-1)).toEqual(['b']), 10_000);
});
