/** The gateway of `docs/examples/web` as a reader starts it, on free ports; codes are read from its output. */
import { readFileSync } from 'node:fs';
import { createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';

export interface ExampleGateway {
  readonly origin: string;
  /** The code with an id, once printed. */
  codeOf(verificationCodeId: string): Promise<string>;
  /** The `n`th printed code, from 1. */
  nthCode(n: number): Promise<string>;
  output(): string;
  stop(): Promise<void>;
}

export const configFile = 'docs/examples/web/gateway.yaml';

/** `service`: the origin behind the gateway. `change` edits the text of the configuration. */
export async function startExampleGateway(
  service: string,
  change: (text: string) => string = (text) => text,
): Promise<ExampleGateway> {
  const folder = createConfigFolder();
  const file = folder.write('gateway.yaml', change(readFileSync(configFile, 'utf8')));
  const command = runRolegate(['serve', '--config', file], {
    ROLEGATE_LISTEN: '127.0.0.1:0',
    ROLEGATE_ADMIN: '127.0.0.1:0',
    ROLEGATE_AUTH_SECRET: 'x'.repeat(40),
    WEB_SERVICE: service,
  });
  const stop = async () => {
    command.signal('SIGTERM');
    await command.ended;
    folder.remove();
  };
  try {
    const [, started] = await command.see(/^(\{.*"msg":"started".*\})$/m);
    const code = async (pattern: string) => (await command.see(new RegExp(pattern, 'm')))[1]!;
    return {
      origin: `http://localhost:${JSON.parse(started!).listen.port}`,
      codeOf: (id) => code(`"code":"(\\d{6})","codeId":"${id}"`),
      nthCode: (n) => code(`^(?:[^]*?"code":"(\\d{6})"){${n}}`),
      output: command.output,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Registers a user and verifies the address, so that it can sign in. Prints one code. Returns the address. */
export async function register({ origin, codeOf }: ExampleGateway, name: string): Promise<string> {
  const email = `${name}@example.test`;
  const fullName = `${name[0]?.toUpperCase()}${name.slice(1)} Example`;
  const call = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${origin}/api/auth/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { verificationCodeID: string };
  };
  const { verificationCodeID } = await call('POST', '/user', { email, fullName, alias: name });
  await call('PUT', '/session/verification', { verificationCodeID, code: await codeOf(verificationCodeID) });
  return email;
}
