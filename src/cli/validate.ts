/** `rolegate validate`: loads the configuration and says what it holds, or everything that is wrong with it. */
import pc from 'picocolors';
import { ExitCode } from './exit-code.ts';
import { readConfig } from './read-config.ts';

export function validate(file: string): ExitCode {
  const config = readConfig(file);
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const parts = [
    count(config.routes.routes.length, 'route'),
    count(config.roles.size, 'role'),
    count(config.upstreams.size, 'upstream'),
  ];
  process.stdout.write(`${pc.green('ok')} ${file}: ${parts.join(', ')}\n`);
  return ExitCode.fine;
}
