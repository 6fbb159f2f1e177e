/** The responses of authenticators as browsers serialize them (`PublicKeyCredential.toJSON`, WebAuthn Level 3 section 5.1). */
import { z } from 'zod';

/** The body of a request is bounded as a whole. */
const base64url = z
  .string()
  .min(1)
  .regex(/^[A-Za-z0-9_-]+$/);

/** Section 4: at most 1023 bytes. */
const credentialId = base64url.max(1364);

const common = { id: credentialId, rawId: credentialId, type: z.literal('public-key') };

export const createdCredential = z
  .object({
    ...common,
    response: z.object({ clientDataJSON: base64url, attestationObject: base64url }),
  })
  .describe('The result of `navigator.credentials.create`, as its `toJSON` writes it');

export const signedCredential = z
  .object({
    ...common,
    response: z.object({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: base64url.max(86),
    }),
  })
  .describe('The result of `navigator.credentials.get`, as its `toJSON` writes it');

export type CreatedCredential = z.infer<typeof createdCredential>;
export type SignedCredential = z.infer<typeof signedCredential>;

/** The challenge that the browser passed on; null: not from a page of this origin alone, or not readable. */
export function challengeIn({ response }: CreatedCredential | SignedCredential): string | null {
  const data = parseClientData(response.clientDataJSON);
  // A page of another site that frames ours: section 13.4.9.
  if (data === null || data.crossOrigin === true || data.topOrigin !== undefined) return null;
  return typeof data.challenge === 'string' ? data.challenge : null;
}

function parseClientData(text: string): Record<'challenge' | 'crossOrigin' | 'topOrigin', unknown> | null {
  try {
    const data: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof data === 'object' ? (data as ReturnType<typeof parseClientData>) : null;
  } catch {
    return null;
  }
}
