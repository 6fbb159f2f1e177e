/**
 * `npm run picture:session` draws `docs/pictures/session.svg`: a real session with the demo, run by this script. It starts `npm
 * start`, sends requests with curl, and explains a refusal. The picture shortens credentials, and their process has ended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type Shown, terminalPicture } from './terminal-picture.ts';

const picture = new URL('../../docs/pictures/session.svg', import.meta.url);
const root = new URL('../../', import.meta.url);
const lineMs = 60;
const typingMs = 900;
const readingMs = 2_600;

const session: Shown[] = [];
const show = (line: string, restMs = lineMs) => session.push({ line, restMs });
const typed = (command: string) => {
  show(`\x1b[36m$\x1b[0m \x1b[1m${command}\x1b[0m`, typingMs);
};

const demo = spawn('npm', ['start', '--silent'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, FORCE_COLOR: '1' },
  detached: true,
});
try {
  let screen = '';
  const whole = Promise.withResolvers<void>();
  demo.stdout.on('data', (part) => {
    screen += String(part);
    if (screen.includes('Codes and requests appear below')) whole.resolve();
  });
  await whole.promise;
  const variables = Object.fromEntries(
    [...plain(screen).matchAll(/^ {2}(?:export )?([A-Z_]+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!]),
  );
  show('\x1b[36m$\x1b[0m \x1b[1mnpm ci && npm start\x1b[0m', typingMs);
  const lines = screen.split('\n');
  const first = lines.findIndex((line) => plain(line).startsWith('Rolegate demo'));
  const last = lines.findIndex((line, index) => index > first && plain(line).startsWith('Open the gateway'));
  for (const line of lines.slice(first, last)) show(line);
  show('', readingMs);
  show('\x1b[2m# in a second terminal\x1b[0m');
  ask('curl -i localhost:8080/orders/7 -H "authorization: Bearer $ANN"', variables, [
    'HTTP/1.1',
    '    "user-id"',
    '    "groups"',
  ]);
  ask('curl -i localhost:8080/reports/2026 -H "authorization: Bearer $ANN"', variables, ['HTTP/1.1', 'x-error']);
  explain(variables);
} finally {
  process.kill(-demo.pid!, 'SIGINT');
  await once(demo, 'close');
}
writeFileSync(picture, terminalPicture('rolegate: start, send requests, explain a refusal', session));
process.stdout.write(`docs/pictures/session.svg: ${session.length} lines\n`);

/** Runs curl and shows the output lines with these prefixes. */
function ask(line: string, variables: Readonly<Record<string, string>>, shown: readonly string[]): void {
  typed(line);
  const { stdout } = spawnSync('bash', ['-c', `${line.replace('curl -i', 'curl -si')}`], {
    encoding: 'utf8',
    env: { ...process.env, ...variables },
  });
  const printed = stdout.split(/\r?\n/).filter((one) => shown.some((start) => one.startsWith(start)));
  if (printed.length < 2) throw new Error(`curl printed something else:\n${stdout}`);
  for (const one of printed) show(colored(one));
  show('', readingMs);
}

/** Explains the decision, as the demo's screen shows it. */
function explain(variables: Readonly<Record<string, string>>): void {
  const request = ['explain', 'GET', '/reports/2026', '--bearer'];
  typed(`rolegate ${request.join(' ')} $ANN`);
  const { stdout, stderr } = spawnSync('npm', ['run', '--silent', 'rolegate', '--', ...request, variables['ANN']!], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...variables, FORCE_COLOR: '1' },
  });
  if (!stdout.includes('role_missing')) throw new Error(`explain printed something else:\n${stdout}${stderr}`);
  for (const one of stdout.trimEnd().split('\n')) show(one);
}

function colored(line: string): string {
  if (line.startsWith('HTTP/1.1 2')) return `\x1b[32m${line}\x1b[0m`;
  if (line.startsWith('HTTP/1.1')) return `\x1b[31m${line}\x1b[0m`;
  return line;
}

function plain(text: string): string {
  return text.replaceAll(/\x1b\[[0-9;]*m/g, '');
}
