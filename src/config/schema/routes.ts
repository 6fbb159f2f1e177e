/** Keys under `routes` and `defaults`. */
import { z } from 'zod';
import { access } from './access.ts';
import { cors, responseHeaders } from './answers.ts';
import { when } from './conditions.ts';
import { method } from './methods.ts';
import { idHint, idPattern } from './names.ts';
import { bool, text, word } from './scalar.ts';
import { absolutePath, duration, name, size, sizeOrUnlimited } from './values.ts';

const match = z.strictObject({
  host: text('a host name, such as api.example.test or *.example.test', (value) => value)
    .optional()
    .meta({
      class: 'decides',
      description: 'Exact host, or "*.example.test" for every name below; left out: any host.',
      examples: ['api.example.test'],
    }),
  path: text('a path pattern, such as "/v1/orders/{id}" or "/v1/**"', (value) => value).meta({
    class: 'decides',
    description: 'Literal segments, {name} for one segment, ** at the end for any rest.',
    examples: ['/v1/orders/{tenant}/{id}'],
  }),
  methods: z
    .array(method)
    .optional()
    .meta({
      class: 'decides',
      description: 'Methods that the route is for; left out: every one.',
      examples: [['GET', 'PUT', 'PATCH', 'DELETE']],
    }),
});

const rewrite = z.strictObject({
  stripPrefix: absolutePath()
    .optional()
    .meta({ class: 'exposes', description: 'Taken off the front of the path; whole segments.', examples: ['/v1'] }),
  addPrefix: absolutePath()
    .optional()
    .meta({ class: 'exposes', description: 'Put in front of the path, after "stripPrefix".', examples: ['/internal'] }),
});

const tolerance = (what: string, danger: string) =>
  word(['reject', 'keep'])
    .meta({
      class: 'decides',
      description: `${what} in a path: "reject" answers 400, "keep" forwards it as it stands (${danger}).`,
      examples: ['reject'],
    })
    .prefault('reject');

const path = z.strictObject({
  encodedSlash: word(['reject', 'keep', 'decode'])
    .meta({
      class: 'decides',
      description:
        '"%2F" in a path: "reject" answers 400; "keep" forwards it as it stands (the upstream must not read it as "/"); "decode" reads it as "/" before anything is matched, and forwards that (a name with a slash in it becomes two segments).',
      examples: ['reject'],
    })
    .prefault('reject'),
  semicolon: tolerance('";"', 'the upstream must not cut off what follows'),
  doubleEncoding: tolerance('"%25" before two hex digits', 'the upstream must not decode twice'),
  caseSensitive: bool()
    .meta({
      class: 'decides',
      description:
        'Whether letter case counts. False: literals of the pattern match in any case and are forwarded as written here; a path that another route claims in another case is refused (the upstream must not tell cases apart).',
      examples: [true],
    })
    .prefault(true),
  mergeSlashes: bool()
    .meta({
      class: 'decides',
      description:
        'Whether "//" counts as "/". False: empty segments are forwarded where "**" takes them, never at the start (the upstream must not take what follows for a host or for another path).',
      examples: [true],
    })
    .prefault(true),
});

const evicted = (what: string, example: string) =>
  text('a parameter of the path, such as "{id}", or a field of the identity', (value) => value)
    .optional()
    .meta({ class: 'decides', description: `Where the id of ${what} stands.`, examples: [example] });

const evict = z.strictObject({
  session: evicted('the session', '{id}'),
  keypair: evicted('the key pair', '{identity.keyId}'),
  user: evicted('the user', '{identity.userId}'),
});

const streams = z.strictObject({
  recheck: duration(0)
    .meta({
      class: 'decides',
      description:
        'How often identity and roles of whoever has an open stream are asked for again; 0s: only when the credential ends.',
      examples: ['60s'],
    })
    .prefault('60s'),
});

