/** Keys under `routes`, `roles`, `upstreams` and `defaults`. */
import { z } from 'zod';
import { access, roleHint, rolePattern } from './access.ts';
import { methodRefusal } from './methods.ts';
import { bool, integer, Refusal, text, word } from './scalar.ts';
import { absolutePath, duration, name, origin, reserved, sizeOrUnlimited } from './values.ts';

const idPattern = '[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}';
const idHint = 'letters, digits and _ . : - only, at most 100';

/** Key of a mapping that declares names. */
function declared(what: string, pattern: string, hint: string) {
  const exact = new RegExp(`^${pattern}$`);
  return z.string().superRefine((key, context) => {
    if (exact.test(key)) return;
    context.addIssue({ code: 'custom', message: `this is no name of ${what}`, params: { hint }, input: undefined });
  });
}

const method = text('an HTTP method', (value) => {
  const refusal = methodRefusal(value);
  return refusal === null ? value : new Refusal(refusal.message, refusal.hint);
});

const match = z.strictObject({
  host: text('a host name, such as api.example.test or *.example.test', (value) => value)
    .optional()
    .meta({
      description: 'Exact host, or "*.example.test" for every name below; left out: any host.',
      examples: ['api.example.test'],
    }),
  path: text('a path pattern, such as "/v1/orders/{id}" or "/v1/**"', (value) => value).meta({
    description: 'Literal segments, {name} for one segment, ** at the end for any rest.',
    examples: ['/v1/orders/{tenant}/{id}'],
  }),
  methods: z
    .array(method)
    .optional()
    .meta({
      description: 'Methods that the route is for; left out: every one.',
      examples: [['GET', 'PUT', 'PATCH', 'DELETE']],
    }),
});

const rewrite = z.strictObject({
  stripPrefix: absolutePath()
    .optional()
    .meta({ description: 'Taken off the front of the path; whole segments.', examples: ['/v1'] }),
  addPrefix: absolutePath()
    .optional()
    .meta({ description: 'Put in front of the path, after "stripPrefix".', examples: ['/internal'] }),
});

const tolerance = (what: string, danger: string) =>
  word(['reject', 'keep'])
    .meta({
      description: `${what} in a path: "reject" answers 400, "keep" forwards it as it stands (${danger}).`,
      examples: ['reject'],
    })
    .prefault('reject');

const path = z.strictObject({
  encodedSlash: tolerance('"%2F"', 'the upstream must not read it as "/"'),
  semicolon: tolerance('";"', 'the upstream must not cut off what follows'),
  doubleEncoding: tolerance('"%25" before two hex digits', 'the upstream must not decode twice'),
});

export const route = z.strictObject({
  id: name('a route', idPattern, idHint).meta({
    description: 'Name in metrics, logs and reports; unique.',
    examples: ['order'],
  }),
  match: match.meta({ description: 'Requests that the route is for. The most specific route wins, in any order.' }),
  upstream: name('an upstream', idPattern, idHint).meta({
    description: 'Where requests go: a name under "upstreams", or "auth-api".',
    examples: ['orders'],
  }),
  access: access.optional().meta({
    description:
      'Who may: public, optional, authenticated, deny, a list of roles (any of), { any, all, none }, or these by method ("PUT,PATCH" for several; unlisted ones: 405; HEAD follows GET). Left out: defaults.access.',
    examples: [{ GET: ['user'], 'PUT,PATCH': ['reporter'], DELETE: { all: ['admin'], none: ['suspended'] } }],
  }),
  maxAge: duration(0)
    .optional()
    .meta({
      description: 'Oldest verdict of the Auth API that is good enough; left out: any that lives in the cache.',
      examples: ['5s'],
    }),
  timeout: duration()
    .optional()
    .meta({
      description: 'Longest wait for the answer to begin, and between parts of a body. Left out: defaults.timeout.',
      examples: ['10s'],
    }),
  maxBody: sizeOrUnlimited()
    .optional()
    .meta({ description: 'Largest request body; beyond it: 413. Left out: defaults.maxBody.', examples: ['10mb'] }),
  rewrite: rewrite.optional().meta({ description: 'Changes the path after the decision.' }),
  forwardCredentials: bool()
    .optional()
    .meta({
      description: 'Whether the credential reaches the upstream. Left out: only where every rule is public.',
      examples: [false],
    }),
  websocket: bool()
    .meta({ description: 'Whether WebSocket upgrades are forwarded.', examples: [false] })
    .prefault(false),
  path: path.meta({ description: 'Spellings that services read in more than one way.' }).prefault({}),
  when: reserved().meta({ description: 'Reserved for conditions.' }),
  mode: reserved().meta({ description: 'Reserved for trying a rule out.' }),
});

const health = z.strictObject({
  path: absolutePath().meta({ description: 'Asked with GET on every target; 2xx is healthy.', examples: ['/live'] }),
  interval: duration(100)
    .meta({ description: 'Time between two checks.', examples: ['10s'] })
    .prefault('10s'),
  timeout: duration()
    .meta({ description: 'Longest wait for an answer.', examples: ['2s'] })
    .prefault('2s'),
});

const upstream = z.strictObject({
  targets: z.array(origin('a path is added with "rewrite.addPrefix"')).meta({
    description: 'Base URLs of the instances: scheme, host, port.',
    examples: [['http://orders-1:8080', 'http://orders-2:8080']],
  }),
  health: z
    .union([absolutePath(), health])
    .optional()
    .meta({
      description:
        'Health check: a path, or { path, interval: 10s, timeout: 2s }. Left out: every target counts as healthy.',
      examples: ['/live'],
    }),
  connections: integer(1, 100_000)
    .meta({ description: 'Most connections to each target.', examples: [256] })
    .prefault(256),
  connectTimeout: duration()
    .meta({ description: 'Longest wait for a connection; beyond it: 502.', examples: ['2s'] })
    .prefault('2s'),
});

export const upstreams = z.record(declared('an upstream', idPattern, idHint), upstream);

const role = z.strictObject({
  inherits: z
    .array(name('a role', rolePattern, roleHint))
    .meta({ description: 'Roles that its holders have as well.', examples: [['user']] })
    .prefault([]),
});

export const roles = z.record(declared('a role', rolePattern, roleHint), role);

export const defaults = z.strictObject({
  access: access.meta({ description: 'Rule of routes without one.', examples: ['deny'] }).prefault('deny'),
  timeout: duration()
    .meta({
      description: 'Longest wait for an answer to begin, and between parts of a body; beyond it: 504.',
      examples: ['10s'],
    })
    .prefault('10s'),
  maxBody: sizeOrUnlimited()
    .meta({
      description: 'Largest request body; beyond it: 413. Bodies are streamed, so they cost no memory here.',
      examples: ['unlimited'],
    })
    .prefault('unlimited'),
});
