/** `rolegate auth-api` as a separate process, with the suite's users imported by `rolegate auth-api import`. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { stringify } from 'yaml';
import { runRolegate } from '../../support/running-command.ts';
import { pageOrigin, type SeenMail, suiteUsers, type Target, type TargetSettings } from './target.ts';

const secret = 'a secret for this suite, long enough';

export interface Standalone {
  start(settings: TargetSettings): Promise<Target>;
  remove(): void;
}

/** Imports once; each start gets a copy of that database. */
export async function prepareStandalone(): Promise<Standalone> {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
  const users = join(folder, 'users.yaml');
  writeFileSync(users, stringify({ users: suiteUsers }));
  const template = join(folder, 'template.db');
  const config = writeConfig(folder, 'template', {});
  const importing = runRolegate(['auth-api', 'import', '--config', config, '--file', users]);
  if ((await importing.ended) !== 0) throw new Error(importing.output());
  let started = 0;
  return {
    start(settings) {
      started += 1;
      const name = `case-${started}`;
      copyFileSync(template, join(folder, `${name}.db`));
      return startProcess(writeConfig(folder, name, settings));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function writeConfig(folder: string, name: string, settings: TargetSettings): string {
  const path = join(folder, `${name}.yaml`);
  const text = stringify({
    listen: '127.0.0.1:0',
    database: `file:${join(folder, `${name}.db`)}`,
    secret,
    outbox: 'console',
    selfRegistration: settings.selfRegistration ?? true,
    revealUnknownEmail: settings.revealUnknownEmail ?? true,
    trustedProxies: ['127.0.0.1'],
    passkeys: { origin: pageOrigin, name: 'Example' },
  });
  writeFileSync(path, text);
  return path;
}

async function startProcess(config: string): Promise<Target> {
  const running = runRolegate(['auth-api', '--config', config]);
  const [, port] = await running.see(/"port":(\d+)/);
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    baseUrl,
    async mails() {
      // Lines are written in order: none about an earlier mail can follow the line of this refusal.
      const { headers } = await fetch(`${baseUrl}/api/auth/v2/session`);
      await running.see(new RegExp(headers.get('x-error-id')!));
      return loggedMails(running.output());
    },
    advance: async (durationMs) => {
      await pass(durationMs);
    },
    takeRevoked: null,
    async close() {
      running.signal('SIGTERM');
      const code = await running.ended;
      if (code !== 0) throw new Error(`ended with ${code}:\n${running.output()}`);
    },
  };
}

/** The mails logged by the console outbox. */
function loggedMails(output: string): SeenMail[] {
  const lines = output.split('\n').filter((line) => line.includes(' is logged and not '));
  return lines.map((line) => ({ code: '', codeId: '', ...(JSON.parse(line) as Omit<SeenMail, 'code' | 'codeId'>) }));
}
