/** The one screen of the demo: where it is, credentials, and what to try. */
import pc from 'picocolors';
import type { CodeMail } from '../../auth-api/outbox/outbox.ts';

export interface DemoUser {
  readonly name: string;
  readonly email: string;
  readonly bearer: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface DemoPlaces {
  readonly gateway: string;
  /** Null: there is no admin port. */
  readonly admin: string | null;
  readonly adminToken: string;
  /** How to call Rolegate in a terminal, such as `npm run -s rolegate --`. */
  readonly rolegate: string;
  /** File of the authority of the gateway's certificate; null: it has none. */
  readonly authorityFile: string | null;
}

/** Maximum line length. The screen fits a terminal of 80 columns and 24 lines, so that the credentials stay visible. */
const widest = 80;
/** What `explain` asks unless an option names another one. */
const defaultAdmin = 'http://127.0.0.1:9090';
const json = '-H content-type:application/json';

const curlFor =
  (hasAuthority: boolean) =>
  (url: string, ...options: readonly string[]) =>
    wrapped(`curl -i ${hasAuthority ? '--cacert "$CA" ' : ''}${url}`, options);

function wrapped(command: string, options: readonly string[]): string {
  let line = `  ${command}`;
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

export function renderScreen(
  { gateway, admin, adminToken, rolegate, authorityFile }: DemoPlaces,
  user: DemoUser,
  root: DemoUser,
): string {
  const [ann, key] = ['-H "authorization: Bearer $ANN"', '-H "api-key: $KEY"'];
  const own = admin === null || admin === defaultAdmin ? [] : [`--admin ${admin}`];
  const curl = curlFor(authorityFile !== null);
  const comment = (text: string) => pc.dim(`  # ${text}`);
  const lines = [
    `${pc.bold('Rolegate demo')}   gateway ${pc.cyan(gateway)}${admin === null ? '' : `   admin ${pc.cyan(admin)}`}`,
    `Open the gateway in a browser, as ${user.email}, or paste in a terminal:`,
    ...(authorityFile === null ? [] : [`  CA=${authorityFile}`]),
    `  AT=${gateway}`,
    `  ANN=${user.bearer}`,
    `  KEY=${user.apiKey}`,
    `  SECRET=${user.apiSecret}`,
    `  ROOT=${root.bearer}`,
    `  export ROLEGATE_ADMIN_TOKEN=${adminToken}`,
    comment('200 with a bearer, 200 with a key pair, 401 without, 400 with both'),
    curl('$AT/orders/7', ann),
    curl('$AT/orders/7', key, '-H "api-secret: $SECRET"'),
    curl('$AT/orders/7'),
    curl('$AT/orders/7', ann, key),
    comment(`404: no such route, 200: ${root.name} is a reporter, 403: ${user.name} is not, and why`),
    curl('$AT/elsewhere'),
    curl('$AT/reports/2026', '-H "authorization: Bearer $ROOT"'),
    curl('$AT/reports/2026', ann),
    wrapped(`${rolegate} explain GET /reports/2026 --bearer $ANN`, own),
    comment('202: a login; its code appears below, with the next line to paste'),
    curl('$AT/api/auth/v2/session', json, `-d '{"email":"${user.email}"}'`),
    `Next, for a service of your own: ${pc.bold(`${rolegate} init http://127.0.0.1:3000`)}`,
    pc.dim('Codes and requests appear below. Ctrl-C stops the demo.'),
    '',
  ];
  return lines.join('\n');
}

/** Where a code of each purpose is used. */
const verifyPaths: Record<CodeMail['purpose'], string> = {
  session: '/session/verification',
  keypair: '/keypair/verification',
  email: '/email/verification',
};

/** Output of the demo when a code is "mailed": the code, and the line that uses it. */
export function renderCode(gateway: string, { to, purpose, codeId, code }: CodeMail, hasAuthority: boolean): string {
  const url = `${gateway}/api/auth/v2${verifyPaths[purpose]}`;
  const body = `-d '${JSON.stringify({ verificationCodeID: codeId, code })}'`;
  // Only a login is verified without a credential.
  const bearer = purpose === 'session' ? [] : ['-H "authorization: Bearer <the bearer of the session>"'];
  const line = curlFor(hasAuthority)(url, '-X PUT', json, ...bearer, body);
  const page = purpose === 'session' ? 'enter it on the page, or use it' : 'use it';
  return `\n  ${pc.bold(`code ${code}`)} for ${to}; ${page}:\n${line}\n\n`;
}
