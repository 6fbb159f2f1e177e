/** Keys under `credentials`, and those of a route that concern credentials: `credentials` and `signIn`. */
import { z } from 'zod';
import { credentialKinds } from '../../core/credential/credential.ts';
import { bearerToken } from '../../core/credential/read-credential.ts';
import { alphabetNames } from '../../core/credential/shape.ts';
import { canonicalName, token } from '../../core/syntax/header-fields.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { Problem } from '../problem.ts';
import { keyHeaders, takenByHttp } from './header-names.ts';
import { added, anyChange, decides, described, exposes } from './key.ts';
import { list, type Parts, type Problems, refined } from './refine.ts';
import { resourceMetadata } from './resource-metadata.ts';
import { integer, off, scalar, text, textOrOff, word } from './scalar.ts';
import { declared, headerName, idHint, idPattern, isCookieName, name } from './values.ts';

const visible = /^[\x21-\x7e]{1,64}$/;

function visibleText(what: string) {
  return text(what, (value) => (visible.test(value) ? value : new Problem(`expected ${what}, in visible ASCII`)));
}

const shapeKeys = z.strictObject({
  prefix: described(visibleText('the beginning of a credential').optional(), 'Prefix of the credential.', {
    examples: ['acme_'],
  }),
  length: described(integer(1, 65_536).optional(), 'Number of characters, including the prefix.', { examples: [37] }),
  minLength: described(integer(1, 65_536).optional(), 'Minimum number of characters.', { examples: [32] }),
  maxLength: described(integer(1, 65_536).optional(), 'Maximum number of characters.', { examples: [64] }),
  alphabet: described(word(alphabetNames).optional(), 'Characters after the prefix; "jwt": three parts in base64url.', {
    examples: ['base62'],
  }),
});

const shape = refined(shapeKeys, ({ prefix = '', length, minLength, maxLength }, { at }) => {
  if (length !== undefined && (minLength !== undefined || maxLength !== undefined)) {
    at([], 'use "length" alone, without "minLength" and "maxLength"');
  }
  const most = length ?? maxLength ?? Infinity;
  if ((minLength ?? 1) > most || prefix.length >= most) at([], 'nothing can have this shape');
});

const shapeList = list(shape, { empty: ['expected at least one shape'], most: [8, 'shapes'] });

const shapes = (what: string) =>
  decides(
    z.union([shape, shapeList]).optional(),
    `Shape of ${what}, or a list of up to 8. Anything else is refused (401) before any look-up. If unset, any shape is accepted.`,
    anyChange('credentials of other shapes reach the source', { loosest: 'unset' }),
    { examples: [{ prefix: 'acme_', length: 37, alphabet: 'base62' }] },
  );

const source = () =>
  decides(
    name('a source', idPattern, idHint).optional(),
    'Name of the source that checks it. If unset, authApi, or the only source that can.',
    anyChange('another source identifies the callers'),
    {
      examples: ['authApi'],
    },
  );

const bearer = z.strictObject({ source: source(), shape: shapes('a bearer') });

const otherHeader = anyChange('services receive a header that is no longer a credential');

const keyPairKeys = z.strictObject({
  apiKeyHeader: decides(headerName().prefault('api-key'), 'Header in which clients send an API key.', otherHeader),
  apiSecretHeader: decides(headerName().prefault('api-secret'), 'Header in which they send its secret.', otherHeader),
  source: source(),
  shape: shapes('the key'),
  secretShape: shapes('the secret'),
});

const keyPair = refined(keyPairKeys, keyHeaders('apiKeyHeader', 'apiSecretHeader'));

const apiKeyKeys = z.strictObject({
  header: decides(
    headerName().optional(),
    'Header in which clients send it. If unset, it is not read from a header.',
    otherHeader,
    {
      examples: ['x-api-key'],
    },
  ),
  prefix: decides(
    visibleText('the beginning of API keys').optional(),
    'A bearer with this prefix is an API key. If unset, no bearer is an API key.',
    anyChange('another source may check the bearer'),
    { examples: ['acme_'] },
  ),
  separator: decides(
    visibleText('what separates key and secret').optional(),
    'Separator of key and secret in one text, which then counts as a key pair.',
    anyChange('another source may check the key'),
    { examples: ['.'] },
  ),
  source: source(),
  shape: shapes('an API key'),
});

