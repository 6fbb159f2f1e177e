/** Starts and stops listening: at an address that may be shared, and without losing connections that wait to be accepted. */
import type { AddressInfo, Server } from 'node:net';

export interface ListenAddress {
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, instead of host and port. */
  readonly path?: string;
  /** Descriptor of an inherited socket that listens already, instead of host and port. */
  readonly fd?: number;
}

/** `shared`: other processes also listen there. Rejects with the error of the system, such as `EADDRINUSE`. */
export function listenAt(
  server: Server,
  { host, port, path, fd }: ListenAddress,
  shared: boolean,
): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const tcp = { port, reusePort: shared, ...(host === '' ? {} : { host }) };
    server.listen(fd !== undefined ? { fd } : path === undefined ? tcp : { path }, () => {
      server.off('error', reject);
      const bound = server.address() as AddressInfo | string;
      resolve(
        typeof bound === 'string' ? { host: '', port: 0, path: bound } : { host: bound.address, port: bound.port },
      );
    });
  });
}

/** Maximum time for which new connections delay the end. */
const maxAcceptMs = 200;
/** How many connections may wait, of which each turn accepts one: those that wait already are accepted on a busy machine, too. */
const backlog = 511;

/**
 * The system completes connections before they are accepted, and resets those that wait when the listening socket closes. So they are
 * accepted first, until a whole turn of the event loop brings none, for at most 200 ms or as many turns as connections may wait. Then calls `stop`.
 */
export function stopListening(server: Server, stop: () => void): void {
  const until = performance.now() + maxAcceptMs;
  // The current turn may have checked for connections long ago.
  let accepted = true;
  let turns = 0;
  const onConnection = () => {
    accepted = true;
  };
  const turn = () => {
    turns += 1;
    if (accepted && (turns <= backlog || performance.now() < until)) {
      accepted = false;
      setImmediate(turn);
      return;
    }
    server.off('connection', onConnection);
    stop();
  };
  server.on('connection', onConnection);
  setImmediate(turn);
}
