/**
 * Makes sure that no other program has the address that workers will share: a socket that is shared can be had beside that of
 * another program of the same user, which would take a part of the connections without a word.
 */
import { createServer } from 'node:net';
import type { Address } from '../../config/config.ts';
import { ListenError, listenOn } from '../listen-error.ts';

/** The address with its port, also where any was to be taken. Rejects with `ListenError`. */
export async function ownAddress(setting: string, address: Address): Promise<Address> {
  const port = await listenOn(setting, address, () => tried(address, false)).then((had) => had.port);
  const own = { host: address.host, port };
  try {
    await tried(own, true);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw code === 'ENOTSUP' || code === 'EINVAL' ? new NotShareableError() : new ListenError(setting, own, code);
  }
  return own;
}

/** `message` is for the person at the terminal. */
export class NotShareableError extends Error {
  override readonly name = 'NotShareableError';

  constructor() {
    super('rolegate: this system cannot share a port between processes: change server.workers to 1');
  }
}

/** Listens, and stops again. */
function tried({ host, port }: Address, shared: boolean): Promise<Address> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ port, reusePort: shared, ...(host === '' ? {} : { host }) }, () => {
      const bound = server.address();
      server.close(() => {
        if (bound === null || typeof bound === 'string') reject(new Error('this is not an address with a port'));
        else resolve({ host: bound.address, port: bound.port });
      });
    });
  });
}
