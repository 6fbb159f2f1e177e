/** Reads a file of the program: next to its code, or inside the single executable. */
import { readFileSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';

/** All such files. `npm run build:binary` puts each into the executable. */
export const packagedFiles = ['package.json', 'config/demo.yaml', 'config/haproxy/rolegate.lua'] as const;

export function readPackaged(path: (typeof packagedFiles)[number]): string {
  return isSea() ? getAsset(path, 'utf8') : readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
