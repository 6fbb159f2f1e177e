/** The identity of a configuration: which texts it was read from. */
import { createHash } from 'node:crypto';
import type { ParseOptions } from './parse-config.ts';

/**
 * Reads like `options`, and adds each text to a digest: that of the main file, of included files and of lists. Secret files and variables
 * are not part of it, so it reveals nothing of them, and replicas with secrets of their own have the same one.
 */
export function digesting(
  text: string,
  { readIncluded, readList }: Pick<ParseOptions, 'readIncluded' | 'readList'>,
): { readonly reading: Pick<ParseOptions, 'readIncluded' | 'readList'>; readonly digest: () => string } {
  const hash = createHash('sha256').update(JSON.stringify(text));
  const reading: { readIncluded?: typeof readIncluded; readList?: typeof readList } = {};
  if (readIncluded !== undefined)
    reading.readIncluded = (pattern) => {
      const texts = readIncluded(pattern);
      if (Array.isArray(texts)) hash.update(JSON.stringify(texts.map((one) => one.text)));
      return texts;
    };
  if (readList !== undefined)
    reading.readList = (name, own) => {
      const found = readList(name, own);
      if ('text' in found) hash.update(JSON.stringify(found.text));
      return found;
    };
  return {
    reading: reading as Pick<ParseOptions, 'readIncluded' | 'readList'>,
    digest: () => hash.digest('hex').slice(0, 12),
  };
}
