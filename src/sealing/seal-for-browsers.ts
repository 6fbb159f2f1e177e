/** Texts that browsers carry, in addresses, forms and cookies: sealed, and in base64url. */
import { deriveKey } from './derive-key.ts';
import { openText, sealText } from './sealed-text.ts';

export interface Seal {
  seal(text: string, context: string): string;
  /** Null: it was not sealed here in this context, or is too long. `secret`: the index of the one that opened it. */
  open(sealed: string, context: string): { readonly text: string; readonly secret: number } | null;
}

/** The first secret seals; all of them open, so that a secret can be replaced. `maxBytes`: of what is sealed. */
export function createSeal(secrets: readonly string[], purpose: string, maxBytes: number): Seal {
  const keys = secrets.map((secret) => deriveKey(secret, purpose));
  return {
    seal: (text, context) => sealText(text, keys[0]!, context).toString('base64url'),
    open(sealed, context) {
      if (sealed.length > Math.ceil((maxBytes * 4) / 3)) return null;
      const bytes = Buffer.from(sealed, 'base64url');
      for (const [secret, key] of keys.entries()) {
        const text = openText(bytes, key, context, maxBytes);
        if (text !== null) return { text, secret };
      }
      return null;
    },
  };
}
