/**
 * For the bundler: of `undici` the classes that the sources import, each from the file that has it, and without HTTP/2.
 * What the package exports as a whole brings `fetch`, caches, proxies and mocks along, and took a quarter of the start of
 * a gateway.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

const entry = /[\\/]node_modules[\\/]undici[\\/]index\.js$/;
const http2 = /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h2\.js$/;
/** What the package does besides exporting. */
const methods = 'Object.assign(Dispatcher.prototype, api)';

export function usedOfUndici(sources: string): Plugin {
  return {
    name: 'used-of-undici',
    load: {
      filter: { id: [entry, http2] },
      handler(id) {
        if (http2.test(id)) return `module.exports = () => { throw new Error('this program talks HTTP/1.1'); };`;
        const whole = readFileSync(id, 'utf8');
        const fileOf = (name: string) => {
          const file = new RegExp(`^const ${name} = require\\('([^']+)'\\)`, 'm').exec(whole)?.[1];
          if (file === undefined) throw new Error(`undici has ${name} in another way than this script knows`);
          return file;
        };
        if (!whole.includes(methods))
          throw new Error(`undici gives its classes methods in another way than: ${methods}`);
        return [
          `import api from '${fileOf('api')}';`,
          `import Dispatcher from '${fileOf('Dispatcher')}';`,
          methods,
          ...namesIn(sources).map((name) => `export { default as ${name} } from '${fileOf(name)}';`),
        ].join('\n');
      },
    },
  };
}

/** Classes that are named; those that are only types are in no bundle. */
function namesIn(sources: string): readonly string[] {
  const texts = globSync('**/*.ts', { cwd: sources })
    .map((file) => readFileSync(join(sources, file), 'utf8'))
    .filter((text) => /^import (?!type ).*['"]undici['"]/m.test(text));
  const names = texts.flatMap((text) => {
    const [, braces] = /^import \{ ([\w, ]+) \} from 'undici';$/m.exec(text) ?? [];
    if (braces === undefined)
      throw new Error(`a source imports undici in another way than this script knows:\n${text}`);
    if ([...text.matchAll(/new (?:Client|Pool)\(/g)].length !== [...text.matchAll(/allowH2: false/g)].length)
      throw new Error(`a source lets undici talk HTTP/2:\n${text}`);
    return braces.split(', ').filter((name) => !name.startsWith('type '));
  });
  return [...new Set(names)].sort();
}
