/** Fresh secrets: tokens and codes from the operating system's randomness, every value equally likely. */
import { randomBytes, randomInt } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Bytes from here on are discarded: 256 is not a multiple of 62, and a remainder would favor the first letters. */
const byteLimit = 256 - (256 % alphabet.length);

export const bearerLength = 64;
export const apiKeyLength = 32;
export const apiSecretLength = 64;

/** A string of `length` characters of `[A-Za-z0-9]`. */
export function randomToken(length: number): string {
  let token = '';
  while (token.length < length) {
    for (const byte of randomBytes(length - token.length)) {
      if (byte < byteLimit) token += alphabet.charAt(byte % alphabet.length);
    }
  }
  return token;
}

/** Of Crockford: without letters that look like digits. */
const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const longCodeLength = 16;

/** 80 bits: no number of attempts finds it. */
export function randomLongCode(): string {
  return Array.from(randomBytes(longCodeLength), (byte) => codeAlphabet.charAt(byte % codeAlphabet.length)).join('');
}

/** Six digits, leading zeros kept. */
export function randomCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
