/** Keys under `routes`, `roles`, `upstreams` and `defaults`. */
import { z } from 'zod';
import { mappedFields } from '../../core/policy/map-roles.ts';
import { access, roleHint, rolePattern } from './access.ts';
import { cors, responseHeaders } from './answers.ts';
import { when } from './conditions.ts';
import { method } from './methods.ts';
import { idHint, idPattern } from './names.ts';
import { bool, integer, text, word } from './scalar.ts';
import { absolutePath, duration, name, origin, size, sizeOrUnlimited } from './values.ts';

/** Key of a mapping that declares names. */
function declared(what: string, pattern: string, hint: string) {
  const exact = new RegExp(`^${pattern}$`);
  return z.string().superRefine((key, context) => {
    if (exact.test(key)) return;
    context.addIssue({ code: 'custom', message: `this is no name of ${what}`, params: { hint }, input: undefined });
  });
}

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
  encodedSlash: word(['reject', 'keep', 'decode'])
    .meta({
      description:
        '"%2F" in a path: "reject" answers 400; "keep" forwards it as it stands (the upstream must not read it as "/"); "decode" reads it as "/" before anything is matched, and forwards that (a name with a slash in it becomes two segments).',
      examples: ['reject'],
    })
    .prefault('reject'),
  semicolon: tolerance('";"', 'the upstream must not cut off what follows'),
  doubleEncoding: tolerance('"%25" before two hex digits', 'the upstream must not decode twice'),
  caseSensitive: bool()
    .meta({
      description:
        'Whether letter case counts. False: literals of the pattern match in any case and are forwarded as written here; a path that another route claims in another case is refused (the upstream must not tell cases apart).',
      examples: [true],
    })
    .prefault(true),
  mergeSlashes: bool()
    .meta({
      description:
        'Whether "//" counts as "/". False: empty segments are forwarded where "**" takes them, never at the start (the upstream must not take what follows for a host or for another path).',
      examples: [true],
    })
    .prefault(true),
});

const evicted = (what: string, example: string) =>
  text('a parameter of the path, such as "{id}", or a field of the identity', (value) => value)
    .optional()
    .meta({ description: `Where the id of ${what} stands.`, examples: [example] });

const evict = z.strictObject({
  session: evicted('the session', '{id}'),
  keypair: evicted('the key pair', '{identity.keyId}'),
  user: evicted('the user', '{identity.userId}'),
});

const streams = z.strictObject({
  recheck: duration(0)
    .meta({
      description:
        'How often identity and roles of whoever has an open stream are asked for again; 0s: only when the credential ends.',
      examples: ['60s'],
    })
    .prefault('60s'),
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
  bodyBuffer: size(0, 1024 ** 2)
    .optional()
    .meta({
      description:
        'First part of a request body, or all of a shorter one, that is here before a connection to the service is used. 0b for clients that expect an answer while they send. Left out: defaults.bodyBuffer.',
      examples: ['64kb'],
    }),
  bodyRate: size(0, 1024 ** 3)
    .optional()
    .meta({
      description: 'Least bytes of a request body in a second, 0b: any rate. Left out: defaults.bodyRate.',
      examples: ['500b'],
    }),
  streams: streams.optional().meta({
    description: 'WebSockets, event streams and long transfers of this route. Left out: defaults.streams.',
  }),
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
  evict: evict.optional().meta({
    description:
      'What a successful call (2xx) revokes, on every replica, before its answer goes out: for an Auth API that announces nothing. "{name}" is a parameter of the path; "{identity.sessionId}", "{identity.keyId}" and "{identity.userId}" are the caller\'s own.',
  }),
  path: path.meta({ description: 'Spellings that services read in more than one way.' }).prefault({}),
  cors: cors.optional().meta({
    description:
      'Pages of other origins that may use the route from a browser. Left out: OPTIONS is a method like others.',
  }),
  responseHeaders: responseHeaders.optional().meta({
    description: 'Headers of answers. A key that is left out here is taken from defaults.responseHeaders.',
  }),
  when: when.optional().meta({
    description:
      'What must be true besides "access": every entry compares one value (param, query, header, identity, client) by equals, in, startsWith, exists or cidr, or joins entries by all, any, not; "reason" is its word, "unless" lists roles that are exempt.',
    examples: [[{ param: 'tenant', in: 'identity.groups', unless: ['admin'], reason: 'wrong_tenant' }]],
  }),
  mode: word(['enforce', 'shadow'])
    .meta({
      description:
        '"shadow" tries the rule out: whom "access" or "when" refuses is counted, logged, and LET THROUGH, without an identity if there is none. "deny" stays closed. Dangerous: for services that protect themselves.',
      examples: ['enforce'],
    })
    .prefault('enforce'),
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

const queue = z.strictObject({
  length: integer(0, 1_000_000)
    .meta({ description: 'Requests that wait at most; beyond it: 503.', examples: [1000] })
    .prefault(1000),
  wait: duration()
    .meta({ description: 'Longest wait; beyond it: 503.', examples: ['5s'] })
    .prefault('5s'),
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
  requestsPerClient: integer(1, 100_000)
    .optional()
    .meta({
      description:
        'Requests of one client here at once; more of them wait, and let others pass. Left out: half of "connections".',
      examples: [128],
    }),
  queue: queue.meta({ description: 'Requests that wait for a free connection.' }).prefault({}),
});

export const upstreams = z.record(declared('an upstream', idPattern, idHint), upstream);

const roleOrigin = z.strictObject({
  field: word(mappedFields).meta({ description: 'Field of the identity.', examples: ['groups'] }),
  equals: text('a text', (value) => value)
    .optional()
    .meta({ description: 'The field is this text, or has it in its list.', examples: ['platform-admins'] }),
  in: z
    .array(text('a text', (value) => value))
    .optional()
    .meta({ description: 'The same with one of several.', examples: [['platform-admins', 'root-admins']] }),
});

const role = z.strictObject({
  inherits: z
    .array(name('a role', rolePattern, roleHint))
    .meta({ description: 'Roles that its holders have as well.', examples: [['user']] })
    .prefault([]),
  from: z
    .union([roleOrigin, z.array(roleOrigin)])
    .optional()
    .meta({
      description: 'Who holds it besides those to whom the Auth API gives it: one comparison, or a list of them.',
      examples: [{ field: 'groups', equals: 'platform-admins' }],
    }),
});

export const roles = z.record(declared('a role', rolePattern, roleHint), role);

export const defaults = z.strictObject({
  responseHeaders: responseHeaders
    .meta({ description: 'Headers of answers, where a route says nothing else.' })
    .prefault({}),
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
  bodyBuffer: size(0, 1024 ** 2)
    .meta({
      description: 'First part of a request body that is here before a connection to the service is used.',
      examples: ['64kb'],
    })
    .prefault('64kb'),
  bodyRate: size(0, 1024 ** 3)
    .meta({
      description: 'Least bytes of a request body in a second; 0b: any rate. Beyond it: 408.',
      examples: ['500b'],
    })
    .prefault('500b'),
  streams: streams.meta({ description: 'WebSockets, event streams and long transfers.' }).prefault({}),
});