const apiKey = refined(apiKeyKeys, (parts, { at, atKey }) => {
  const { header, prefix, separator } = parts;
  if (!('header' in parts) && !('prefix' in parts)) {
    at([], 'expected "header" or "prefix"', 'for example "header: x-api-key"');
  }
  if (header !== undefined && takenByHttp.has(canonicalName(header))) {
    at(['header'], 'this header has another meaning in HTTP', 'choose one such as "x-api-key"');
  }
  // A key with the prefix is sent as a bearer, and so is its separator.
  const inBearers = { prefix, separator: prefix === undefined ? undefined : separator };
  for (const [key, value] of Object.entries(inBearers)) {
    if (value === undefined || bearerToken.test(value)) continue;
    at([key], 'a bearer has no such character', 'letters, digits and - . _ ~ + / only');
  }
  if (!('separator' in parts)) return;
  for (const key of ['source', 'shape'].filter((name) => name in parts)) {
    atKey([key], `with "separator" it is a key pair, and "keyPair.${key}" applies`, 'remove it');
  }
});

const otherKind = anyChange('other sources and shapes apply; services receive a disabled kind');

const credentialKeys = z.strictObject({
  bearer: decides(
    z.union([off('the settings of bearers'), bearer]).prefault({}),
    'Bearers: "source" names the source that checks them; "shape" is { prefix, length, minLength, maxLength, alphabet }, or a list of up to 8. A bearer of another shape is refused (401) before any look-up. False disables bearers.',
    otherKind,
    {
      examples: [{ source: 'authApi' }],
    },
  ),
  keyPair: decides(
    z
      .union([off('the two headers of a key pair'), keyPair])
      .prefault({ apiKeyHeader: 'api-key', apiSecretHeader: 'api-secret' }),
    'Headers of a key pair; also "source", "shape" (of the key) and "secretShape". False disables key pairs: set it if your Auth API does not support them, so that made-up pairs cause no calls. The two headers are then forwarded like any other.',
    otherKind,
  ),
  apiKey: decides(
    z.union([off('the settings of API keys'), apiKey]).prefault(false),
    'API keys that are a single text: in a "header", as a bearer with a "prefix", or both; with a "separator" in it, the text is a key pair. Also "source" and "shape". False disables them.',
    otherKind,
  ),
  basic: decides(
    scalar({ type: ['string', 'boolean', 'null'], enum: ['bearer', 'keyPair', false, null] }, (value) => {
      if (value === false || value === null) return null;
      return value === 'bearer' || value === 'keyPair' ? value : new Problem('expected bearer, keyPair, or false');
    }).prefault(false),
    'What HTTP Basic contains: "bearer" (the password is a bearer, the user name is ignored, as with git, docker and pip) or "keyPair" (the user name is the key, the password its secret). False disables Basic.',
    anyChange('other credentials are accepted; services receive a disabled kind'),
  ),
  bearerCookie: decides(
    textOrOff('the name of a cookie, or false', isCookieName).prefault(false),
    'Cookie that may also contain a bearer. State-changing requests with it must come from the same origin. False disables it.',
    anyChange('browsers send another cookie by themselves; services receive the previous one'),
  ),
  websocketProtocol: decides(
    textOrOff(
      'the name of a WebSocket subprotocol, such as "rolegate.bearer", or false',
      (value) => value.length <= 100 && token.test(value),
    ).prefault(false),
    'WebSocket subprotocol that a browser offers directly before its bearer, because it cannot set headers: ["rolegate.bearer", "<token>", "app.v1"]. Neither of the two is forwarded. False disables it.',
    anyChange('other credentials are accepted; services receive a disabled kind'),
  ),
  resourceMetadata: exposes(
    resourceMetadata.optional(),
    'Hosts, and paths on them, whose metadata (RFC 9728) the gateway serves at "/.well-known/oauth-protected-resource" followed by the path, before any route, and names in Bearer challenges. If unset, it serves none.',
    added('clients get tokens from the servers that it names'),
    {
      examples: [
        [
          {
            resource: 'https://api.example.test',
            authorizationServers: ['https://id.example.test'],
            scopes: ['orders'],
          },
        ],
      ],
    },
  ),
});

