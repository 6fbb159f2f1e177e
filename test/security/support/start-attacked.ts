/** The attacked gateway: the sources in this process, or the built program as a separate process. */
import { inject } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { runCommand } from '../../support/running-command.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

export type AttackedGateway = Pick<RunningGateway, 'origin' | 'port' | 'logText' | 'close'>;

export function startAttacked(text: string): Promise<AttackedGateway> {
  const program = inject('builtProgram');
  return program === undefined ? startGateway(text) : startProgram(program, text);
}

async function startProgram(program: string, text: string): Promise<AttackedGateway> {
  const folder = createConfigFolder();
  const command = runCommand(process.execPath, [program, 'serve', '--config', folder.write('gateway.yaml', text)]);
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const { port } = JSON.parse(line!).listen;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    logText: command.output,
    async close() {
      command.signal('SIGTERM');
      await command.ended;
      folder.remove();
    },
  };
}
