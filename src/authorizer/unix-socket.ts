/** The file of a Unix socket: a stale file is removed, and the group of the process may connect. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { ListenAddress } from '../http1/server/listen.ts';

/** Owner and group: a proxy that runs as another user shares a group with this process. */
const mode = 0o660;

/** Listens there with the given function; an address without a path is not a socket file. */
export async function listenWithGroup(
  address: ListenAddress,
  listen: (address: ListenAddress) => Promise<ListenAddress>,
): Promise<ListenAddress> {
  if (address.path === undefined) return await listen(address);
  await removeStaleSocket(address.path);
  const bound = await listen(address);
  await chmod(address.path, mode);
  return bound;
}

/**
 * Does nothing if a process listens there, or if the file is not a socket, which also refuses connections. Listening then fails with
 * `EADDRINUSE`.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const code = await new Promise<string | null>((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? null));
  });
  if (code === 'ECONNREFUSED' && (await lstat(path)).isSocket()) await unlink(path);
}
