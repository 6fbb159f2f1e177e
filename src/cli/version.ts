/** The version, from the package itself. */
import { readPackaged } from './packaged-file.ts';

const manifest: unknown = JSON.parse(readPackaged('package.json'));

export const version: string =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0';
