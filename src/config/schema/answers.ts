/** Keys of a route that concern its answers: `cors` and `responseHeaders`. */
import { z } from 'zod';
import { pageOrigin } from '../units/page-origin.ts';
import { method } from './methods.ts';
import { bool, Refusal, text, word } from './scalar.ts';
import { duration, headerName } from './values.ts';

const origin = text('the origin of a page, such as "https://app.example.test"', (value) => {
  const read = pageOrigin(value);
  return 'origin' in read ? read.origin : new Refusal(read.refused, read.hint);
});

export const cors = z.strictObject({
  origins: z.array(origin).meta({
    class: 'exposes',
    description:
      'Origins of pages: exact ones; "https://*.example.test" for every name below; or "*" alone for every page. The last two never with credentials.',
    examples: [['https://app.example.test']],
  }),
  methods: z
    .array(method)
    .optional()
    .meta({
      class: 'exposes',
      description: 'Methods that pages may use; left out: those that the route has a rule for.',
      examples: [['GET', 'POST']],
    }),
  headers: z
    .array(headerName())
    .optional()
    .meta({
      class: 'exposes',
      description: 'Headers that pages may send; left out: those of credentials, and content-type.',
      examples: [['authorization', 'content-type']],
    }),
  exposeHeaders: z
    .array(headerName())
    .meta({
      class: 'exposes',
      description: 'Headers that pages may read besides the usual ones; x-error and x-error-id always.',
      examples: [['retry-after']],
    })
    .prefault([]),
  credentials: bool()
    .meta({ class: 'exposes', description: 'Whether browsers may send cookies along.', examples: [false] })
    .prefault(false),
  maxAge: duration(0, 86_400_000)
    .meta({ class: 'exposes', description: 'How long browsers keep the answer to a preflight.', examples: ['10m'] })
    .prefault('10m'),
});

/** Text that cannot end a header: visible ASCII and inner blanks. */
const value = text('the value of a header', (given) =>
  /^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/.test(given)
    ? given
    : new Refusal('expected visible ASCII, blanks only inside, at most 4096 characters'),
);

export const responseHeaders = z.strictObject({
  security: word(['off', 'basic', 'strict'])
    .optional()
    .meta({
      class: 'exposes',
      description:
        'Security headers where the service sends none: "basic" for sites (nosniff, same-origin frames, short referrers), "strict" for APIs (no frames, no content, no referrer, TLS only). Left out in defaults: off.',
      examples: ['basic'],
    }),
  set: z
    .record(z.string(), value)
    .optional()
    .meta({
      class: 'exposes',
      description: "Headers with their values, in place of the service's.",
      examples: [{ 'permissions-policy': 'camera=()' }],
    }),
  remove: z
    .array(headerName())
    .optional()
    .meta({
      class: 'exposes',
      description: 'Headers of the service that clients do not get.',
      examples: [['server', 'x-powered-by']],
    }),
});
