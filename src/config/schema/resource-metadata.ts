/** The key `credentials.resourceMetadata`: resources whose metadata the gateway serves (RFC 9728). */
import { z } from 'zod';
import { canonicalHost } from '../../core/url/canonical-host.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { Problem } from '../problem.ts';
import { parseOrigin } from '../units/parse-origin.ts';
import { added, anyChange, exposes } from './key.ts';
import { refined } from './refine.ts';
import { text } from './scalar.ts';

/** Where TLS would protect nothing: `url` leads to this machine. */
function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}

const httpsUrl = text('an https URL', (value) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  const plain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(value));
  return plain && safe && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)
    ? value
    : new Problem('expected an https URL without query and fragment');
});

/** RFC 9728 section 1.2: an https URL without fragment; a query would not be told apart. */
const resourceUrl = text(
  'the URL of a resource, such as "https://api.example.test/mcp"',
  (value) => {
    const [, base = value, path = ''] = /^(https?:\/\/[^/?#]+)(\/[^?#]*)?$/.exec(value) ?? [];
    const origin = parseOrigin(base, 'expected a path without query and fragment');
    if (origin instanceof Problem || path === '' || path === '/') return origin;
    const read = path.endsWith('/') ? null : canonicalPath(path);
    const canonical = read !== null && typeof read !== 'string' && read.path === path && read.ambiguities === 0;
    return canonical ? origin + path : new Problem('expected a canonical path, without a slash at its end');
  },
  'https?://[^?#@]+',
);

/** RFC 6750 section 3: what may stand in the `scope` of a challenge. */
const scope = text('a scope', (value) =>
  /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(value) ? value : new Problem('expected a scope, without blanks and quotes'),
);

const resourceKeys = z.strictObject({
  resource: exposes(
    resourceUrl,
    'Scheme, host and port that clients use, and a path if the metadata applies only to it and to what is below it. The longest path applies.',
    anyChange('clients get tokens for another resource'),
    { examples: ['https://api.example.test/mcp'] },
  ),
  authorizationServers: exposes(
    z.array(httpsUrl).prefault([]),
    'Issuers that clients get tokens from.',
    added('clients get tokens from it'),
    {
      examples: [['https://id.example.test']],
    },
  ),
  scopes: exposes(
    z.array(scope).prefault([]),
    'Scopes that clients may request. Bearer challenges name them.',
    added('clients request it'),
    {
      examples: [['orders']],
    },
  ),
});

const resource = refined(resourceKeys, ({ resource: url }, { at }) => {
  if (url?.startsWith('http:') !== true || isLoopback(url)) return;
  at(['resource'], 'expected an https URL', 'RFC 9728 allows no other scheme, and tokens need TLS');
});

export const resourceMetadata = refined(z.array(resource), (entries, { at }) => {
  const seen = new Set<string>();
  entries.forEach((entry, index) => {
    if (entry?.resource === undefined) return;
    const { host, path } = partsOfResource(entry.resource);
    if (seen.has(host + path)) at([index, 'resource'], 'this resource is listed twice');
    seen.add(host + path);
  });
});

/** `host`: as requests are matched. `path`: empty for a whole host. */
export function partsOfResource(resource: string): {
  readonly origin: string;
  readonly path: string;
  readonly host: string;
} {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/]*)(.*)$/.exec(resource) ?? [];
  return { origin, path, host: canonicalHost(origin.slice(origin.indexOf('//') + 2)) ?? '' };
}
