/**
 * "The life of a request" in CONTRIBUTING.md: the names that it mentions are in the files that it mentions, and the
 * bytes are those of a refusal.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useProxiedUpstream } from '../../support/closed-after-each.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import { openRaw } from '../../support/raw-client.ts';
import { ann, goodToken } from '../../support/running-proxy.ts';

const page = readFileSync('CONTRIBUTING.md', 'utf8');
const section = /^## The life of a request\n([\s\S]*?)(?=^## )/m.exec(page)![1]!;
const steps = [...section.matchAll(/^\d+\. `(src\/[^`]+)`: (.*)$/gm)].map(([, file, text]) => ({
  file: file!,
  names: [...text!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
}));

const start = useProxiedUpstream();

test('it has steps', () => {
  expect(steps.length).toBeGreaterThan(12);
  expect(section.match(/^\d+\. /gm)).toHaveLength(steps.length);
});

test.each(steps)('$file has $names', ({ file, names }) => {
  expect(existsSync(file), file).toBe(true);
  const text = readFileSync(file, 'utf8');
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test('a request without a role gets the bytes shown on the page', async () => {
  const { port } = await start({
    access: ['user'],
    resolve: () => ({ identity: { ...ann, roles: [] }, reason: null, stale: false, source: 'memory' }),
  });
  const client = await openRaw(port);
  client.write(`GET /orders/7 HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer ${goodToken}\r\n\r\n`);
  const answer = await client.answer();
  const lines: string[] = [`HTTP/1.1 ${answer.status} ${answer.statusText}`];
  for (let i = 0; i < answer.rawHeaders.length; i += 2)
    lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
  const [head, body] = blocksOf(section).map(({ text }) => sameOnce(text));
  expect(sameOnce(`${lines.join('\n')}\n`)).toBe(head);
  expect(sameOnce(answer.text())).toBe(`${JSON.stringify(JSON.parse(body!))}\n`);
  client.destroy();
});

/** Values that differ between requests. */
function sameOnce(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID').replace(/^date: .*$/m, 'date: NOW');
}
