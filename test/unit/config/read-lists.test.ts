/** Lists of conditions from disk: where they are found, and why one cannot be read. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig, loadForApplication, loadRecorded } from '../../../src/config/load-config.ts';
import type { ConfigResult } from '../../../src/config/parse-config.ts';

let outside = '';
let folder = '';

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'rolegate-lists-'));
  folder = join(outside, 'config');
  mkdirSync(folder);
});
afterEach(() => rmSync(outside, { recursive: true }));

const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
const head = 'version: 1\nauthApi: { url: "http://a:1" }\nupstreams: { o: { targets: ["http://o:1"] } }\n';
const route = (list: string) =>
  `routes: [{ id: r, match: { path: /r }, upstream: o, access: public, when: [{ query: q, in: { file: "${list}" }, reason: q }] }]\n`;

function load(list: string): ConfigResult {
  put('gateway.yaml', head + route(list));
  return loadConfig(join(folder, 'gateway.yaml'), {});
}

const problemsOf = (result: ConfigResult) =>
  result.ok ? [] : result.problems.map(({ message }) => message.replaceAll(outside, '…'));

test("resolves names relative to the configuration's folder, and absolute paths unchanged", () => {
  put('ids.txt', 'a\nb\n');
  expect(load('ids.txt')).toMatchObject({ ok: true });
  writeFileSync(join(outside, 'ids.txt'), 'a');
  expect(load('../ids.txt')).toMatchObject({ ok: true });
  expect(load(join(outside, 'ids.txt'))).toMatchObject({ ok: true });
  const text = `version: 1\nauthApi: { url: "http://a:1" }\n${route('ids.txt').replace('upstream: o, ', '')}`;
  put('rules.yaml', text);
  expect(problemsOf(loadForApplication(join(folder, 'rules.yaml'), {}))).toEqual([]);
});

test('reports why a list cannot be read', () => {
  expect(problemsOf(load('ids.txt'))).toEqual(['the file …/config/ids.txt does not exist']);
  mkdirSync(join(folder, 'sub'));
  expect(problemsOf(load('sub'))).toEqual(['the file …/config/sub is a folder, not a file']);
  put('latin.txt', Buffer.from([0x61, 0xe4, 0x0a]));
  expect(problemsOf(load('latin.txt'))).toEqual(['the file …/config/latin.txt is not UTF-8 text']);
  put('large.txt', '#'.repeat(8 * 1024 * 1024 + 1));
  expect(problemsOf(load('large.txt'))).toEqual(['the file …/config/large.txt is larger than 8 MiB']);
  expect(problemsOf(load('/dev/zero'))).toEqual(['the file /dev/zero is larger than 8 MiB']);
});

test('reports a list that this user may not read', ({ skip }) => {
  skip(process.getuid?.() === 0, 'root may read every file');
  put('ids.txt', 'a');
  chmodSync(join(folder, 'ids.txt'), 0);
  expect(problemsOf(load('ids.txt'))).toEqual(['the file …/config/ids.txt may not be read by this user']);
});

test("an included file can name lists only below the main file's folder, even through links", () => {
  const included = (list: string) => {
    put('gateway.yaml', `${head}include: [more.yaml]\nroutes: []\n`);
    put('more.yaml', route(list));
    return problemsOf(loadConfig(join(folder, 'gateway.yaml'), {}));
  };
  put('ids.txt', 'a');
  writeFileSync(join(outside, 'secret.txt'), 'a');
  symlinkSync(join(outside, 'secret.txt'), join(folder, 'link.txt'));
  symlinkSync('ids.txt', join(folder, 'own-link.txt'));
  expect(included('ids.txt')).toEqual([]);
  expect(included('own-link.txt')).toEqual([]);
  const refused = ['the file of this list is not below the folder of …/config/gateway.yaml'];
  expect(included('../secret.txt')).toEqual(refused);
  expect(included(join(outside, 'secret.txt'))).toEqual(refused);
  expect(included('link.txt')).toEqual(refused);
  expect(problemsOf(load('link.txt'))).toEqual([]);
});

test('watches the names of lists, including missing ones', () => {
  put('gateway.yaml', head + route('ids.txt'));
  expect(loadRecorded(join(folder, 'gateway.yaml'), {}).watched).toEqual({ names: ['ids.txt'], patterns: [] });
});
