/** Reads secrets, and refuses those that are too short or malformed. */

import type { SecretSource } from '../schema/secret.ts';
import type { ConfigFile } from '../schema.ts';
import { secretMark } from '../yaml/problem.ts';
import type { Location } from './location.ts';

type Source = SecretSource | undefined;
/** One or several, all valid: a rotation needs two. */
type Sources = Source | readonly Source[];

const minSecret = 32;
/** What fits into the headers that the admin port reads. */
const maxBearer = 4096;
/** RFC 6750 section 2.1 b64token. */
const bearer = /^[A-Za-z0-9\-._~+/]+=*$/;
/** The Standard Webhooks specification: "whsec_" and base64 of 24 to 64 bytes. */
const webhook = /^whsec_(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const webhookBytes = { least: 24, most: 64 } as const;
/** Each costs another query to Redis for an unknown credential, and another name in the message that revokes one. */
const maxPreviousSecrets = 8;

/** Text of a secret, or null if it is unset or has a problem. */
export function readSecretText(source: Source, at: Location): string | null {
  const { readSecret, list } = at.file;
  if (source === undefined || typeof source === 'string') return source ?? null;
  const file = at.at('file');
  let secret: string;
  try {
    secret = readSecret(source.file).replace(/\r?\n$/, '');
  } catch {
    file.report('the secret file cannot be read', 'check the path, and that this user may read it');
    return null;
  }
  if (secret === '') {
    file.report('the secret file is empty');
    return null;
  }
  list.conceal(secret, secretMark);
  return secret;
}

/** A secret that cannot be guessed: at least 32 characters. */
export function readKeySecret(source: Source, at: Location): string | null {
  const secret = readSecretText(source, at);
  if (secret === null || secret.length >= minSecret) return secret;
  at.report(`the secret is shorter than ${minSecret} characters`, 'create one with "openssl rand -hex 32"');
  return null;
}

/** A secret that clients send as a bearer: at least 32 characters, and only those that the header can carry. */
export function readBearerSecret(source: Source, at: Location): string | null {
  const secret = readKeySecret(source, at);
  if (secret === null || (secret.length <= maxBearer && bearer.test(secret))) return secret;
  at.report('this secret cannot be sent as a bearer', 'create one with "openssl rand -hex 32"');
  return null;
}

export function readBearerSecrets(sources: Sources, at: Location): readonly string[] {
  return readEach(sources, at, (source, there) => readBearerSecret(source, there));
}

/** Secrets of signed webhooks. */
export function readWebhookSecrets(sources: Sources, at: Location): readonly string[] {
  return readEach(sources, at, (source, there) => {
    const secret = readSecretText(source, there);
    if (secret === null) return null;
    const { least, most } = webhookBytes;
    const length = webhook.test(secret) ? Buffer.from(secret.slice('whsec_'.length), 'base64').length : 0;
    if (length >= least && length <= most) return secret;
    const hint = 'create one with: echo "whsec_$(openssl rand -base64 32)"';
    there.report(`expected "whsec_" and the base64 of ${least} to ${most} bytes`, hint);
    return null;
  });
}

/** Values of headers, by name. */
export function readHeaderSecrets(sources: Readonly<Record<string, Source>> | undefined, at: Location) {
  const headers: Record<string, string> = {};
  for (const [name, source] of Object.entries(sources ?? {})) {
    const there = at.at(name);
    const value = readSecretText(source, there);
    if (value === null) continue;
    if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) headers[name.toLowerCase()] = value;
    else there.report('a header cannot carry this value', 'use visible ASCII, with spaces only inside');
  }
  return headers;
}

/** Earlier values of a secret: each long enough, none the current one, none twice. */
export function readPreviousSecrets(sources: Sources, current: string | null, at: Location): readonly string[] {
  const secrets = new Set<string>();
  return readEach(sources, at, (source, there) => {
    const secret = readKeySecret(source, there);
    if (secret === null) return null;
    if (secret === current) there.report('this is the current secret', 'list only earlier ones');
    else if (secrets.has(secret)) there.report('this secret is listed twice');
    secrets.add(secret);
    return secret;
  });
}

function readEach(
  sources: Sources,
  at: Location,
  read: (source: Source, at: Location) => string | null,
): readonly string[] {
  if (!Array.isArray(sources)) return [read(sources as Source, at) ?? []].flat();
  return sources.flatMap((source: Source, index) => read(source, at.at(index)) ?? []);
}

/** The current one and earlier ones. `at`: of the section. */
export function readCacheSecrets(cache: ConfigFile['cache'], at: Location) {
  const hint = `replicas share verdicts under it: "secret: \${ROLEGATE_CACHE_SECRET}"`;
  for (const [key, why] of [
    ['redis', '"cache.secret" is required with Redis'],
    ['previousSecret', 'an earlier secret has no effect without "cache.secret"'],
  ] as const) {
    if (at.at(key).isWritten && !at.at('secret').isWritten) at.at(key).reportKey(why, hint);
  }
  const current = readKeySecret(cache.secret, at.at('secret'));
  const previous = cache.previousSecret;
  const previousAt = at.at('previousSecret');
  if (Array.isArray(previous) && previous.length > maxPreviousSecrets) {
    const message = `more than ${maxPreviousSecrets} earlier secrets`;
    previousAt.reportKey(message, 'keep those that a replica may still have');
  }
  return { cache: current, previousCache: readPreviousSecrets(previous, current, previousAt) };
}
