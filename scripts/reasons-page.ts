/** Generates docs/reference/reasons.md from the table of reasons. Run it to write the page again. */
import { writeFileSync } from 'node:fs';
import { bearerOnly, challengesFor } from '../src/core/credential/challenges.ts';
import { type Fault, type Reason, type ReasonCode, reasons } from '../src/core/outcome/reasons.ts';
import { allOperations } from './admin-document.ts';
import { asGenerated } from './generated-page.ts';

const whose: Readonly<Record<Fault, string>> = {
  client: 'the client: the request has to change',
  policy: 'the policy: its author has to act',
  'auth-api': 'the Auth API: the client cannot be identified, so nothing is forwarded',
  upstream: 'the service behind the gateway',
  gateway: 'the gateway itself',
};

const opening = `# Reasons

Every response that Rolegate itself creates with a status other than 200 and 202 has a reason. It is the \`code\` of the
problem body (RFC 9457), a field of the log and a label of the metrics. Codes are never renamed. \`x-error\` contains the
text; \`x-error-id\` identifies the log line.

If the route accepts Basic, a 401 also has a Basic challenge. If the route has a sign-in page, a browser navigation is redirected
there (303) instead.

"Again" means that the same request may succeed later without a change; a number is the \`Retry-After\` in seconds
unless the cause sets another. "Closes" means that the connection closes after the response.
`;

/** The whole page. */
export function reasonsPage(): string {
  const entries = Object.entries(reasons) as [ReasonCode, Reason][];
  const faults = [...new Set(entries.map(([, reason]) => reason.fault))];
  const parts = faults.map((fault) => {
    const rows = entries.filter(([, reason]) => reason.fault === fault).map(([code, reason]) => row(code, reason));
    return `## Up to ${whose[fault]}\n\n${head}\n${rows.join('\n')}\n`;
  });
  return asGenerated([opening, ...parts, adminPort()].join('\n'), 'the table of reasons', 'reasons-page.ts');
}

/** What each operation of the admin port may be refused for. */
function adminPort(): string {
  const rows = allOperations().map(({ method, paths: [path], credential, refusals = [] }) => {
    const codes = [...credential.refusals, ...refusals].map((code) => `\`${code}\``);
    return `| \`${method} ${path}\` | ${codes.join(', ')} |`;
  });
  return `## Operations of the admin port

Every operation also has \`host_invalid\`, \`origin_forbidden\` and \`body_too_large\`, and each \`POST\` \`content_type_unsupported\`.

| operation | reasons |
|---|---|
${rows.join('\n')}
`;
}

const head = `| code | status | \`x-error\` | again | closes | \`WWW-Authenticate\` | what it means |
|---|---|---|---|---|---|---|`;

function row(code: ReasonCode, reason: Reason): string {
  const [challenge = ''] = challengesFor(code, bearerOnly, null);
  const cells = [
    `\`${code}\``,
    String(reason.status),
    reason.message,
    again(reason),
    reason.closes === true ? 'yes' : '',
    challenge === '' ? '' : `\`${challenge}\``,
    reason.advice.replaceAll('|', '\\|'),
  ];
  return `| ${cells.join(' | ')} |`;
}

function again(reason: Reason): string {
  if (!reason.retryable) return '';
  return reason.retryAfterS === undefined ? 'yes' : `${reason.retryAfterS} s`;
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/reference/reasons.md', import.meta.url), reasonsPage());
}
