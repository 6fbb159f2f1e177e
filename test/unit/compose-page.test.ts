/**
 * The page docs/guides/compose.md: its commands match those in `compose.yaml`, which another test runs in full, and the
 * things it mentions exist.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from '../support/markdown-page.ts';

const page = readFileSync('docs/guides/compose.md', 'utf8');
const text = readFileSync('compose.yaml', 'utf8');
const { services } = parse(text) as { services: Readonly<Record<string, { readonly ports?: readonly string[] }>> };

test('its commands match the file', () => {
  const commands = blocksOf(page)
    .find(({ language, info }) => `${language} ${info}` === 'sh compose')!
    .text.trimEnd()
    .split('\n');
  expect(commands).toEqual([...text.matchAll(/^# {3}((?:sh|docker) .+)$/gm)].map(([, command]) => command));
});

test('it lists every published address', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  const addresses = ports.flatMap((port) => {
    const [, host, first, last] = /^([\d.]+):(\d+)(?:-(\d+))?:\d+$/.exec(port)!;
    return [first, ...(last === undefined ? [] : [last])].map((number) => `http://${host}:${number}`);
  });
  expect(addresses.length).toBeGreaterThan(3);
  expect(addresses.filter((address) => !page.includes(`\`${address}\``))).toEqual([]);
});

test('the services and files that it mentions exist', () => {
  const files = [...page.matchAll(/`(compose\/[\w/-]+\.yaml)`/g)].map(([, path]) => path!);
  expect(files.length).toBeGreaterThan(2);
  expect(files.filter((path) => !existsSync(path))).toEqual([]);
  for (const name of ['orders', 'auth-api', 'postgres', 'mail']) expect(Object.keys(services)).toContain(name);
});
