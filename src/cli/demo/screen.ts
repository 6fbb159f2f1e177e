/** The one screen of the demo: what runs where, who can log in, and what to try. */
import pc from 'picocolors';
import type { CodeMail } from '../../auth-api/outbox/outbox.ts';

export interface DemoUser {
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly bearer: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface DemoPlaces {
  readonly gateway: string;
  readonly admin: string | null;
  readonly service: string;
}

interface Trial {
  readonly shows: string;
  readonly status: number;
  readonly command: string;
}

/** Maximum line length, for a terminal of 110 columns; longer text continues on the next line. */
const widest = 110;

/** Name of the shell variable that holds a user's bearer; with `_KEY` and `_SECRET`, of the key pair. */
const variable = (who: DemoUser) => who.name.toUpperCase();

/** Variables for the lines below, to be pasted once. */
function assignments(users: readonly DemoUser[]): readonly string[] {
  const ofUsers = users.flatMap((who) => [
    `${variable(who)}=${who.bearer}`,
    `${variable(who)}_KEY=${who.apiKey}`,
    `${variable(who)}_SECRET=${who.apiSecret}`,
  ]);
  return [...ofUsers, "JSON='content-type: application/json'"];
}

/** Lines to paste into a second terminal, each with the status that it shows. */
export function trials(gateway: string, user: DemoUser, admin: DemoUser): readonly Trial[] {
  const bearer = (who: DemoUser) => `-H "authorization: Bearer $${variable(who)}"`;
  const apiKey = `-H "api-key: $${variable(user)}_KEY"`;
  const apiSecret = `-H "api-secret: $${variable(user)}_SECRET"`;
  const curl = (path: string, ...options: string[]) => curlLine(`${gateway}${path}`, ...options);
  return [
    { status: 200, shows: 'a bearer; see user-id and groups', command: curl('/orders/7', bearer(user)) },
    { status: 200, shows: 'a key pair of the same user', command: curl('/orders/7', apiKey, apiSecret) },
    { status: 401, shows: 'no credential', command: curl('/orders/7') },
    { status: 403, shows: `${user.name} is not a reporter`, command: curl('/reports/2026', bearer(user)) },
    { status: 200, shows: `${admin.name} inherits reporter`, command: curl('/reports/2026', bearer(admin)) },
    { status: 404, shows: 'no route: nothing is open by default', command: curl('/elsewhere') },
    { status: 400, shows: 'two kinds of credential at once', command: curl('/orders/7', bearer(user), apiKey) },
    {
      status: 202,
      shows: 'a session login; its code appears below, with the next line to paste',
      command: curl('/api/auth/v2/session', '-H "$JSON"', `-d '{"email":"${user.email}"}'`),
    },
  ];
}

function curlLine(url: string, ...options: readonly string[]): string {
  let line = `  curl -i ${url}`;
  const lines: string[] = [];
  for (const option of options) {
    // The blank and backslash of a continued line must fit, too.
    if (line.length + 1 + option.length + 2 <= widest) line += ` ${option}`;
    else {
      lines.push(`${line} \\`);
      line = `    ${option}`;
    }
  }
  return [...lines, line].join('\n');
}

export function renderScreen(places: DemoPlaces, user: DemoUser, admin: DemoUser): string {
  const lines = [
    '',
    `${pc.bold('Rolegate demo')}   everything below runs in this process; Ctrl-C stops it`,
    '',
    `  gateway    ${pc.cyan(places.gateway)}`,
    `  Auth API   ${pc.cyan(`${places.gateway}/api/auth/v2`)}   behind the gateway`,
    `  service    ${pc.cyan(places.service)}   sample upstream, shows what it received`,
  ];
  if (places.admin !== null) {
    lines.push(`  admin      ${pc.cyan(places.admin)}  /metrics /health/live /health/ready /routes`);
  }
  for (const { name, email, roles } of [user, admin]) {
    lines.push(`  ${name.padEnd(10)} ${email}, roles: ${roles.join(', ')}`);
  }
  lines.push('', pc.bold('Paste into a second terminal, first the credentials:'), '');
  lines.push(...assignments([user, admin]).map((line) => `  ${line}`), '');
  for (const { status, shows, command } of trials(places.gateway, user, admin)) {
    lines.push(pc.dim(`  # ${status}: ${shows}`), command);
  }
  lines.push('', pc.dim('Codes and requests appear below.'), '');
  return lines.join('\n');
}

/** Where a code of each purpose is used. */
const verifyPaths: Record<CodeMail['purpose'], string> = {
  session: '/session/verification',
  keypair: '/keypair/verification',
  email: '/email/verification',
};

/** Output of the demo when a code is "mailed": the code, and the line that uses it. */
export function renderCode(gateway: string, { to, purpose, codeId, code }: CodeMail): string {
  const url = `${gateway}/api/auth/v2${verifyPaths[purpose]}`;
  const body = `-d '${JSON.stringify({ verificationCodeID: codeId, code })}'`;
  // Only a login is verified without a credential.
  const bearer = purpose === 'session' ? [] : ['-H "authorization: Bearer <the bearer of the session>"'];
  const line = curlLine(url, '-X PUT', '-H "$JSON"', ...bearer, body);
  return `\n  ${pc.bold(`code ${code}`)} for ${to}; use it:\n${line}\n\n`;
}
