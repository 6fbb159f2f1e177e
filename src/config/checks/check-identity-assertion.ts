/** `identityAssertion`: its private keys, whether every process has the same ones, and the settings of routes. */
import type { webcrypto } from 'node:crypto';
import { endsHere } from '../../core/routing/route.ts';
import { canonicalName } from '../../core/syntax/header-fields.ts';
import type { AssertionKey } from '../config.ts';
import type { SecretSource } from '../schema/secret.ts';
import type { ConfigFile, RouteEntry } from '../schema.ts';
import { readSecretText } from './check-secrets.ts';
import { credentialHeaders } from './check-sections.ts';
import type { Location } from './location.ts';

const form = 'create one with "openssl genpkey -algorithm ed25519"';

/** For the first key: loading it takes longer than reading most configurations. */
const crypto = () => process.getBuiltinModule('node:crypto');

/** Keys as read; null: the gateway generates its own, or signs nothing. `at`: of the file. */
export function checkIdentityAssertion(file: ConfigFile, at: Location): readonly AssertionKey[] | null {
  const { identityAssertion: assertion, identityHeaders, server, cache } = file;
  if (assertion === undefined) return null;
  const there = at.at('identityAssertion');
  const others = [...Object.keys(identityHeaders), ...credentialHeaders(file)].map(canonicalName);
  if (others.includes(canonicalName(assertion.header)))
    there.at('header').report('this header already carries something else', 'choose another name');
  if (assertion.keys !== undefined) return readKeys(assertion.keys, there.at('keys'));
  if (cache.redis === undefined && server.workers !== 1) {
    const hint = 'share keys through "cache.redis", or give "identityAssertion.keys"';
    at.at('server', 'workers').report('each worker would sign with a key that the others do not publish', hint);
  }
  return null;
}

function readKeys(sources: readonly SecretSource[], at: Location): readonly AssertionKey[] {
  const read: AssertionKey[] = [];
  sources.forEach((source, index) => {
    const there = at.at(index);
    const key = readKey(source, there);
    if (key === null) return;
    const known = read.some(({ jwk, kid }) => jwk.x === key.jwk.x || (kid !== null && kid === key.kid));
    if (known) there.report('this key, or its "kid", is listed twice');
    else read.push(key);
  });
  return read;
}

function readKey(source: SecretSource, at: Location): AssertionKey | null {
  const text = readSecretText(source, at);
  if (text === null) return null;
  const key = parseKey(text);
  if (key === null) at.report('this is not a private key in PEM form or as a JWK, or it has a passphrase', form);
  if (key === 'other') at.report('this private key is neither Ed25519 nor P-256', form);
  return key === 'other' ? null : key;
}

function parseKey(text: string): AssertionKey | 'other' | null {
  try {
    const jwk: (webcrypto.JsonWebKey & { readonly kid?: unknown }) | null = text.trimStart().startsWith('{')
      ? JSON.parse(text)
      : null;
    const { createPrivateKey } = crypto();
    const key = createPrivateKey(jwk === null ? text : { key: jwk, format: 'jwk' });
    const { kty, crv, x, y, d } = key.export({ format: 'jwk' });
    const algorithm = crv === 'Ed25519' ? 'EdDSA' : crv === 'P-256' ? 'ES256' : null;
    if (algorithm === null || kty === undefined || crv === undefined || x === undefined || d === undefined)
      return 'other';
    const kid = jwk?.kid;
    const named = typeof kid === 'string' && /^[\x21-\x7e]{1,128}$/.test(kid) ? kid : null;
    return { algorithm, kid: named, jwk: { kty, crv, x, ...(y === undefined ? {} : { y }), d } };
  } catch {
    return null;
  }
}

/** Audience of a route's signed identity; null: none is sent. `signs`: whether there is `identityAssertion`. */
export function readAudience(
  { upstream, identityAssertion }: RouteEntry,
  signs: boolean,
  isPublic: boolean,
  at: Location,
): string | null {
  const there = at.at('identityAssertion');
  const hint = 'add "identityAssertion" to the main file';
  if (upstream !== undefined && endsHere(upstream)) return null;
  if (identityAssertion !== undefined && identityAssertion !== null && !signs)
    there.reportKey('no identities are signed', hint);
  else if (identityAssertion !== undefined && isPublic)
    there.reportKey('"identityAssertion" has no meaning on a public route, which has no identity', 'remove it');
  if (!signs || isPublic || identityAssertion === null) return null;
  return identityAssertion?.audience ?? upstream ?? null;
}
