/** The image is built of named files: those that build the program are all among them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

/** A script and the scripts that it imports, at any distance. */
function scriptsOf(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/ from '(\.\/[\w-]+\.ts)'/g))
    scriptsOf(join('scripts', path!), found);
  return found;
}

/** Those that `npm run build` starts. */
const ofBuild = packageJson.scripts.build.match(/\bscripts\/[\w-]+\.ts\b/g) ?? [];

test('the build starts scripts', () => expect(ofBuild.length).toBeGreaterThan(1));

test.each([...ofBuild, 'scripts/sbom.ts'])('%s comes with all that it imports', (script) => {
  const copied = [...readFileSync('Dockerfile', 'utf8').matchAll(/\bscripts\/[\w-]+\.ts\b/g)].map(([path]) => path);
  const sent = readFileSync('.dockerignore', 'utf8').split('\n');
  const needed = [...scriptsOf(script)];
  expect(needed.filter((path) => !copied.includes(path))).toEqual([]);
  expect(needed.filter((path) => !sent.includes(`!${path}`))).toEqual([]);
});
