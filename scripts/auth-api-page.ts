/** Generates docs/reference/auth-api.md and its OpenAPI document from the operations and the table of refusals. */

import { bearerOnly } from '../src/auth-api/credentials/credential-rule.ts';
import { createDescription, generalRefusals, ownRefusalsOf, tagOf } from '../src/auth-api/describe-api.ts';
import { type BudgetRow, budgetRows } from '../src/auth-api/limits/budgets.ts';
import { allOperations } from '../src/auth-api/operations/all-operations.ts';
import type { Operation } from '../src/auth-api/operations/operation.ts';
import { type RefusalCode, refusalKinds } from '../src/auth-api/outcome/refusals.ts';
import { signInMethods } from '../src/auth-api/passkeys/sign-in-methods.ts';
import type { RefusalReason } from '../src/operations/refusal.ts';
import { asGenerated } from './generated-page.ts';

/** As served with passkeys. */
export function openApiText(): string {
  return `${JSON.stringify(createDescription(allOperations), null, 2)}\n`;
}

const shownMethods = Object.values(signInMethods);

const opening = `# The Auth API

The operations of the Auth API; the same in OpenAPI 3.1:
[auth-api.openapi.json](auth-api.openapi.json), which the API serves at \`GET /api/auth/v2/openapi.json\`.

Base path: \`/api/auth/v2\`, on any host. \`GET\` returns 200; \`POST\`, \`PUT\` and \`DELETE\` return 202 with JSON.
An acknowledgement is \`{"message":"acknowledged"}\`. Ids are lower-case UUIDs, \`expireAt\` is in Unix seconds.
\`GET\`, \`DELETE\` and calls without parameters may have an empty body, with or without a content type.
\`HEAD\` is \`GET\` without a body. Unknown fields of a request are ignored.

## Signing in

1. \`POST /session\` with \`{"email"}\` returns \`bearer\`, \`sessionID\`, \`verificationCodeID\`. The bearer is not valid yet;
   a code of six digits is mailed to the address. A new user registers by \`POST /user\` instead and gets the same response.
2. \`PUT /session/verification\` with \`{"verificationCodeID", "code"}\`. From now on \`Authorization: Bearer <bearer>\` is valid.
3. \`PUT /session/extend\` before \`expireAt\` sets the expiry to one full lifetime from then, up to an absolute cap. There
   is no sliding expiry.
4. \`DELETE /session/{id}\` ends a session at once; \`GET /sessions\` lists them.

An address belongs to an account once it is verified. Several registrations and accounts may wait for a code at one address. The
first code that is returned claims the address for good; the other claims end. A registration reserves its alias until it expires.
\`POST /user/verification\` with \`{"verificationCodeID", "email"}\` mails it a new code, under the same id.

For a device that keeps a value, such as a browser at the gateway's pages, \`POST /session/device\` and
\`PUT /session/device/verification\` do the same with \`device\`: what the last verification returned. Strangers then use up none of its
budgets. When a code of six digits would have to wait (\`codeForm\` is \`long\`), 16 letters and digits are mailed, which need not.
\`POST /user\`, \`POST /user/verification\`, \`POST /email\` and \`POST /email/verification\` do so for a client that sends \`"acceptsLongCode": true\`, and
state the \`codeForm\`. A long code of a registration is verified by \`PUT /session/device/verification\`.
[Why](../decisions/0050-codes-that-cannot-lock-out.md)

## Creating a key pair

1. \`POST /keypair\` with \`{"name", "days"}\`, in a session, returns \`apiKey\`, \`apiSecret\` (shown once) and
   \`verificationCodeID\`; a code is mailed to the preferred address.
2. \`PUT /keypair/verification\` with the id and the code. From now on the headers \`api-key\` and \`api-secret\` are valid.
3. \`DELETE /keypair/{id}\` ends it at once. A pair always has the current roles and groups of its owner,
   but no role that [needs a passkey](../guides/passkeys.md#roles-that-need-a-passkey).

## Passkeys

These operations exist if \`passkeys\` is set; the guide [Passkeys](../guides/passkeys.md) shows the page that calls them. A challenge is valid
for five minutes and for one response. Origin and RP id must match \`passkeys.origin\` exactly, and the authenticator must have verified its user.

1. \`POST /passkey/options\`, in a session that was requested within the last ten minutes, returns \`options\` for \`navigator.credentials.create\`.
   If the user has a passkey, one must have opened the session: 401 \`passkey_required\` otherwise, as for removing one.
2. \`POST /passkey\` with \`{"name", "credential"}\`, in the same session, adds the passkey that the browser created.
3. \`POST /session/passkey/options\` returns \`options\` for \`navigator.credentials.get\`; no address is needed.
4. \`POST /session/passkey\` with \`{"credential"}\` opens a session. Its bearer is valid at once.
5. \`POST /recovery-codes\`, in a session that a passkey opened within the last ten minutes, returns ten \`codes\`, once; earlier ones are void.
6. \`POST /session/recovery\` with \`{"code"}\` opens a session in which passkeys can be changed, without the roles that need one. The code works once.
7. \`POST /session/link\` with \`{"link"}\` does the same with a link that \`rolegate auth-api create-admin\` printed.

\`GET /session\` then states how a session was opened, for [conditions on claims](conditions.md):

| opened by | \`acr\` | \`amr\` ([RFC 8176](https://www.rfc-editor.org/rfc/rfc8176)) |
|---|---|---|
${shownMethods
  .map(({ meaning, acr, amr }) => `| ${meaning} | \`${acr}\` | ${amr.map((name) => `\`${name}\``).join(' ')} |`)
  .join('\n')}

\`auth_time\` is when the session was requested. \`hwk\` and \`swk\` are what the authenticator says of itself: no attestation is requested.

## Codes and limits

A code is a string of six digits (a JSON number is padded with zeros), or long as above, bound to its id and used once. A wrong code is 401.
After too many wrong codes, the id is 429 until the code expires. An unknown, used or expired id is 404, and so is the id of a
sign-in with an address that has been removed since. The [budgets](#budgets) limit how often a client
may call.

## The last administrator

The last enabled and verified user with the role \`users_admin\` cannot be removed or disabled, or lose the role: 409
\`administrator_last\`. It is not a 403, because clients treat that as the end of their session. The preferred address, which is
verified, cannot be removed either: 400 \`email_preferred\`.
`;

