/**
 * Which source is asked of a credential: one, chosen by the form of the credential alone and before any call. A credential
 * that its source rejects is never tried at a second one.
 *
 * - A bearer in the form of a JWT, whose `iss` is that of a configured source of kind `jwt`, goes to that source.
 * - Any other bearer goes to the source of bearers.
 * - A key pair, and an API key, goes to the source of its kind.
 *
 * Nothing is verified here: the issuer that a token names says only who has to verify it.
 */
import type { SourceRule } from '../../config/source-config.ts';
import type { Credential } from '../../core/credential/credential.ts';
import { type Claims, isObject } from './claims.ts';

export interface SelectedSource {
  /** Null: no source is configured for it, and it is rejected. */
  readonly source: string | null;
  /** For explanations; holds nothing of the credential but a configured issuer. */
  readonly why: string;
}

export function selectSource(credential: Credential, rule: SourceRule): SelectedSource {
  if (credential.kind === 'key_pair') return ofKind(rule.keyPair, 'a key pair');
  if (credential.kind === 'api_key') return ofKind(rule.apiKey, 'an API key');
  const issuer = rule.issuers.length === 0 ? null : issuerOf(credential.token);
  const known = issuer === null ? undefined : rule.issuers.find(({ issuer: one }) => one === issuer);
  if (known !== undefined) return { source: known.source, why: `a JWT of the issuer ${known.issuer}` };
  return ofKind(rule.bearer, issuer === null ? 'a bearer' : 'a JWT of an issuer that no source names');
}

function ofKind(source: string | null, form: string): SelectedSource {
  return { source, why: source === null ? `${form}, for which no source is configured` : form };
}

/** Three parts of base64url; the signature may be empty, so that an unsigned token is refused by its issuer. */
const compact = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/;

/** The `iss` that a JWT names; null: this is no JWT, or it names none. */
function issuerOf(token: string): string | null {
  const [, header, payload] = compact.exec(token) ?? [];
  if (header === undefined || payload === undefined || jsonObject(header) === null) return null;
  const issuer = jsonObject(payload)?.['iss'];
  return typeof issuer === 'string' ? issuer : null;
}

function jsonObject(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
