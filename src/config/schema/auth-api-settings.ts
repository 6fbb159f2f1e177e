/** Keys of the Auth API itself: under `authApi.embedded`, or in its own file. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { parseMailbox } from '../units/mail.ts';
import { added, anyChange, decides, described, exposes, higher, lower, neither, ordered } from './key.ts';
import { redis } from './redis.ts';
import { type Problems, refined } from './refine.ts';
import { bool, integer, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { duration } from './values.ts';

const senderExpected = 'the sender of mail, such as "Rolegate <no-reply@example.test>"';

const mail = z.strictObject({
  smtp: exposes(
    secret('the URL of a mail server, such as "smtp://mail:587"'),
    'Mail server: smtp:// (STARTTLS if the server offers it; port 587) or smtps:// (TLS from the first byte; port 465), with user and password if needed. Certificates are always verified.',
    anyChange('another server receives the codes'),
    { examples: ['smtp://127.0.0.1:25'] },
  ),
  from: neither(
    text(senderExpected, (value) => parseMailbox(value) ?? new Problem(`expected ${senderExpected}`)),
    'Sender: an address, or a name with the address in angle brackets.',
    { examples: ['Rolegate <no-reply@example.test>'] },
  ),
  requireTls: exposes(
    bool().optional(),
    'Whether mail is sent only over TLS. If unset, true if "smtp" contains a password and is on another machine.',
    ordered([true, false], 'codes can be read on the network'),
    { examples: [true] },
  ),
});

const tenYearsMs = 3650 * 86_400_000;

const lifetimeKeys = z.strictObject({
  session: decides(
    duration(1000, tenYearsMs).prefault('24h'),
    'Lifetime of a verified session, from its creation or last extension.',
    higher('a session is valid longer'),
  ),
  unverified: decides(
    duration(1000, tenYearsMs).prefault('10m'),
    'Lifetime of a session that is not verified yet.',
    higher('a session that is not verified is valid longer'),
  ),
  cap: decides(
    duration(1000, tenYearsMs).prefault('30d'),
    'Maximum lifetime of a session, however often it is extended.',
    higher('an extended session is valid longer'),
  ),
  code: decides(
    duration(1000, tenYearsMs).prefault('10m'),
    'Lifetime of a verification code.',
    higher('a code can be guessed or used longer'),
  ),
});

const lifetimes = refined(lifetimeKeys, ({ session, cap }, { at }) => {
  if (session === undefined || cap === undefined || session <= cap) return;
  at([], 'a session cannot live longer than its cap', 'make "cap" at least as long as "session"');
});

const boundsMails = { why: 'it bounds mails, not attempts at codes' };

const limits = z.strictObject({
  codeTries: decides(
    integer(1, 100).prefault(5),
    'Maximum wrong attempts at one code. Further ones return 429 until the code expires.',
    higher('a code can be guessed more often'),
  ),
  requestsPerClient: neither(
    integer(1, 1_000_000).prefault(300),
    'Maximum sign-ins and registrations that one client may request within "mailWindow". Further ones return 429.',
  ),
  mailsPerClient: neither(
    integer(1, 1_000_000).prefault(100),
    'Maximum mails for sign-ins and registrations of one client within "mailWindow". Further requests return 429.',
  ),
  mailsPerAddressAndClient: neither(
    integer(1, 1_000_000).prefault(5),
    'Maximum mails of one client to one address within "mailWindow". Further requests of this client return 429.',
  ),
  mailsPerAddress: neither(
    integer(1, 1_000_000).prefault(30),
    'Maximum mails of all clients together to one address within "mailWindow". Further requests return 429 to clients from which the user has not signed in before.',
  ),
  mailsPerUser: neither(
    integer(1, 1_000_000).prefault(10),
    'Maximum codes that a signed-in user may request within "mailWindow". Further requests return 429.',
    boundsMails,
  ),
  mailWindow: neither(
    duration(1000).prefault('10m'),
    'Window in which sign-ins, registrations and mails are counted.',
    boundsMails,
  ),
  failuresPerClient: decides(
    integer(1, 1_000_000).prefault(100),
    'Maximum failed verifications of one client within a day. Further attempts must wait longer and longer (429).',
    higher('a client can guess more codes'),
  ),
  keyFailures: decides(
    integer(1, 1_000_000).prefault(10),
    'Maximum failed checks of one API key within "keyWindow". Further wrong secrets return 429; the right secret still passes.',
    higher('the secret of a key can be guessed more often'),
  ),
  keyWindow: decides(
    duration(1000).prefault('1m'),
    'Window in which failed checks are counted.',
    lower('the count of guesses begins again sooner'),
  ),
});

/** Browsers accept no address as the domain of a passkey, and http only on this machine. */
const passkeyOrigin = text('the origin of the pages, such as "https://app.example.com"', (value) => {
  const url = /^https?:\/\/[^/?#@\\\s]+\/?$/.test(value) && URL.canParse(value) ? new URL(value) : null;
  if (url === null) return new Problem('expected an origin, such as "https://app.example.com"', 'without a path');
  const { protocol, hostname, origin } = url;
  if (hostname.startsWith('[') || /^[\d.]+$/.test(hostname)) {
    return new Problem('passkeys need a domain, not an address', 'use "localhost" for this machine');
  }
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  return protocol === 'https:' || local
    ? origin
    : new Problem('passkeys need an https origin', 'http only for localhost');
});

/** As the Auth API names them. */
const roleOfUsers = text('the name of a role', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/.test(value) ? value : new Problem('expected the name of a role'),
);

const passkeys = z.strictObject({
  origin: decides(
    passkeyOrigin,
    'Origin of the pages on which passkeys are created and used, exactly as browsers see it. Its host is the RP ID: with another one, all passkeys are lost. The pages of "signIn" offer passkeys if it is "signIn.origin".',
    anyChange('pages of another origin can use passkeys'),
    { examples: ['https://app.example.com'] },
  ),
  name: neither(
    text('a name', (value) => value),
    'Name of the service, which browsers and authenticators may show.',
    {
      examples: ['Example'],
    },
  ),
  requiredForRoles: decides(
    z.array(roleOfUsers).optional(),
    'Roles that a user has only in a session opened by a passkey; API keys never carry them. Each is declared, and a role that inherits one is listed, too. Besides them, "users_admin" is one for users who have a passkey, unless this list is empty.',
    anyChange('a code by mail, or an API key, is enough for a role that is no longer named'),
    { examples: [['users_admin']] },
  ),
});

const shape = {
  database: decides(
    secret('the path of the database, or its URL'),
    'SQLite file (a new one is readable only by its own user), ":memory:" to keep nothing, or the URL of PostgreSQL, such as "postgres://user:password@postgres/rolegate".',
    anyChange('other users, sessions and keys are valid'),
    { examples: ['file:./rolegate.db'] },
  ),
  secret: decides(
    secret('a secret of at least 32 characters'),
    'Key of the hashes under which bearers, API secrets and codes are stored; at least 32 characters.',
    anyChange('anyone who knows it and the database can make credentials'),
    { examples: [`\${ROLEGATE_AUTH_SECRET}`] },
  ),
  previousSecrets: decides(
    z.array(secret('a secret of at least 32 characters')).prefault([]),
    'Earlier values of "secret", newest first. Everything that was stored under them stays valid. Remove one when all sessions and keys from its time have ended.',
    added('credentials stored under it are valid'),
  ),
  selfRegistration: decides(
    bool().prefault(false),
    'Whether anyone may register as a user.',
    ordered([false, true], 'anyone can become a user'),
  ),
  revealUnknownEmail: exposes(
    bool().prefault(true),
    'Whether a sign-in with an unknown address returns 404, and a registration with a taken one 400. If false, both look like any other, the owner of a taken address gets a mail, and only administrators can find users by address.',
    ordered([false, true], 'anyone can find out which addresses have users'),
  ),
  outbox: exposes(
    word(['console', 'none', 'mail']).optional(),
    'What happens to codes: "mail" sends them, "console" prints them on standard output (demonstrations only). If unset, "mail" if that is configured, otherwise "none".',
    ordered(['none', 'mail', 'console'], 'codes leave the process, or can be read in its output'),
    { examples: ['mail'] },
  ),
  mail: described(mail.optional(), 'Sends codes by e-mail. If unset, no mail is sent.'),
  lifetimes: described(lifetimes.prefault({}), 'Lifetimes of sessions and codes.'),
  limits: described(limits.prefault({}), 'Limits for clients that sign in, register or guess.'),
  redis: described(
    redis.optional(),
    'Shares limits among replicas and sends revocations to gateways. If unset, this process counts alone.',
  ),
  recentSignIn: decides(
    duration(1000, tenYearsMs).optional(),
    'Maximum age of the session that adds an address or a key, or changes passkeys. Pages of the gateway let the user sign in again; for other clients, an older one returns 401 "sign_in_too_old". If unset, passkeys and these pages need 10 minutes, and addresses and keys of other clients no recent sign-in.',
    higher('an old session, such as a stolen one, can add keys and addresses', { loosest: 'unset' }),
    { examples: ['10m'] },
  ),
  passkeys: described(
    passkeys.optional(),
    'Lets users add passkeys and sign in with them. Sessions then state how they were opened ("acr", "amr", "auth_time"). If unset, the operations for passkeys do not exist.',
  ),
};

/** The settings, with further keys of the file that contains them. */
export function authApiSettings<More extends z.core.$ZodLooseShape>(more: More) {
  return refined(z.strictObject({ ...more, ...shape }), checkOutbox);
}

function checkOutbox(parts: object, { at }: Problems): void {
  if (!('outbox' in parts) || parts.outbox !== 'mail' || 'mail' in parts) return;
  at(['outbox'], '"mail" is needed to send codes', 'set the mail server under "mail"');
}