const credentials: Readonly<Record<string, string>> = {
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
    return `### ${tag}\n\n| call | credential | effect | success | specific refusals |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const codes = bearerOnly.refusals.map((code) => `\`${code}\``).join(', ');
  const checks = `Beyond what the tables name, a bearer is refused with ${codes}; a key pair also with
\`attempts_exceeded\`; a caller without the role with \`permission_missing\`. If the user has the role only in a session opened by a passkey,
it is \`passkey_required\`.
`;
  const page = [opening, budgets(), '## Operations\n', checks, ...sections, refusals()].join('\n');
  return asGenerated(page, 'the operations', 'auth-api-page.ts');
}

/** The table of limits and what they count. */
function budgets(): string {
  const rows = Object.values<BudgetRow>(budgetRows).map(
    ({ counts, per, attempts, windowMs, beyond, protects }) =>
      `| ${[counts, per, amount(attempts), time(windowMs), beyond === 'slow' ? 'growing waits' : 'refused', protects].join(' | ')} |`,
  );
  return `## Budgets

Beyond a budget the response is 429 \`attempts_exceeded\` with \`Retry-After\`; a refused attempt does not count. Names in the
table are keys of \`limits\` in the settings.

| counted | per | limit | within | beyond | protects |
|---|---|---|---|---|---|
| wrong tries | code | \`codeTries\` | life of the code | refused | against guessing a code |
${rows.join('\n')}

- A **client** is an IPv4 address or a /64 network of IPv6 addresses. Behind gateways and proxies that the Auth API does not
  trust, all clients count as one and share its budgets.
- An **address** is compared without letter case and without its sub-address: \`ana+shop@\` counts for \`ana@\`.
- A client is **familiar** to an account that verified a code from it within the last 90 days. Others can exhaust the
  budget of the account, but not the budget of the account and this client. A known device is familiar, and is counted by itself.
- **Growing waits**: the wait before each further attempt equals the time that the attempts have lasted, and is at least 30 s. A
  success resets the count of an account. Without one, an account takes at most 71 wrong codes a year from unfamiliar clients,
  below the 100 consecutive failures of NIST SP 800-63B.
- Replicas share wrong tries through the database, and everything else through Redis if \`redis\` is set. Each process also
  counts itself, and the higher count applies: if Redis is down or has lost its keys, budgets are not reset. Without Redis
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
  return `| ${[calls, credentials[credential.kind], summary, status, codes.join(' ')].join(' | ')} |`;
}

function refusals(): string {
  const rows = (Object.entries(refusalKinds) as [RefusalCode, RefusalReason][]).map(([code, kind]) =>
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

Every status other than 200 and 202 carries \`x-error\` (the text below), \`x-error-id\` (identifies the log line) and a
problem (RFC 9457) with \`code\`, \`errorId\` and, where parameters are not valid, their names in \`invalid\`. Codes are never
renamed. A 401 carries \`WWW-Authenticate\`, a 429 and a 503 carry \`Retry-After\`, a 405 carries \`Allow\`.

| code | status | \`x-error\` | possible for | closes |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
