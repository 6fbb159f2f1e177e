/** What curl and wget wrote: heads as text, and bodies as files. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Received } from '../compare-responses.ts';

/** An empty body is not written. */
export const readIfThere = (path: string): Promise<Buffer> => readFile(path).catch(() => Buffer.alloc(0));

export const bodyOf = (bytes: Buffer): string => `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;

/** The last of several heads: interim responses and redirects come before it. */
export function lastHead(text: string): Pick<Received, 'status' | 'reason' | 'headers'> {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const start = lines.findLastIndex((line) => /^HTTP\/1\.[01] /.test(line));
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(lines[start] ?? '') ?? [];
  return { status: Number(status), reason, headers: lines.slice(start + 1) };
}
