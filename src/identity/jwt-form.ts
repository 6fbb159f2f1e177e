/** How the most lenient parser reads a bearer as a JWT. Nothing is verified here: it only shows what a token is meant to be. */

type Claims = Readonly<Record<string, unknown>>;

/** The header of a JWT: an object with an algorithm (RFC 7515 section 4.1.1). Null: the token is not a JWT. */
export function jwtHeader(token: string): Claims | null {
  const header = jsonPart(token.split('.', 1)[0]!);
  return typeof header?.['alg'] === 'string' ? header : null;
}

/** Null: the part is not an object. */
export function jsonPart(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && !Array.isArray(value) ? (value as Claims | null) : null;
  } catch {
    return null;
  }
}
