/** One `rolegate auth-api` process among several, with client helpers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningCommand, runRolegate } from '../support/running-command.ts';

export interface Opened {
  readonly bearer: string;
  readonly sessionID: string;
  readonly verificationCodeID: string;
}

export interface Replica {
  readonly process: RunningCommand;
  /** Status and body; rejects when the process is down. */
  call(method: string, path: string, body?: object, bearer?: string): Promise<{ status: number; body: Opened }>;
  /** Codes that were printed instead of mailed, by their ids. */
  codes(): ReadonlyMap<string, string>;
}

/** Starts the process; `ready` resolves once it serves. */
export function startReplica(database: string): { readonly ready: Promise<Replica> } {
  const folder = mkdtempSync(join(tmpdir(), 'auth-api-replica-'));
  const file = join(folder, 'auth-api.yaml');
  writeFileSync(
    file,
    `listen: "127.0.0.1:0"
database: ${JSON.stringify(database)}
secret: "a secret that both replicas share, long enough"
selfRegistration: true
outbox: console
limits: { requestsPerClient: 1000000, mailsPerClient: 1000000, mailsPerAddressAndClient: 1000000, mailsPerAddress: 1000000, failuresPerClient: 1000000 }
`,
  );
  const command = runRolegate(['auth-api', '--config', file]);
  void command.ended.then(() => rmSync(folder, { recursive: true }));
  return { ready: serve(command) };
}

async function serve(command: RunningCommand): Promise<Replica> {
  const [, port] = await command.see(/"port":(\d+)/);
  const base = `http://127.0.0.1:${port}/api/auth/v2`;
  return {
    process: command,
    async call(method, path, body, bearer) {
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Opened };
    },
    codes: () =>
      new Map(
        [...command.output().matchAll(/"code":"(\d{6})","codeId":"([0-9a-f-]{36})"/g)].map(([, code = '', id = '']) => [
          id,
          code,
        ]),
      ),
  };
}
