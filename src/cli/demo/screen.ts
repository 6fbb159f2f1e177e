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

/** Lines to paste into a second terminal, each with the status that it shows. */
export function trials(gateway: string, user: DemoUser, admin: DemoUser): readonly Trial[] {
  const bearer = (who: DemoUser) => `-H 'authorization: Bearer ${who.bearer}'`;
  const pair = (who: DemoUser) => `-H 'api-key: ${who.apiKey}' -H 'api-secret: ${who.apiSecret}'`;
  const json = "-H 'content-type: application/json'";
  return [
    { status: 200, shows: 'a bearer; see user-id and groups', command: `curl -i ${gateway}/orders/7 ${bearer(user)}` },
    { status: 200, shows: 'a key pair of the same user', command: `curl -i ${gateway}/orders/7 ${pair(user)}` },
    { status: 401, shows: 'no credential', command: `curl -i ${gateway}/orders/7` },
    { status: 403, shows: `${user.name} is no reporter`, command: `curl -i ${gateway}/reports/2026 ${bearer(user)}` },
    {
      status: 200,
      shows: `${admin.name} inherits reporter`,
      command: `curl -i ${gateway}/reports/2026 ${bearer(admin)}`,
    },
    { status: 404, shows: 'no route: nothing is open by omission', command: `curl -i ${gateway}/elsewhere` },
    {
      status: 400,
      shows: 'two kinds of credential at once',
      command: `curl -i ${gateway}/orders/7 ${bearer(user)} ${pair(user)}`,
    },
    {
      status: 202,
      shows: 'a session login; its code appears below, with the next line to paste',
      command: `curl -i ${gateway}/api/auth/v2/session ${json} -d '{"email":"${user.email}"}'`,
    },
  ];
}

export function renderScreen(places: DemoPlaces, user: DemoUser, admin: DemoUser): string {
  const lines = [
    '',
    `${pc.bold('Rolegate demo')}   everything below runs in this process; Ctrl-C stops it`,
    '',
    `  gateway    ${pc.cyan(places.gateway)}`,
    `  Auth API   ${pc.cyan(`${places.gateway}/api/auth/v2`)}   behind the gateway`,
    `  service    ${pc.cyan(places.service)}   sample upstream, answers what it saw`,
  ];
  if (places.admin !== null) {
    lines.push(`  admin      ${pc.cyan(places.admin)}  /metrics /health/live /health/ready /routes`);
  }
  lines.push('');
  for (const who of [user, admin]) lines.push(...renderUser(who), '');
  lines.push(pc.bold('Paste into a second terminal:'), '');
  for (const { status, shows, command } of trials(places.gateway, user, admin)) {
    lines.push(pc.dim(`  # ${status}: ${shows}`), `  ${command}`);
  }
  lines.push('', pc.dim('Codes and requests appear below.'), '');
  return lines.join('\n');
}

function renderUser(who: DemoUser): string[] {
  return [
    `  ${pc.bold(who.name)} <${who.email}>, roles: ${who.roles.join(', ')}`,
    `    bearer      ${who.bearer}`,
    `    api-key     ${who.apiKey}`,
    `    api-secret  ${who.apiSecret}`,
  ];
}

/** Where a code of each purpose is used. */
const verifyPaths: Record<CodeMail['purpose'], string> = {
  session: '/session/verification',
  keypair: '/keypair/verification',
  email: '/email/verification',
};

/** What the demo prints when a code is "mailed": the code, and the line that uses it. */
export function renderCode(gateway: string, { to, purpose, codeId, code }: CodeMail): string {
  const body = JSON.stringify({ verificationCodeID: codeId, code });
  const url = `${gateway}/api/auth/v2${verifyPaths[purpose]}`;
  // Only a login is verified without a credential.
  const bearer = purpose === 'session' ? '' : " -H 'authorization: Bearer <the bearer of the session>'";
  return [
    '',
    `  ${pc.bold(`code ${code}`)} for ${to}; use it:`,
    `  curl -i -X PUT ${url}${bearer} -H 'content-type: application/json' -d '${body}'`,
    '',
  ].join('\n');
}
