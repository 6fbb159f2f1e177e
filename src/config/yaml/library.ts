/** The YAML library, which is loaded for the first file that is not plain, for loading it takes longer than most commands. */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

export function yamlLibrary(): typeof import('yaml') {
  return load('yaml') as typeof import('yaml');
}
