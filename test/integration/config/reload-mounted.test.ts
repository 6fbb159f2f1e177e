/**
 * A running gateway follows files mounted by Kubernetes: all of them change at once when the link `..data` is swapped.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReloader, type Reloader } from '../../../src/app/reload.ts';
import { watchFiles } from '../../../src/app/watch-files.ts';

const main = 'version: 1\nauthApi: { url: "http://auth:8081" }\nupstreams: { a: { targets: ["http://a:1"] } }\n';
const none = { names: [], patterns: [] };
const route = (id: string) => `routes: [{ id: ${id}, match: { path: "/${id}" }, upstream: a, access: public }]\n`;

let folder = '';
let closing: { close(): void } | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-mounted-'));
});
afterEach(() => {
  closing?.close();
  rmSync(folder, { recursive: true });
});

/** Writes a generation of the volume, with files an hour old, without publishing it. */
function prepare(generation: string, texts: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, generation));
  const hourAgo = Date.now() / 1000 - 3600;
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(folder, generation, name), text);
    utimesSync(join(folder, generation, name), hourAgo, hourAgo);
  }
}

/** Like the kubelet: a second link, moved over the old one. */
function swapTo(generation: string): void {
  symlinkSync(generation, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

function mount(generation: string, texts: Readonly<Record<string, string>>): void {
  prepare(generation, texts);
  swapTo(generation);
  for (const name of Object.keys(texts)) symlinkSync(join('..data', name), join(folder, name));
}

test('follows a swap of the link, whatever the files behind it, including included ones', async () => {
  let routes: readonly string[] = [];
  const events = {
    apply: (config: { routes: { routes: readonly { id: string }[] } }) => {
      routes = config.routes.routes.map(({ id }) => id);
    },
    refused: () => undefined,
  };
  const text = `${main}include: ["*.routes.yaml"]\nroutes: []\n`;
  mount('..1', { 'gateway.yaml': text, 'one.routes.yaml': route('one') });
  const watched = { names: [], patterns: ['*.routes.yaml'] };
  const reloader: Reloader = createReloader(join(folder, 'gateway.yaml'), events, 20, {}, watched);
  closing = reloader;
  // Same length, same time: only the link and the inode differ.
  prepare('..2', { 'gateway.yaml': text, 'one.routes.yaml': route('two') });
  swapTo('..2');
  rmSync(join(folder, '..1'), { recursive: true });
  await vi.waitFor(() => expect(routes).toEqual(['two']), 10_000);
  prepare('..3', { 'gateway.yaml': `${main}${route('three')}`, 'one.routes.yaml': route('two') });
  swapTo('..3');
  await vi.waitFor(() => expect(routes).toEqual(['three']), 10_000);
});

test('does not miss a swap between loading the files and the first check', async () => {
  mount('..1', { 'gateway.yaml': main });
  // Written in time, but not read: it is published only afterwards.
  prepare('..2', { 'gateway.yaml': main });
  const readAtMs = Date.now();
  swapTo('..2');
  const changed = vi.fn();
  const files = watchFiles(join(folder, 'gateway.yaml'), 20, changed);
  closing = files;
  files.watch(none, readAtMs);
  await vi.waitFor(() => expect(changed).toHaveBeenCalled(), 10_000);
});

test('the name of the main file is not a pattern', async () => {
  const odd = join(folder, 'gateway[1].yaml');
  writeFileSync(odd, main);
  const changed = vi.fn();
  const files = watchFiles(odd, 20, changed);
  closing = files;
  files.watch(none);
  writeFileSync(odd, `${main}# more`);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), 10_000);
  files.watch(none);
  rmSync(odd);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2), 10_000);
});
