/**
 * Makes sure that no other program has the address that workers will share: a shared socket can coexist with that of another program of the
 * same user, which would silently receive some of the connections.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Address } from '../../config/config.ts';
import { ListenError, listenOn } from '../listen-error.ts';

export interface OwnAddress {
  /** With its port, also where any was to be taken. */
  readonly address: Address;
  /** Once workers listen there. */
  release(): void;
}

/** Rejects with `ListenError`. */
export async function ownAddress(setting: string, address: Address): Promise<OwnAddress> {
  const { port } = await listenOn(setting, address, async () => await stopped(await listening(address, false)));
  const own = { host: address.host, port };
  try {
    const server = await listening(own, true);
    // The system may assign the port to another program if no socket listens on it. No client knows the port yet.
    if (address.port === 0) return { address: own, release: () => void server.close() };
    await stopped(server);
    return { address: own, release: () => {} };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw code === 'ENOTSUP' || code === 'EINVAL' ? new NotShareableError() : new ListenError(setting, own, code);
  }
}

/** `message` is for the person at the terminal. */
export class NotShareableError extends Error {
  override readonly name = 'NotShareableError';

  constructor() {
    super('rolegate: this system cannot share a port between processes: change server.workers to 1');
  }
}

function listening({ host, port }: Address, shared: boolean): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ port, reusePort: shared, ...(host === '' ? {} : { host }) }, () => resolve(server.unref()));
  });
}

/** Where it listened until now. */
async function stopped(server: Server): Promise<Address> {
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('this is not an address with a port');
  return { host: bound.address, port: bound.port };
}
