/**
 * The identity of a configuration: what its files contain, without secrets. It is shown without a token, and a digest of a weak password
 * could be compared with those of guesses. Variables stand in it by their names, so replicas with secrets of their own have the same digest.
 */
import { createHash } from 'node:crypto';
import { maskUrl } from './mask-url.ts';
import { secretKeysOf } from './schema/secret-keys.ts';
import { configSchema } from './schema.ts';
import type { SecretKeys } from './yaml/mask-secrets.ts';
import type { Node } from './yaml/tree.ts';

const masked = '***';

/** `files`: valid ones, the main one first. `lists`: their texts. */
export function digestOf(files: readonly Node[], lists: readonly string[]): string {
  const keys = secretKeysOf(configSchema);
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${JSON.stringify(sections(file, keys))}\n`);
  for (const list of lists) hash.update(`${JSON.stringify(list.split('\n').map(maskUrl))}\n`);
  return hash.digest('hex').slice(0, 12);
}

function sections(file: Node, keys: SecretKeys): unknown {
  if (file.kind !== 'map') return plain(file, keys);
  return [...file.entries].map(([name, { value }]) => [name, plain(value, keys.openSections.has(name) ? null : keys)]);
}

/** `keys`: null: the section cannot contain a secret. */
function plain(node: Node, keys: SecretKeys | null): unknown {
  if (node.kind === 'scalar') return typeof node.source === 'string' ? maskUrl(node.source) : node.source;
  if (node.kind === 'list') return node.items.map((item) => plain(item, keys));
  return [...node.entries].map(([key, { value }]) => [
    key,
    keys !== null && isSecret(key, value, keys) ? masked : plain(value, keys),
  ]);
}

/** A key such as `url` contains a secret in some places, and elsewhere the address of a service. */
function isSecret(key: string, value: Node, { openKeys, secretKeys }: SecretKeys): boolean {
  if (!secretKeys.has(key)) return false;
  const isAddress = value.kind === 'scalar' && /^https?:\/\//.test(String(value.source));
  return !(openKeys.has(key) && isAddress);
}
