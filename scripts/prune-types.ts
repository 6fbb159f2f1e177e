/**
 * The last step of `npm run build`: of the types that the compiler generated, keeps only those that importers of the package need.
 */
import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const imports = /\b(?:from|import) ?\(?['"](\.[^'"]+)\.[jt]s['"]/g;
const reached = new Set<string>();

function reach(file: string): void {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(imports)) reach(join(dirname(file), `${path}.d.ts`));
}

for (const name of ['index', 'verify', 'in-process']) reach(join(dist, `${name}.d.ts`));
for (const file of globSync('**/*.d.ts', { cwd: dist })) if (!reached.has(join(dist, file))) rmSync(join(dist, file));
