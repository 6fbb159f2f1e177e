/** The sources and what they accept, and their files: secrets and keys for them, public keys of issuers, certificates. */

import { takes } from '../compile-sources.ts';
import type { ConfigFile } from '../schema.ts';
import type { ClientConfig, FilesOfSource, SourceFiles, SourceKind } from '../source-config.ts';
import { readSecretText } from './check-secrets.ts';
import { checkClientTls } from './check-tls.ts';
import type { Location } from './location.ts';

type Sources = ConfigFile['sources'];
type Client = Extract<Sources[string], { kind: 'introspection' }>['client'];
type KeyFiles = NonNullable<Extract<Sources[string], { kind: 'jwt' }>['keys']>;
type Jwk = Readonly<Record<string, unknown>>;

const none: FilesOfSource = { tls: null, client: null, provider: null, keys: null };

/** For the first key: loading it takes longer than reading most configurations. */
const crypto = () => process.getBuiltinModule('node:crypto');

const noSource = 'credentials cannot be checked: there is neither "authApi" nor a source';
const firstSources =
  'an Auth API: authApi: { url: "http://auth-api:8081" }, or tokens of an issuer: sources: { issuer: { kind: jwt, issuer: "https://id.example.test", audience: [orders] } }';

/** `at`: of the file. */
export function checkSources({ authApi, sources, credentials, signIn }: ConfigFile, at: Location): void {
  const hasAuthApi = authApi !== undefined;
  if (!hasAuthApi && Object.keys(sources).length === 0 && signIn === undefined) {
    at.report(noSource, firstSources);
    return;
  }
  const kinds = new Map<string, SourceKind>(Object.entries(sources).map(([name, { kind }]) => [name, kind]));
  if (hasAuthApi) kinds.set('authApi', 'authApi');
  for (const [key, what] of named) {
    const settings = credentials[key];
    if (settings === null) continue;
    const there = at.at('credentials', key);
    const fitting = [...kinds].filter(([, kind]) => takes(kind, key)).map(([name]) => name);
    const { source } = settings;
    if (source !== undefined) checkNamed(source, what, kinds, fitting, there.at('source'));
    else if (!hasAuthApi && fitting.length > 1) {
      const place = there.isWritten ? there : at.at('sources');
      place.reportKey(
        `no setting specifies which source checks ${what}`,
        `"credentials.${key}.source": ${fitting.join(', ')}`,
      );
    } else if (!hasAuthApi && fitting.length === 0 && key === 'apiKey') {
      there.reportKey('there is no source that checks API keys');
    }
  }
}

const named = [
  ['bearer', 'bearers'],
  ['keyPair', 'key pairs'],
  ['apiKey', 'API keys'],
] as const;

function checkNamed(
  source: string,
  what: string,
  kinds: ReadonlyMap<string, SourceKind>,
  fitting: readonly string[],
  at: Location,
): void {
  if (!kinds.has(source)) at.report(`there is no source ${at.quote(source)}`, at.nearest(source, fitting));
  else if (!fitting.includes(source)) {
    const kind = kinds.get(source);
    const hint = kind === 'jwt' ? 'tokens of its issuer are always checked by it' : null;
    at.report(`a source of kind "${kind}" does not check ${what}`, hint);
  }
}

/** `at`: of the file. */
export function readSourceFiles({ sources, signIn }: ConfigFile, at: Location): SourceFiles {
  const read = new Map<string, FilesOfSource>();
  for (const [name, source] of Object.entries(sources)) {
    const there = at.at('sources', name);
    read.set(name, {
      ...none,
      tls: source.kind === 'certificate' ? null : checkClientTls(source.tls, there.at('tls'), true),
      client: source.kind === 'introspection' ? readClient(source.client, there.at('client')) : null,
      keys: source.kind === 'jwt' && source.keys !== undefined ? readKeyFiles(source.keys, there.at('keys')) : null,
    });
  }
  for (const [name, provider] of Object.entries(signIn?.providers ?? {})) {
    const there = at.at('signIn', 'providers', name);
    read.set(name, {
      ...none,
      tls: checkClientTls(provider.tls, there.at('tls'), true),
      provider: readProviderClient(provider, there),
    });
  }
  return { of: (name) => read.get(name) ?? none };
}

