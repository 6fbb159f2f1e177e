/** Keys of a route that concern its responses: `cors` and `responseHeaders`. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { parsePageOrigin } from '../units/parse-origin.ts';
import { added, anyChange, exposes, higher, ordered } from './key.ts';
import { method } from './methods.ts';
import { type ListRules, list, refined } from './refine.ts';
import { bool, text, word } from './scalar.ts';
import { duration, headerName } from './values.ts';

const origin = text('the origin of a page, such as "https://app.example.test"', parsePageOrigin);

const allowsNothing: ListRules = { empty: ['an empty list allows nothing', 'remove it for the default'] };

const corsKeys = z.strictObject({
  origins: exposes(
    list(origin, { empty: ['an empty list allows no page', 'remove "cors"'], distinct: 'origin' }),
    'Origins of pages: exact ones, "https://*.example.test" for all subdomains, or only "*" for every page. The last two cannot be combined with "credentials".',
    added('pages of these origins can use the route'),
    { examples: [['https://app.example.test']] },
  ),
  methods: exposes(
    list(method, allowsNothing).optional(),
    'Methods that pages may use. If unset, those with a rule on the route.',
    added('pages can use these methods'),
    { examples: [['GET', 'POST']] },
  ),
  headers: exposes(
    list(headerName(), allowsNothing).optional(),
    'Headers that pages may send. If unset, the headers of credentials, and content-type.',
    added('pages can send these headers'),
    { examples: [['authorization', 'content-type']] },
  ),
  exposeHeaders: exposes(
    z.array(headerName()).prefault([]),
    'Headers that pages may read besides the default ones, x-error and x-error-id.',
    added('pages can read these headers'),
    { examples: [['retry-after']] },
  ),
  credentials: exposes(
    bool().prefault(false),
    'Whether browsers may send cookies.',
    ordered([false, true], 'pages can use the cookies of the browser'),
  ),
  maxAge: exposes(
    duration(0, 86_400_000).prefault('10m'),
    'How long browsers cache the response to a preflight.',
    higher('browsers allow a removed page longer'),
  ),
});

export const cors = refined(corsKeys, ({ origins = [], credentials }, { at }) => {
  origins.forEach((origin, index) => {
    const path = ['origins', index];
    if (origin === '*' && origins.length > 1) at(path, '"*" must be the only origin', 'it allows every page');
    if (origin?.includes('*') !== true || credentials !== true) return;
    at(path, 'with "credentials: true" every origin must be exact', 'pages that are not listed could use cookies');
  });
});

/** Text that cannot end a header: visible ASCII and inner blanks. */
const value = text('the value of a header', (content) =>
  /^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/.test(content)
    ? content
    : new Problem('expected visible ASCII, blanks only inside, at most 4096 characters'),
);

export const responseHeaders = z.strictObject({
  security: exposes(
    word(['off', 'basic', 'strict']).optional(),
    'Security headers that are added if the service does not set them: "basic" for sites (nosniff, same-origin frames, short referrers), "strict" for APIs (no frames, no content, no referrer, TLS only). If also unset in "defaults", none are added.',
    ordered(['strict', 'basic', 'off'], 'browsers permit more'),
    { examples: ['basic'] },
  ),
  set: exposes(
    z.record(z.string(), value).optional(),
    'Headers to set, with their values. They replace those of the service.',
    anyChange('another header or value may permit browsers more'),
    {
      examples: [{ 'permissions-policy': 'camera=()' }],
    },
  ),
  remove: exposes(
    z.array(headerName()).optional(),
    'Headers of the service to remove from responses.',
    anyChange('clients see another header, or browsers miss one that protects them'),
    {
      examples: [['server', 'x-powered-by']],
    },
  ),
});