type Section = Parts<z.output<typeof credentialKeys>>;

export const credentials = refined(credentialKeys, (section, problems) => {
  const { bearer, keyPair, apiKey, basic } = section;
  const { at, atKey } = problems;
  if (bearer === null && keyPair === null && apiKey === null) {
    at([], 'every kind of credential is disabled', 'no client could be authenticated');
  }
  const single = apiKey?.header;
  const pair = [keyPair?.apiKeyHeader, keyPair?.apiSecretHeader].filter((header) => header !== undefined);
  if (single !== undefined && pair.map(canonicalName).includes(canonicalName(single))) {
    const hint = 'choose another header, or "keyPair: false"';
    at(['apiKey', 'header'], 'this header carries a part of a key pair', hint);
  }
  if (keyPair === null && apiKey?.separator !== undefined) {
    const message = 'it makes a key pair, and key pairs are disabled';
    atKey(['apiKey', 'separator'], message, 'remove "keyPair: false"');
  }
  if (keyPair === null && basic === 'keyPair') {
    at(['basic'], 'Basic carries key pairs, which are disabled', 'remove "keyPair: false"');
  }
  if (bearer === null && (apiKey == null || !('prefix' in apiKey))) checkCarriers(section, problems);
});

/** Carriers of bearers have no meaning without bearers. */
function checkCarriers({ basic, bearerCookie, websocketProtocol }: Section, { at }: Problems): void {
  const carriers = { basic: basic === 'bearer' ? basic : null, bearerCookie, websocketProtocol };
  for (const [key, value] of Object.entries(carriers)) {
    if (value != null) at([key], 'it carries bearers, which are disabled', 'remove "bearer: false"');
  }
}

/** The key `credentials` of a route. */
export const routeCredentials = list(word(credentialKinds), {
  empty: ['an empty list accepts no credential', 'remove it to accept every kind'],
  distinct: 'kind',
});

export const routeChallenges = list(word(['bearer', 'basic']), {
  empty: ['a 401 needs at least one challenge', 'remove it to challenge for every kind that the route accepts'],
  distinct: 'challenge',
});

const signInUrl = text('the path or the URL of a sign-in page', (value) => {
  const refused = new Problem('expected a path such as "/sign-in", or an http or https URL, without a fragment');
  if (!/^[\x21\x24-\x5b\x5d-\x7e]{1,1000}$/.test(value)) return refused;
  if (value.startsWith('/')) {
    const [path = ''] = value.split('?', 1);
    const read = canonicalPath(path);
    return typeof read !== 'string' && read.path === path && read.ambiguities === 0 ? value : refused;
  }
  const url = /^https?:\/\/[^/]/.test(value) && URL.canParse(value) ? new URL(value) : null;
  return url !== null && url.username === '' && url.password === '' ? url.href : refused;
});

const signInKeys = z.strictObject({
  url: exposes(
    signInUrl,
    'Path on the same host, or URL, of your sign-in page.',
    anyChange('browsers are sent to another page'),
    {
      examples: ['/sign-in'],
    },
  ),
  returnParameter: exposes(
    text('the name of a parameter', (value) =>
      /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : new Problem('expected the name of a parameter'),
    ).prefault('return_to'),
    'Query parameter with the address to return to: a path for a sign-in page on the same host, otherwise a URL.',
    anyChange('the page may send browsers on to an address from another parameter'),
  ),
});

const providerName = new RegExp(`^${idPattern}$`);

export const signIn = z.union([
  textOrOff(
    'the name of a provider under "signIn", or a list of them, the settings of a sign-in page, or false',
    (value) => providerName.test(value),
  ),
  list(declared('a provider', idPattern, idHint), {
    empty: ['expected at least one provider', 'set it to false for none'],
    most: [16, 'providers'],
    distinct: 'provider',
  }),
  refined(signInKeys, ({ url, returnParameter }, { at }) => {
    const query = url?.split('?', 2)[1] ?? '';
    if (returnParameter === undefined || !new URLSearchParams(query).has(returnParameter)) return;
    at(['url'], 'this URL has the parameter that carries the address to return to', 'remove it there');
  }),
]);
