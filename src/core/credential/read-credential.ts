/** Reads one credential from its text, whose form makes it a bearer, an API key or a key pair. */
import type { ReasonCode } from '../outcome/reasons.ts';
import { readBasic } from './basic.ts';
import type { Credential, CredentialSources } from './credential.ts';
import { hasShape, type Shape } from './shape.ts';

/** RFC 6750 section 2.1 b64token. */
export const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;
/** Keys and secrets: visible ASCII. So no Unicode blank can be trimmed or compared as equal. */
const visible = /^[\x21-\x7e]+$/;

/** `scheme 1*SP token`, scheme without case (RFC 9110 section 11.1). */
export function readAuthorization(value: string, sources: CredentialSources): Credential | ReasonCode {
  const space = value.indexOf(' ');
  const scheme = (space < 0 ? value : value.slice(0, space)).toLowerCase();
  if (scheme === '') return 'credential_malformed';
  const isBasic = scheme === 'basic' && sources.basic !== null;
  if (scheme !== 'bearer' && !isBasic) return 'credential_scheme_unsupported';
  if (space < 0) return 'credential_malformed';
  let start = space;
  while (value.charCodeAt(start) === 0x20) start += 1;
  const rest = value.slice(start);
  return isBasic ? basicOf(rest, sources) : bearerOf(rest, sources);
}

/** A bearer from any carrier, or an API key if it has the prefix of one. */
export function bearerOf(token: string, sources: CredentialSources): Credential | ReasonCode {
  const { bearer, apiKey, maxLength } = sources;
  if (token.length > maxLength) return 'credential_too_long';
  if (!bearerToken.test(token)) return 'credential_malformed';
  if (apiKey !== null && apiKey.prefix !== null && token.startsWith(apiKey.prefix)) return apiKeyOf(token, sources);
  if (bearer === null) return 'credential_kind_not_accepted';
  return fits(token, bearer.shapes) ? { kind: 'bearer', token } : 'credential_shape_wrong';
}

export function apiKeyOf(text: string, sources: CredentialSources): Credential | ReasonCode {
  const { apiKey, maxLength } = sources;
  if (apiKey === null) return 'credential_kind_not_accepted';
  const { separator, shapes } = apiKey;
  if (separator !== null) {
    const at = text.indexOf(separator);
    return at < 0 ? 'credential_incomplete' : keyPairOf(text.slice(0, at), text.slice(at + separator.length), sources);
  }
  if (text.length > maxLength) return 'credential_too_long';
  if (!visible.test(text)) return 'credential_malformed';
  return fits(text, shapes) ? { kind: 'apiKey', key: text } : 'credential_shape_wrong';
}

export function keyPairOf(
  apiKey: string | null,
  apiSecret: string | null,
  { keyPair, maxLength }: CredentialSources,
): Credential | ReasonCode {
  if (keyPair === null) return 'credential_kind_not_accepted';
  if (apiKey === null || apiSecret === null) return 'credential_incomplete';
  if (apiKey.length > maxLength || apiSecret.length > maxLength) return 'credential_too_long';
  if (!visible.test(apiKey) || !visible.test(apiSecret)) return 'credential_malformed';
  const shaped = fits(apiKey, keyPair.shapes) && fits(apiSecret, keyPair.secretShapes);
  return shaped ? { kind: 'keyPair', apiKey, apiSecret } : 'credential_shape_wrong';
}

/** The user name has no meaning if the password is a bearer: git, pip and others require one. */
function basicOf(text: string, sources: CredentialSources): Credential | ReasonCode {
  // Two parts and a colon, in base64.
  if (text.length > 4 * Math.ceil((2 * sources.maxLength + 1) / 3)) return 'credential_too_long';
  const read = readBasic(text);
  if (read === null) return 'credential_malformed';
  return sources.basic === 'bearer' ? bearerOf(read.password, sources) : keyPairOf(read.user, read.password, sources);
}

/** Without any shape, every text is good. */
function fits(text: string, shapes: readonly Shape[]): boolean {
  return shapes.length === 0 || hasShape(text, shapes);
}
