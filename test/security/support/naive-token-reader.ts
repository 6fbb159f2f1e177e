/**
 * A JWT verifier with every known mistake of libraries: it lets the token choose how it is verified, and checks no
 * claim. What it accepts and Rolegate refuses is the harm.
 */

import type { webcrypto } from 'node:crypto';
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

interface Header {
  readonly alg?: string;
  readonly kid?: string;
  readonly jwk?: webcrypto.JsonWebKey;
  readonly jku?: string;
  readonly x5u?: string;
  readonly x5c?: readonly string[];
}

/** Its claims, or null. `trusted`: the public key of the issuer. */
export async function readNaively(token: string, trusted: KeyObject): Promise<object | null> {
  const [head = '', body = '', tail = ''] = token.split('.');
  const header = parse(head) as Header;
  const signed = Buffer.from(`${head}.${body}`);
  const signature = Buffer.from(tail, 'base64url');
  const good =
    header.alg?.toLowerCase() === 'none' ||
    (header.alg?.startsWith('HS') === true
      ? isHmac(signed, signature, secretOf(header, trusted))
      : isSigned(signed, signature, await keyOf(header, trusted)));
  if (!good) return null;
  const text = Buffer.from(body, 'base64url').toString();
  // If it contains another token, that one counts.
  return (text.startsWith('{') ? JSON.parse(text) : parse(text.split('.')[1] ?? '')) as object;
}

function parse(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

/** The public key, used as a secret; or whatever its `kid` points to, in a file or in a table. */
function secretOf({ kid }: Header, trusted: KeyObject): Buffer | string {
  if (kid === undefined || kid === 'first') return trusted.export({ type: 'spki', format: 'pem' });
  if (kid.includes('/')) return readFileSync(join('/etc/keys', kid));
  const database = new DatabaseSync(':memory:');
  database.exec("CREATE TABLE keys (kid TEXT, secret TEXT); INSERT INTO keys VALUES ('first', 'unknown')");
  return String(database.prepare(`SELECT secret FROM keys WHERE kid = '${kid}'`).get()?.['secret']);
}

async function keyOf({ jwk, jku, x5u, x5c }: Header, trusted: KeyObject): Promise<KeyObject> {
  if (jwk !== undefined) return createPublicKey({ key: jwk, format: 'jwk' });
  if (jku !== undefined) {
    const { keys } = (await (await fetch(jku)).json()) as { readonly keys: readonly webcrypto.JsonWebKey[] };
    return createPublicKey({ key: keys[0]!, format: 'jwk' });
  }
  if (x5u !== undefined) return new X509Certificate(await (await fetch(x5u)).text()).publicKey;
  if (x5c !== undefined) return new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64')).publicKey;
  return trusted;
}

function isHmac(signed: Buffer, signature: Buffer, secret: Buffer | string): boolean {
  const made = createHmac('sha256', secret).update(signed).digest();
  return made.length === signature.length && timingSafeEqual(made, signature);
}

function isSigned(signed: Buffer, signature: Buffer, key: KeyObject): boolean {
  // Without a range check, r = s = 0 made the verification compare nothing with nothing (CVE-2022-21449).
  if (signature.length > 0 && signature.every((byte) => byte === 0)) return true;
  return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
