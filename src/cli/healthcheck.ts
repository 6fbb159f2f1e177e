/** `rolegate healthcheck`: 0 if the gateway responds that it is ready, otherwise 1. Needs no shell and no curl. */
import { readFileSync } from 'node:fs';
import { readDuration } from './duration-option.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { getOwnPort } from './get-own-port.ts';

export interface HealthcheckOptions {
  readonly url: string;
  readonly timeout: string;
  /** File of the certificate that the port presents. */
  readonly certificate?: string;
}

export async function healthcheck(options: HealthcheckOptions): Promise<ExitCode> {
  const timeoutMs = readDuration('--timeout', options.timeout, 1, 60_000);
  if (!/^https?:/.test(options.url) || !URL.canParse(options.url))
    throw usageError('--url must be an http or https address');
  const certificate = options.certificate === undefined ? null : readCertificate(options.certificate);
  const response = await getOwnPort(options.url, certificate, timeoutMs).catch(() => {
    throw new CommandError(`not ready: no response from ${options.url}`);
  });
  if (response.status < 200 || response.status > 299) throw new CommandError(`not ready: ${response.status}`);
  process.stdout.write('ready\n');
  return ExitCode.fine;
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`not ready: the file of --certificate cannot be read: ${file}`);
  }
}
