/** The fields that several operations share, each described once. */
import { z } from 'zod';
import { decodeSegment } from '../../operations/operation.ts';
import { longCodeLength } from '../secrets/random-secret.ts';

/** Our ids are lower case; other spellings are not valid. */
export const id = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .describe('A lower-case UUID');

export const idParam = z.object({ id });

/** An address as HTML defines it, of the length that SMTP allows (RFC 5321 section 4.5.3.1). */
export const emailAddress = z.string().max(254).regex(z.regexes.html5Email).describe('An e-mail address');

/** Six digits; the lost leading zeros of a number are restored. */
export const code = z
  .union([
    z.string().regex(/^[0-9]{6}$/),
    z
      .int()
      .min(0)
      .max(999_999)
      .transform((value) => String(value).padStart(6, '0')),
  ])
  .describe('The six digits that came by mail');

/** One that cannot be guessed. */
export const longCode = z
  .string()
  .length(longCodeLength)
  .regex(/^[0-9A-HJKMNP-TV-Z]*$/)
  .describe('16 letters and digits');

export const verification = z.object({ verificationCodeID: id, code });

/** In requests for a code to an address that is not proven yet. */
export const acceptsLongCode = z
  .boolean()
  .default(false)
  .describe('The client lets its user enter a long code, too: it is sent where one of six digits would have to wait');

export const codeForm = z
  .enum(['digits', 'long'])
  .describe('`long`: there were too many wrong codes for one of six digits');

/** In their responses. */
export const formOfCode = { codeForm: codeForm.optional().describe('Only with `acceptsLongCode`') };

/** Text that people read: no control characters, no line breaks, not only blanks. */
export function label(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]*$/u)
    .regex(/\S/);
}

/** A role or a group: no comma and no blank, because names are joined by commas. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/)
  .describe('The name of a role or group');

/** A name in a path, where `:` and `@` may be escaped. */
export const nameInPath = z.string().transform(decodeSegment).pipe(name);

export const expireAt = z.int().describe('Unix time in seconds');

export const moment = z.int().describe('Unix time in seconds');

export const acknowledgement = z.object({ message: z.literal('acknowledged') });

export const acknowledged = { message: 'acknowledged' } as const;

/** Slices of long lists: `page` counts from 1. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
};

/** Whole seconds, rounded down: so a client never uses an expired credential. */
export function toSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}

/** Pages of a list in slices of `limit`. */
export function pagesOf(total: number, limit: number): number {
  return Math.ceil(total / limit);
}
