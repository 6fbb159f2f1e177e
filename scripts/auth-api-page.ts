/** Makes docs/reference/auth-api.md and its OpenAPI document out of the operations and the table of refusals. */
import { type BudgetRow, budgetRows } from '../src/auth-api/limits/budgets.ts';
import { createDescription } from '../src/auth-api/openapi/create-description.ts';
import { tagOf } from '../src/auth-api/openapi/describe-operation.ts';
import { credentialRefusals, generalRefusals, ownRefusalsOf } from '../src/auth-api/openapi/operation-refusals.ts';
import { allOperations } from '../src/auth-api/operations/all-operations.ts';
import type { Operation } from '../src/auth-api/operations/operation.ts';
import { type RefusalCode, type RefusalKind, refusalKinds } from '../src/auth-api/outcome/refusals.ts';

/** As it is served without a web session. */
export function openApiText(): string {
  return `${JSON.stringify(createDescription(allOperations, { cookie: null }), null, 2)}\n`;
}

const opening = `# The Auth API

Made from the operations by \`scripts/auth-api-page.ts\`; do not edit. The same as OpenAPI 3.1:
[auth-api.openapi.json](auth-api.openapi.json), which the API serves at \`GET /api/auth/v2/openapi.json\`.

Base path: \`/api/auth/v2\`, on any host. \`GET\` answers 200; \`POST\`, \`PUT\` and \`DELETE\` answer 202 with JSON.
An acknowledgement is \`{"message":"acknowledged"}\`. Ids are lower-case UUIDs, \`expireAt\` is in Unix seconds.
\`GET\`, \`DELETE\` and calls without parameters may come with an empty body, with or without a content type.
\`HEAD\` is \`GET\` without a body. Fields of a request that are not described are ignored.

## Signing in

1. \`POST /session\` with \`{"email"}\` answers \`bearer\`, \`sessionID\`, \`verificationCodeID\`. The bearer does not work yet;
   a code of six digits goes to the address. A new user registers by \`POST /user\` instead and gets the same answer.
2. \`PUT /session/verification\` with \`{"verificationCodeID", "code"}\`. From now on \`Authorization: Bearer <bearer>\` works.
3. \`PUT /session/extend\` before \`expireAt\` moves the expiry to a whole lifetime from then, up to an absolute cap. There
   is no sliding expiry.
4. \`DELETE /session/{id}\` ends a session at once; \`GET /sessions\` lists them.

An address belongs to an account once it is verified. Any number of registrations and accounts may wait for a code at it; the
first whose code comes back gets it, and the others end. A registration reserves its alias until it lapses.

## Making a key pair

1. \`POST /keypair\` with \`{"name", "days"}\`, in a session, answers \`apiKey\`, \`apiSecret\` (shown once) and
   \`verificationCodeID\`; a code goes to the preferred address.
2. \`PUT /keypair/verification\` with the id and the code. From now on the headers \`api-key\` and \`api-secret\` work.
3. \`DELETE /keypair/{id}\` ends it at once. Roles and groups of a pair are those of its owner at the moment of the check.

## Codes and limits

A code is a string of six digits (a JSON number is padded with zeros), bound to its id and used once. A wrong one is 401;
after too many wrong ones the id answers 429 until the code expires; an unknown, used or expired id is 404, and so
is that of a sign-in at an address that has been removed since. What may be asked how often is a table of
[budgets](#budgets).

## The last administrator

The last enabled user with the role \`users_admin\` can neither be removed nor disabled, nor lose the role: 409
\`administrator_last\`. It is no 403, because clients read that as the end of their session.
`;

const credentials: Readonly<Record<Operation['credential'], string>> = {
  none: 'none',
  bearer: 'bearer',
  keypair: 'key pair',
  any: 'bearer or key pair',
  administrator: 'bearer or key pair, role `users_admin`',
};

