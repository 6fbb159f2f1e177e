/**
 * For the bundler: of `zod` what the sources name. They take it as one object, and whatever is in that object is read
 * and set up when a command starts: twice as much as is used. Only what is never named is left out, and of `zod` alone.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import * as zod from 'zod';
import { oneLanguage } from './one-language.ts';

const entry = /[\\/]node_modules[\\/]zod[\\/]index\.js$/;

export function usedOfZod(sources: string): Plugin {
  return {
    name: 'used-of-zod',
    load: {
      filter: { id: entry },
      handler: (id) => bundled(id, namesIn(sources)),
    },
  };
}

/** Members of `z` that are values; those that are only types are in no bundle. */
function namesIn(sources: string): readonly string[] {
  const texts = globSync('**/*.ts', { cwd: sources }).map((file) => readFileSync(join(sources, file), 'utf8'));
  const odd = texts.find((text) => /\bz(?:\[|\?\.)|import (?:\* as z|z|\{ z as \w+) /.test(text));
  if (odd !== undefined) throw new Error(`a source names zod in another way than this script knows:\n${odd}`);
  const names = texts.flatMap((text) => [...text.matchAll(/\bz\.(\w+)/g)].map(([, name]) => name!));
  return [...new Set(names)].filter((name) => name in zod.z).sort();
}

async function bundled(zodEntry: string, names: readonly string[]): Promise<string> {
  const virtual = `${zodEntry}?used`;
  const build = await rolldown({
    input: virtual,
    platform: 'node',
    plugins: [
      {
        name: 'used',
        resolveId: (id) => (id === virtual ? id : null),
        load: (id) =>
          id === virtual
            ? `import { z as all } from ${JSON.stringify(zodEntry)};\nexport const z = { ${names.map((name) => `${name}: all.${name}`).join(', ')} };`
            : null,
      },
      oneLanguage,
    ],
    experimental: { attachDebugInfo: 'none' },
    onwarn: (warning) => {
      throw new Error(warning.message ?? String(warning));
    },
  });
  const { output } = await build.generate({ format: 'esm', minify: false });
  return output[0].code;
}
