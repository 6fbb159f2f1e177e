/**
 * Selects the one source for a credential, only by the credential's form and before any call. A credential that its source rejects is never
 * tried at a second one.
 *
 * - A bearer with the header of a JWT, whose `iss` is that of a configured source of kind `jwt`, goes to that source, in any spelling: that
 *   source rejects everything but the compact form.
 * - A bearer with the header of a JWT in any other form, or behind dots, goes to no source: a source that is lenient about the form would
 *   accept a token that its issuer's source has rejected, or that was revoked.
 * - Any other bearer goes to the source of bearers.
 * - A certificate goes to the source of certificates.
 * - A key pair, and an API key, goes to the source of its kind; but a JWT of a configured issuer in the place of an API key goes to
 *   none: that source may take tokens, and knows nothing of what the source of the issuer demands.
 *
 * Nothing is verified here: the issuer in a token only determines the source that verifies it.
 */
import { type SourceRule, sessionSource } from '../../config/source-config.ts';
import type { Credential } from '../../core/credential/credential.ts';
import { jsonPart, jwtHeader } from '../jwt-form.ts';
import { readParts } from './jwt/token-parts.ts';
import { tokenOf } from './source.ts';

export interface SelectedSource {
  /** Null: no source is configured for it, so it is rejected. */
  readonly source: string | null;
  /** For explanations; contains nothing of the credential except a configured issuer. */
  readonly why: string;
}

export function selectSource(credential: Credential, rule: SourceRule): SelectedSource {
  if (credential.kind === 'session')
    return { source: rule.sessions.length === 0 ? null : sessionSource, why: 'a session' };
  if (credential.kind === 'certificate') return ofKind(rule.certificate, 'a certificate');
  if (credential.kind === 'keyPair') return ofKind(rule.keyPair, 'a key pair');
  const isKey = credential.kind === 'apiKey';
  const token = tokenOf(credential);
  // Some parsers ignore empty parts in front.
  const spelled = token.replace(/^\.+/, '');
  const header = rule.issuers.length === 0 ? null : jwtHeader(spelled);
  if (header === null) return isKey ? ofKind(rule.apiKey, 'an API key') : ofKind(rule.bearer, 'a bearer');
  const [, payload = '', ...rest] = spelled.split('.', 6);
  const issuer = jsonPart(payload)?.['iss'];
  const known = rule.issuers.find(({ issuer: one }) => one === issuer);
  if (isKey) {
    return known === undefined
      ? ofKind(rule.apiKey, 'an API key')
      : { source: null, why: `a JWT of the issuer ${known.issuer} in the place of an API key` };
  }
  if (known !== undefined) return { source: known.source, why: `a JWT of the issuer ${known.issuer}` };
  // An encrypted one is for the holder of the key (RFC 7516 section 7.1).
  const encrypted = spelled === token && rest.length === 3 && typeof header['enc'] === 'string';
  if (encrypted || readParts(token) !== null) return ofKind(rule.bearer, 'a JWT of an issuer that no source names');
  return { source: null, why: 'a JWT in another than the compact form, or one that can be read in two ways' };
}

function ofKind(source: string | null, form: string): SelectedSource {
  return { source, why: source === null ? `${form}, for which no source is configured` : form };
}
