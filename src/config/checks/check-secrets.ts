/** Reads secrets from where they are kept, and refuses those that are too short to be any. */

import { secretMark } from '../problem.ts';
import type { SecretSource } from '../schema/secret.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

const shortestSecret = 32;
/** What fits into the headers that the admin port reads. */
const longestBearer = 4096;
/** RFC 6750 section 2.1 b64token. */
const bearer = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Text of a secret, or null when there is none or it has a problem. */
export function readSecretText(source: Parts<SecretSource> | undefined, path: Path, check: Check): string | null {
  if (source === undefined) return null;
  if (typeof source === 'string') {
    check.conceal(source, secretMark);
    return source;
  }
  if (source.file === undefined) return null;
  const filePath = [...path, 'file'];
  let text: string;
  try {
    text = check.readSecret(source.file);
  } catch {
    check.at(filePath, 'the secret file cannot be read', 'check the path, and that this user may read it');
    return null;
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') {
    check.at(filePath, 'the secret file is empty');
    return null;
  }
  check.conceal(secret, secretMark);
  return secret;
}

/** A secret that clients send as a bearer: at least 32 characters, and only those that the header can carry. */
export function readBearerSecret(source: Parts<SecretSource> | undefined, path: Path, check: Check): string | null {
  const secret = readKeySecret(source, path, check);
  if (secret === null || (secret.length <= longestBearer && bearer.test(secret))) return secret;
  check.at(path, 'this secret cannot be sent as a bearer', 'make one with "openssl rand -hex 32"');
  return null;
}

/** One such secret or several, any of which is good: a rotation needs two. */
export function readBearerSecrets(
  written: Parts<SecretSource> | readonly (Parts<SecretSource> | undefined)[] | undefined,
  path: Path,
  check: Check,
): readonly string[] {
  const read = (source: Parts<SecretSource> | undefined, at: Path) => readBearerSecret(source, at, check) ?? [];
  if (Array.isArray(written)) return written.flatMap((source, index) => read(source, [...path, index]));
  return [read(written as Parts<SecretSource> | undefined, path)].flat();
}

/** A secret that nobody can guess: at least 32 characters. */
export function readKeySecret(source: Parts<SecretSource> | undefined, path: Path, check: Check): string | null {
  const secret = readSecretText(source, path, check);
  if (secret === null || secret.length >= shortestSecret) return secret;
  const hint = 'make one with "openssl rand -hex 32"';
  check.at(path, `the secret is shorter than ${shortestSecret} characters`, hint);
  return null;
}

/** Earlier values of a secret: each long enough, none the current one, none twice. `pathOf` an item of the list. */
export function readPreviousSecrets(
  sources: readonly (Parts<SecretSource> | undefined)[],
  current: string | null,
  pathOf: (index: number) => Path,
  check: Check,
): readonly string[] {
  const read: string[] = [];
  sources.forEach((source, index) => {
    const secret = readKeySecret(source, pathOf(index), check);
    if (secret === null) return;
    if (secret === current) check.at(pathOf(index), 'this is the current secret', 'list only earlier ones');
    else if (read.includes(secret)) check.at(pathOf(index), 'this secret is listed twice');
    else read.push(secret);
  });
  return read;
}
