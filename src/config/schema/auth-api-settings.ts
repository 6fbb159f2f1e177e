/** Keys of the Auth API itself: under `authApi.embedded`, or in its own file. */
import { z } from 'zod';
import { Refusal } from '../refusal.ts';
import { parseMailbox } from '../units/mail.ts';
import { decides, described, exposes, neither } from './key-class.ts';
import { redis } from './redis.ts';
import { type Problems, refined } from './refine.ts';
import { bool, integer, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { cookieName, duration } from './values.ts';

const senderExpected = 'the sender of mail, such as "Rolegate <no-reply@example.test>"';

const mail = z.strictObject({
  smtp: exposes(
    secret('the URL of a mail server, such as "smtp://mail:587"'),
    'Mail server: smtp:// (TLS by STARTTLS where it is offered; port 587) or smtps:// (TLS at once; port 465), with user and password if needed. Certificates are always checked.',
    { examples: ['smtp://127.0.0.1:25'] },
  ),
  from: neither(
    text(senderExpected, (value) => parseMailbox(value) ?? new Refusal(`expected ${senderExpected}`)),
    'Sender: an address, or a name with the address in angle brackets.',
    { examples: ['Rolegate <no-reply@example.test>'] },
  ),
  requireTls: exposes(
    bool().optional(),
    'Whether mail is sent only over TLS. If unset: when "smtp" holds a password and leads to another machine.',
    { examples: [true] },
  ),
});

const tenYearsMs = 3650 * 86_400_000;

const lifetimeKeys = z.strictObject({
  session: decides(duration(1000, tenYearsMs).prefault('24h'), 'A verified session, from its creation or extension.'),
  unverified: decides(duration(1000, tenYearsMs).prefault('10m'), 'A session whose code has not been entered.'),
  cap: decides(
    duration(1000, tenYearsMs).prefault('30d'),
    'The longest a session lives, however often it is extended.',
  ),
  code: decides(duration(1000, tenYearsMs).prefault('10m'), 'A verification code.'),
});

const lifetimes = refined(lifetimeKeys, ({ session, cap }, { at }) => {
  if (session === undefined || cap === undefined || session <= cap) return;
  at([], 'a session cannot live longer than its cap', 'make "cap" at least as long as "session"');
});

const limits = z.strictObject({
  codeTries: decides(integer(1, 100).prefault(5), 'Wrong tries of one code. Beyond it: 429 until the code ends.'),
  requestsPerClient: neither(
    integer(1, 1_000_000).prefault(300),
    'Sign-ins and registrations that one client may request within "mailWindow". Beyond it: 429.',
  ),
  mailsPerClient: neither(
    integer(1, 1_000_000).prefault(100),
    'Mails for sign-ins and registrations of one client within "mailWindow". Beyond it: 429.',
  ),
  mailsPerAddressAndClient: neither(
    integer(1, 1_000_000).prefault(5),
    'Mails of one client to one address within "mailWindow". Beyond it: 429 for this client.',
  ),
  mailsPerAddress: neither(
    integer(1, 1_000_000).prefault(30),
    'Mails to one address within "mailWindow", of all clients together. Beyond it: 429 for clients from which the user has not signed in before.',
  ),
  mailsPerUser: neither(
    integer(1, 1_000_000).prefault(10),
    'Codes that a signed-in user may request within "mailWindow". Beyond it: 429.',
  ),
  mailWindow: neither(
    duration(1000).prefault('10m'),
    'Time within which sign-ins, registrations and mails are counted.',
  ),
  failuresPerClient: decides(
    integer(1, 1_000_000).prefault(100),
    'Failed verifications of one client within a day. Beyond it: one at a time, with growing waits (429).',
  ),
  keyFailures: decides(
    integer(1, 1_000_000).prefault(10),
    'Failing checks of one API key within "keyWindow". Beyond it: 429; the right secret still passes.',
  ),
  keyWindow: decides(duration(1000).prefault('1m'), 'Time within which failing checks are counted.'),
});

const shape = {
  database: decides(
    secret('the path of the database, or its URL'),
    'SQLite file (a new one is readable only by its own user), ":memory:" to keep nothing, or the URL of PostgreSQL, such as "postgres://user:password@postgres/rolegate".',
    { examples: ['file:./rolegate.db'] },
  ),
  secret: decides(
    secret('a secret of at least 32 characters'),
    'Key of the hashes under which bearers, API secrets and codes are stored; at least 32 characters.',
    { examples: [`\${ROLEGATE_AUTH_SECRET}`] },
  ),
  previousSecrets: decides(
    z.array(secret('a secret of at least 32 characters')).prefault([]),
    'Earlier values of "secret", the newest first: what was stored under them stays valid. Remove one once everything from its time has ended.',
  ),
  selfRegistration: decides(bool().prefault(false), 'Whether anyone may create a user.'),
  revealUnknownEmail: exposes(
    bool().prefault(true),
    'Whether a sign-in at an unknown address gets 404, and a registration at a taken one 400; false: both look like any other, the owner of a taken address gets a mail, and only administrators find users by address.',
  ),
  outbox: exposes(
    word(['console', 'none', 'mail']).optional(),
    'What happens to codes: "mail" sends them, "console" prints them on standard output (demonstrations only). If unset: "mail" when that is configured, else "none".',
    { examples: ['mail'] },
  ),
  mail: described(mail.optional(), 'Sends codes by e-mail. If unset: no mail is sent.'),
  lifetimes: described(lifetimes.prefault({}), 'Lifetimes.'),
  limits: described(limits.prefault({}), 'Limits for clients that sign in, register or guess.'),
  redis: described(
    redis.optional(),
    'Shares limits among replicas and sends revocations to gateways. If unset: limits of this process only.',
  ),
  webSession: described(
    z
      .strictObject({
        cookie: decides(
          cookieName('the name of a cookie'),
          'Name of the cookie; set the same name in "credentials.bearerCookie" of gateways.',
          { examples: ['__Host-session'] },
        ),
      })
      .optional(),
    'Allows web pages to keep their bearer in a cookie that no script can read. If unset: no cookies.',
  ),
};

/** The settings, with further keys of the file that they are in. */
export function authApiSettings<More extends z.core.$ZodLooseShape>(more: More) {
  return refined(z.strictObject({ ...more, ...shape }), checkOutbox);
}

function checkOutbox(parts: object, { at }: Problems): void {
  if (!('outbox' in parts) || parts.outbox !== 'mail' || 'mail' in parts) return;
  at(['outbox'], '"mail" is needed to send codes', 'say under "mail" which server takes them');
}