export const route = z.strictObject({
  id: name('a route', idPattern, idHint).meta({
    class: 'neither',
    description: 'Name in metrics, logs and reports; unique.',
    examples: ['order'],
  }),
  match: match.meta({ description: 'Requests that the route is for. The most specific route wins, in any order.' }),
  upstream: name('an upstream', idPattern, idHint).meta({
    class: 'exposes',
    description: 'Where requests go: a name under "upstreams", or "auth-api".',
    examples: ['orders'],
  }),
  access: access.optional().meta({
    class: 'decides',
    description:
      'Who may: public, optional, authenticated, deny, a list of roles (any of), { any, all, none }, or these by method ("PUT,PATCH" for several; unlisted ones: 405; HEAD follows GET). Left out: defaults.access.',
    examples: [{ GET: ['user'], 'PUT,PATCH': ['reporter'], DELETE: { all: ['admin'], none: ['suspended'] } }],
  }),
  maxAge: duration(0)
    .optional()
    .meta({
      class: 'decides',
      description: 'Oldest verdict of the Auth API that is good enough; left out: any that lives in the cache.',
      examples: ['5s'],
    }),
  timeout: duration()
    .optional()
    .meta({
      class: 'neither',
      description: 'Longest wait for the answer to begin, and between parts of a body. Left out: defaults.timeout.',
      examples: ['10s'],
    }),
  maxBody: sizeOrUnlimited()
    .optional()
    .meta({
      class: 'neither',
      description: 'Largest request body; beyond it: 413. Left out: defaults.maxBody.',
      examples: ['10mb'],
    }),
  bodyBuffer: size(0, 1024 ** 2)
    .optional()
    .meta({
      class: 'neither',
      description:
        'First part of a request body, or all of a shorter one, that is here before a connection to the service is used. 0b for clients that expect an answer while they send. Left out: defaults.bodyBuffer.',
      examples: ['64kb'],
    }),
  bodyRate: size(0, 1024 ** 3)
    .optional()
    .meta({
      class: 'neither',
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
      class: 'exposes',
      description: 'Whether the credential reaches the upstream. Left out: only where every rule is public.',
      examples: [false],
    }),
  websocket: bool()
    .meta({ class: 'decides', description: 'Whether WebSocket upgrades are forwarded.', examples: [false] })
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
    class: 'decides',
    description:
      'What must be true besides "access": every entry compares one value (param, query, header, identity, client) by equals, in, startsWith, exists or cidr, or joins entries by all, any, not; "reason" is its word, "unless" lists roles that are exempt.',
    examples: [[{ param: 'tenant', in: 'identity.groups', unless: ['admin'], reason: 'wrong_tenant' }]],
  }),
  mode: word(['enforce', 'shadow'])
    .meta({
      class: 'decides',
      description:
        '"shadow" tries the rule out: whom "access" or "when" refuses is counted, logged, and LET THROUGH, without an identity if there is none. "deny" stays closed. Dangerous: for services that protect themselves.',
      examples: ['enforce'],
    })
    .prefault('enforce'),
});

export const defaults = z.strictObject({
  responseHeaders: responseHeaders
    .meta({ description: 'Headers of answers, where a route says nothing else.' })
    .prefault({}),
  access: access
    .meta({ class: 'decides', description: 'Rule of routes without one.', examples: ['deny'] })
    .prefault('deny'),
  timeout: duration()
    .meta({
      class: 'neither',
      description: 'Longest wait for an answer to begin, and between parts of a body; beyond it: 504.',
      examples: ['10s'],
    })
    .prefault('10s'),
  maxBody: sizeOrUnlimited()
    .meta({
      class: 'neither',
      description: 'Largest request body; beyond it: 413. Bodies are streamed, so they cost no memory here.',
      examples: ['unlimited'],
    })
    .prefault('unlimited'),
  bodyBuffer: size(0, 1024 ** 2)
    .meta({
      class: 'neither',
      description: 'First part of a request body that is here before a connection to the service is used.',
      examples: ['64kb'],
    })
    .prefault('64kb'),
  bodyRate: size(0, 1024 ** 3)
    .meta({
      class: 'neither',
      description: 'Least bytes of a request body in a second; 0b: any rate. Beyond it: 408.',
      examples: ['500b'],
    })
    .prefault('500b'),
  streams: streams.meta({ description: 'WebSockets, event streams and long transfers.' }).prefault({}),
});
