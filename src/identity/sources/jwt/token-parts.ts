/** Reads header and claims of a JWT before anything of it is believed: strictly, and as every other reader has to. */
import { type Claims, isObject } from '../claims.ts';

export interface TokenParts {
  readonly header: Claims;
  readonly claims: Claims;
}

/** Longest token that is looked at, in characters. */
const maxTokenLength = 16_384;

/** Null: this is no signed token in compact form, or one that can be read in two ways. */
export function readParts(token: string): TokenParts | null {
  if (token.length > maxTokenLength) return null;
  const [header = '', claims = '', ...rest] = token.split('.');
  if (rest.length !== 1) return null;
  const read = { header: readObject(header), claims: readObject(claims) };
  return read.header === null || read.claims === null ? null : { header: read.header, claims: read.claims };
}

function readObject(part: string): Claims | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return isObject(value) && !repeatsName(text) ? value : null;
  } catch {
    return null;
  }
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;

/**
 * Whether an object in the JSON has a name twice. Readers differ in which of the two counts, so that one service could
 * see another user than the next (RFC 7519 section 4).
 */
function repeatsName(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  for (const { 0: token, index } of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (/^[ \t\r\n]*:/.test(json.slice(index + token.length, index + token.length + 16))) {
      const names = open.at(-1);
      const name: unknown = JSON.parse(token);
      if (names?.has(String(name)) === true) return true;
      names?.add(String(name));
    }
  }
  return false;
}