/** The whole page. */
export function authApiPage(): string {
  const tags = [...new Set(allOperations.map(({ paths: [path] }) => tagOf(path)))];
  const sections = tags.map((tag) => {
    const rows = allOperations.filter(({ paths: [path] }) => tagOf(path) === tag).map(row);
    return `### ${tag}\n\n| call | credential | what it does | answers | own refusals |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const codes = (kind: Operation['credential']) => credentialRefusals[kind].map((code) => `\`${code}\``).join(', ');
  const checks = `Beyond what the tables name, a bearer is refused with ${codes('bearer')}; a key pair also with
\`attempts_exceeded\`; a caller without the role with \`permission_missing\`.
`;
  return [opening, budgets(), '## Operations\n', checks, ...sections, refusals()].join('\n');
}

/** The table of what is counted. */
function budgets(): string {
  const rows = Object.values<BudgetRow>(budgetRows).map(
    ({ counts, per, attempts, windowMs, beyond, protects }) =>
      `| ${[counts, per, amount(attempts), time(windowMs), beyond === 'slow' ? 'growing waits' : 'refused', protects].join(' | ')} |`,
  );
  return `## Budgets

Beyond a budget the response is 429 \`attempts_exceeded\` with \`Retry-After\`; a refused attempt does not count. Names in the
table are keys of \`limits\` in the settings.

| what is counted | for each | how many | within | beyond | protects |
|---|---|---|---|---|---|
| wrong tries | code | \`codeTries\` | life of the code | refused | a code from being guessed |
${rows.join('\n')}

- A **client** is an IPv4 address or a /64 network of IPv6 addresses. Behind gateways and proxies that the Auth API does not
  know, all clients are one and share its budgets.
- An **address** is compared without letter case and without its sub-address: \`ana+shop@\` counts for \`ana@\`.
- A client is **familiar** to an account that verified a code from it within the last 90 days. Others can use up what is
  counted for the account, but not what is counted for the account and this client.
- **Growing waits**: each further attempt is allowed after a wait as long as the attempts have gone on, and 30 s at least. A
  success ends the count of an account. Without one, an account takes at most 71 wrong codes a year from unfamiliar clients,
  below the 100 consecutive failures of NIST SP 800-63B.
- Replicas share wrong tries through the database, and everything else through Redis when \`redis\` is set. Each process also
  counts by itself, and the higher count holds: when Redis is away or has lost its keys, budgets are not reset. Without Redis
  they are reset when the process restarts.
`;
}

function amount(attempts: BudgetRow['attempts']): string {
  return typeof attempts === 'number' ? String(attempts) : `\`${attempts}\``;
}

function time(windowMs: BudgetRow['windowMs']): string {
  if (typeof windowMs === 'string') return `\`${windowMs.replace(/Ms$/, '')}\``;
  const minutes = windowMs / 60_000;
  if (minutes < 1440) return `${minutes} min`;
  return minutes < 365 * 1440 ? `${minutes / 1440} d` : '1 year';
}

function row(operation: Operation): string {
  const { method, paths, credential, summary, status } = operation;
  const calls = paths.map((path) => `\`${method} ${path}\``).join(' ');
  const codes = ownRefusalsOf(operation).map((code) => `\`${code}\``);
  return `| ${[calls, credentials[credential], summary, status, codes.join(' ')].join(' | ')} |`;
}

function refusals(): string {
  const rows = (Object.entries(refusalKinds) as [RefusalCode, RefusalKind][]).map(([code, kind]) =>
    [
      `\`${code}\``,
      kind.status,
      kind.message,
      generalRefusals.includes(code) ? 'any request' : '',
      kind.closes ? 'yes' : '',
    ]
      .join(' | ')
      .replace(/^(.*)$/, '| $1 |'),
  );
  return `## Refusals

Every status other than 200 and 202 carries \`x-error\` (the text below), \`x-error-id\` (joins the answer with the log) and a
problem (RFC 9457) with \`code\`, \`errorId\` and, where parameters are not valid, their names in \`invalid\`. Codes are never
renamed. A 401 carries \`WWW-Authenticate\`, a 429 and a 503 carry \`Retry-After\`, a 405 carries \`Allow\`.

| code | status | \`x-error\` | met by | closes |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
