/** `rolegate echo`: a service that returns what it receives, to put behind a proxy for `rolegate prove --echo`. */
import { untilSignal } from '../app/lifecycle.ts';
import { listenOn } from '../app/listen-error.ts';
import { parseListenAddress } from '../config/units/parse-address.ts';
import { startSampleService } from './demo/sample-service.ts';
import { type ExitCode, usageError } from './exit-code.ts';

export async function echo({ listen }: { readonly listen: string }): Promise<ExitCode> {
  const address = parseListenAddress(listen);
  if (address === null) throw usageError('rolegate: --listen must be an address, such as 127.0.0.1:3000 or :3000');
  const service = await listenOn('--listen', address, () => startSampleService(address));
  const ended = untilSignal({ close: () => service.close() });
  process.stdout.write(`returns what it receives at ${service.url}\n`);
  return (await ended) as ExitCode;
}
