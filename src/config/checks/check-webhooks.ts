/** Secrets of signed webhooks: those of the Standard Webhooks specification, "whsec_" and base64 of 24 to 64 bytes. */
import type { ConfigFile, Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { readSecretText } from './check-secrets.ts';

type Source = Parts<NonNullable<ConfigFile['revocations']['webhookSecret']>>;

const shape = /^whsec_(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const bytes = { least: 24, most: 64 } as const;
/** A rotation needs two. */
const mostSecrets = 8;

export function readWebhookSecrets(written: Source | undefined, path: Path, check: Check): readonly string[] {
  if (written === undefined) return [];
  if (!Array.isArray(written)) return readOne(written as Exclude<Source, readonly unknown[]>, path, check);
  if (written.length === 0) check.at(path, 'expected at least one secret', 'leave the key out to take no webhooks');
  if (written.length > mostSecrets) check.at(path, `at most ${mostSecrets} secrets`);
  return written.flatMap((source, index) => readOne(source, [...path, index], check));
}

function readOne(source: Parameters<typeof readSecretText>[0], path: Path, check: Check): readonly string[] {
  const secret = readSecretText(source, path, check);
  if (secret === null) return [];
  const length = shape.test(secret) ? Buffer.from(secret.slice('whsec_'.length), 'base64').length : 0;
  if (length >= bytes.least && length <= bytes.most) return [secret];
  const message = `expected "whsec_" and the base64 of ${bytes.least} to ${bytes.most} bytes`;
  check.at(path, message, 'make one with: echo "whsec_$(openssl rand -base64 32)"');
  return [];
}
