/** A running gateway follows the files that its configuration includes: changed, new and removed ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReloader, type Reloader } from '../../../src/app/reload.ts';

const main = (include: string) =>
  `version: 1\nauthApi: { url: "http://auth:8081" }\nupstreams: { a: { targets: ["http://a:1"] } }\n${include}routes: []\n`;
const route = (id: string) => `routes: [{ id: ${id}, match: { path: "/${id}" }, upstream: a, access: public }]\n`;

let folder = '';
let reloader: Reloader | null = null;
/** Ids of the routes in use, and the places of the last refusal's problems. */
let routes: readonly string[] = [];
let refused: readonly string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-reload-'));
  mkdirSync(join(folder, 'routes'));
  [routes, refused] = [[], []];
});
afterEach(() => {
  reloader?.close();
  rmSync(folder, { recursive: true });
});

const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

function start(include: readonly string[], readAtMs?: number): Reloader {
  const events = {
    apply: (config: { routes: { routes: readonly { id: string }[] } }) => {
      routes = config.routes.routes.map(({ id }) => id);
      refused = [];
    },
    refused: (problems: readonly { file: string; line: number }[]) => {
      refused = problems.map(({ file, line }) => `${file.slice(folder.length + 1)}:${line}`);
    },
  };
  return createReloader(join(folder, 'gateway.yaml'), events, 20, {}, { names: [], patterns: include }, readAtMs);
}

test('follows a file that changes, appears, breaks, is repaired and disappears', async () => {
  put('gateway.yaml', main('include: ["routes/*.yaml"]\n'));
  put('routes/one.yaml', route('one'));
  reloader = start(['routes/*.yaml']);
  put('routes/one.yaml', route('uno'));
  await vi.waitFor(() => expect(routes).toEqual(['uno']), 10_000);
  put('routes/two.yaml', route('two'));
  await vi.waitFor(() => expect(routes).toEqual(['uno', 'two']), 10_000);
  put('routes/two.yaml', 'routes: [{}]\n');
  await vi.waitFor(() => expect(new Set(refused)).toEqual(new Set(['routes/two.yaml:1'])), 10_000);
  expect(routes).toEqual(['uno', 'two']);
  put('routes/two.yaml', route('due'));
  await vi.waitFor(() => expect(routes).toEqual(['uno', 'due']), 10_000);
  rmSync(join(folder, 'routes/two.yaml'));
  await vi.waitFor(() => expect(routes).toEqual(['uno']), 10_000);
});

test('follows patterns that a change of the main file adds', async () => {
  put('gateway.yaml', main(''));
  put('routes/one.yaml', route('one'));
  reloader = start([]);
  put('gateway.yaml', main('include: ["routes/*.yaml"]\n'));
  await vi.waitFor(() => expect(routes).toEqual(['one']), 10_000);
  put('routes/one.yaml', route('uno'));
  await vi.waitFor(() => expect(routes).toEqual(['uno']), 10_000);
});

test('does not miss a change between loading the file and the first check', async () => {
  put('gateway.yaml', main('include: ["routes/*.yaml"]\n'));
  const readAtMs = Date.now();
  put('routes/one.yaml', route('one'));
  reloader = start(['routes/*.yaml'], readAtMs);
  await vi.waitFor(() => expect(routes).toEqual(['one']), 10_000);
});

test('reads nothing after it is closed', async () => {
  put('gateway.yaml', main('include: ["routes/*.yaml"]\n'));
  put('routes/one.yaml', route('one'));
  reloader = start(['routes/*.yaml']);
  expect(reloader.reload()).toEqual([]);
  reloader.close();
  put('routes/one.yaml', route('uno'));
  const other = start(['routes/*.yaml']);
  put('routes/one.yaml', route('tre'));
  // What the open one notices, the closed one would have noticed too.
  await vi.waitFor(() => expect(routes).toEqual(['tre']), 10_000);
  other.close();
});
