/** `rolegate healthcheck`: 0 if the gateway responds that it is ready, otherwise 1. Needs no shell and no curl. */
import { readDuration } from './duration-option.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';

export async function healthcheck(options: { url: string; timeout: string }): Promise<ExitCode> {
  const timeoutMs = readDuration('--timeout', options.timeout, 1, 60_000);
  if (!URL.canParse(options.url)) throw usageError('--url must be an http or https address');
  try {
    const response = await fetch(options.url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    await response.body?.cancel();
    if (response.ok) {
      process.stdout.write('ready\n');
      return ExitCode.fine;
    }
    throw new CommandError(`not ready: ${response.status}`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`not ready: no response from ${options.url}`);
  }
}