type Provider = NonNullable<ConfigFile['signIn']>['providers'][string];

/** Null: a problem was reported. */
function readProviderClient({ clientId: id, ...rest }: Provider, at: Location): FilesOfSource['provider'] {
  const secret = readSecretText(rest.clientSecret, at.at('clientSecret'));
  const key = 'clientKey' in rest ? readSecretText(rest.clientKey, at.at('clientKey')) : null;
  if (secret !== null) return { id, secret };
  if (key === null) return null;
  if (!Object.keys(keyTypes).some((algorithm) => signsWith(key, algorithm))) {
    at.at('clientKey').report('this is not a private key in PEM form with which assertions are signed');
  }
  return { id, key };
}

/** Null: a problem was reported. */
function readClient(client: Client, at: Location): ClientConfig | null {
  const { id, auth, algorithm, keyId = null, audience = null } = client;
  const secret = readSecretText(client.secret, at.at('secret'));
  const key = readSecretText(client.key, at.at('key'));
  if (auth !== 'privateKeyJwt') return secret === null ? null : { id, auth, secret };
  if (key === null) return null;
  if (!signsWith(key, algorithm)) {
    at.at('key').report(`this is not a private key in PEM form for ${algorithm}`, 'or it has a passphrase');
  }
  return { id, auth, key, keyId, algorithm, audience };
}

/** By the beginning of an algorithm, and for `ES` by its curve. */
const keyTypes: Readonly<Record<string, readonly string[]>> = {
  RS: ['rsa'],
  PS: ['rsa', 'rsa-pss'],
  Ed: ['ed25519'],
  ES256: ['prime256v1'],
  ES384: ['secp384r1'],
  ES512: ['secp521r1'],
};

function signsWith(pem: string, algorithm: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = crypto().createPrivateKey(pem);
    const { namedCurve, modulusLength = 2048 } = asymmetricKeyDetails ?? {};
    const type = namedCurve ?? asymmetricKeyType ?? '';
    return modulusLength >= 2048 && (keyTypes[algorithm] ?? keyTypes[algorithm.slice(0, 2)] ?? []).includes(type);
  } catch {
    return false;
  }
}

function readKeyFiles(files: KeyFiles, at: Location): readonly Jwk[] {
  return files.flatMap((entry, index) => {
    const there = at.at(index, 'file');
    let text: string;
    try {
      text = at.file.readSecret(entry.file);
    } catch {
      there.report('the file cannot be read', 'check the path, and that this user may read it');
      return [];
    }
    const keys = parseKeys(text);
    if (keys === null) there.report('this file contains no public keys: PEM, a JSON Web Key, or a set of them');
    else if (keys.some(isPrivate))
      there.report('this file contains a private key', 'use the public key: nothing is signed');
    return (keys ?? []).map((key) => (entry.id === undefined ? key : { ...key, kid: entry.id }));
  });
}

function parseKeys(text: string): readonly Jwk[] | null {
  try {
    if (!text.trimStart().startsWith('{')) {
      if (text.includes('PRIVATE KEY')) return [{ d: '' }];
      return [crypto().createPublicKey(text).export({ format: 'jwk' }) as Jwk];
    }
    const read = JSON.parse(text) as Jwk;
    const keys: readonly unknown[] = Array.isArray(read['keys']) ? read['keys'] : [read];
    const usable = keys.filter(
      (key): key is Jwk => typeof key === 'object' && key !== null && 'kty' in key && key.kty !== 'oct',
    );
    return usable.length === 0 ? null : usable;
  } catch {
    return null;
  }
}

function isPrivate(key: Jwk): boolean {
  return 'd' in key;
}
