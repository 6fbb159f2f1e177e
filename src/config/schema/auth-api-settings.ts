/** Keys of the Auth API itself: under `authApi.embedded`, or in its own file. */
import { z } from 'zod';
import { mail } from './mail.ts';
import { redis } from './redis.ts';
import { bool, integer, word } from './scalar.ts';
import { secret } from './secret.ts';
import { cookieName, duration } from './values.ts';

const tenYearsMs = 3650 * 86_400_000;

const lifetimes = z.strictObject({
  session: duration(1000, tenYearsMs)
    .meta({ class: 'decides', description: 'A verified session, from its creation or extension.', examples: ['24h'] })
    .prefault('24h'),
  unverified: duration(1000, tenYearsMs)
    .meta({ class: 'decides', description: 'A session whose code has not been entered.', examples: ['10m'] })
    .prefault('10m'),
  cap: duration(1000, tenYearsMs)
    .meta({
      class: 'decides',
      description: 'The longest a session lives, however often it is extended.',
      examples: ['30d'],
    })
    .prefault('30d'),
  code: duration(1000, tenYearsMs)
    .meta({ class: 'decides', description: 'A verification code.', examples: ['10m'] })
    .prefault('10m'),
});

const limits = z.strictObject({
  codeTries: integer(1, 100)
    .meta({
      class: 'decides',
      description: 'Wrong tries of one code. Beyond it: 429 until the code ends.',
      examples: [5],
    })
    .prefault(5),
  requestsPerClient: integer(1, 1_000_000)
    .meta({
      class: 'neither',
      description: 'Sign-ins and registrations that one client asks for within "mailWindow". Beyond it: 429.',
      examples: [300],
    })
    .prefault(300),
  mailsPerClient: integer(1, 1_000_000)
    .meta({
      class: 'neither',
      description: 'Mails for sign-ins and registrations of one client within "mailWindow". Beyond it: 429.',
      examples: [100],
    })
    .prefault(100),
  mailsPerAddressAndClient: integer(1, 1_000_000)
    .meta({ class: 'neither', description: 'The same to one address. Beyond it: 429 for this client.', examples: [5] })
    .prefault(5),
  mailsPerAddress: integer(1, 1_000_000)
    .meta({
      class: 'neither',
      description:
        'Mails to one address within "mailWindow", of all clients together. Beyond it: 429 for clients from which the user has not signed in before.',
      examples: [30],
    })
    .prefault(30),
  mailsPerUser: integer(1, 1_000_000)
    .meta({
      class: 'neither',
      description: 'Codes that a signed-in user asks for within "mailWindow". Beyond it: 429.',
      examples: [10],
    })
    .prefault(10),
  mailWindow: duration(1000)
    .meta({
      class: 'neither',
      description: 'Time within which sign-ins, registrations and mails are counted.',
      examples: ['10m'],
    })
    .prefault('10m'),
  failuresPerClient: integer(1, 1_000_000)
    .meta({
      class: 'decides',
      description:
        'Failed verifications of one client within a day. Beyond it: one at a time, with growing waits (429).',
      examples: [100],
    })
    .prefault(100),
  keyFailures: integer(1, 1_000_000)
    .meta({
      class: 'decides',
      description: 'Failing checks of one API key within "keyWindow". Beyond it: 429; the right secret still passes.',
      examples: [10],
    })
    .prefault(10),
  keyWindow: duration(1000)
    .meta({ class: 'decides', description: 'Time within which failing checks are counted.', examples: ['1m'] })
    .prefault('1m'),
});

export const authApiSettingsShape = {
  database: secret('the path of the database, or its URL').meta({
    class: 'decides',
    description:
      'SQLite file (a new one is readable for its own user alone), ":memory:" to forget everything at the end, or the URL of PostgreSQL, such as "postgres://user:password@postgres/rolegate".',
    examples: ['file:./rolegate.db'],
  }),
  secret: secret('a secret of at least 32 characters').meta({
    class: 'decides',
    description: 'Key of the hashes under which bearers, API secrets and codes are stored; at least 32 characters.',
    examples: [`\${ROLEGATE_AUTH_SECRET}`],
  }),
  previousSecrets: z
    .array(secret('a secret of at least 32 characters'))
    .meta({
      class: 'decides',
      description:
        'Earlier values of "secret", the newest first: what was stored under them stays valid. Remove one once everything from its time has ended.',
      examples: [[]],
    })
    .prefault([]),
  selfRegistration: bool()
    .meta({ class: 'decides', description: 'Whether anyone may create a user.', examples: [false] })
    .prefault(false),
  revealUnknownEmail: bool()
    .meta({
      class: 'exposes',
      description: 'Whether a login with an unknown address is told so (404); false: it looks like any other.',
      examples: [true],
    })
    .prefault(true),
  outbox: word(['console', 'none', 'mail'])
    .optional()
    .meta({
      class: 'exposes',
      description:
        'What happens to codes: "mail" sends them, "console" prints them on standard output (demonstrations only). Left out: "mail" when that is configured, else "none".',
      examples: ['mail'],
    }),
  mail: mail.optional().meta({ description: 'Sends codes by e-mail. Left out: no mail is sent.' }),
  lifetimes: lifetimes.meta({ description: 'How long things live.' }).prefault({}),
  limits: limits.meta({ description: 'What anybody may try, and how often.' }).prefault({}),
  redis: redis.optional().meta({
    description: 'Shares limits among replicas and tells gateways of revocations. Left out: this process alone.',
  }),
  webSession: z
    .strictObject({
      cookie: cookieName('the name of a cookie').meta({
        class: 'decides',
        description: 'Its name; gateways read it with the same name in "credentials.bearerCookie".',
        examples: ['__Host-session'],
      }),
    })
    .optional()
    .meta({
      description: 'Lets web pages have their bearer in a cookie that no script can read. Left out: no cookies.',
    }),
};
