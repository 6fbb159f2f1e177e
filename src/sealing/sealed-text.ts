/**
 * Texts stored where others can read and write, such as in Redis: encrypted and authenticated (AES-256-GCM) under a key that only the
 * processes of one gateway have. The context is authenticated with a text, so that it opens only for its purpose.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** Nonce, tag and encrypted text. */
export function sealText(text: string, key: KeyObject, context: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Null for anything that was not sealed under this key in this context, and for more than `maxBytes`. */
export function openText(bytes: Buffer, key: KeyObject, context: string, maxBytes: number): string | null {
  if (bytes.length <= nonceBytes + tagBytes || bytes.length > maxBytes) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
