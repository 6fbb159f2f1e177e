/** Turns a failure to listen into one line with the setting to change. */
import type { ListenAddress } from '../http1/server/listen.ts';

/** A socket that could not be opened; `message` is for the person at the terminal. */
export class ListenError extends Error {
  readonly setting: string;

  constructor(setting: string, address: ListenAddress, code: string) {
    const { host, port, path, fd } = address;
    const place = fd !== undefined ? `fd:${fd}` : path === undefined ? `${host}:${port}` : `unix:${path}`;
    const cause =
      fd !== undefined
        ? `descriptor ${fd} is not a listening socket (${code})`
        : code === 'EADDRINUSE'
          ? `${path === undefined ? `port ${port}` : 'the socket'} is taken`
          : code === 'EACCES'
            ? `${path === undefined ? `port ${port}` : 'the socket'} needs more rights`
            : code === 'EADDRNOTAVAIL'
              ? `this machine has no address ${host}`
              : `cannot listen (${code})`;
    super(`rolegate: ${cause}: change ${setting} (now "${place}")`);
    this.setting = setting;
  }
}

/** Calls `listen`, and reports the setting if it fails. */
export async function listenOn<A extends ListenAddress>(
  setting: string,
  address: ListenAddress,
  listen: () => Promise<A>,
): Promise<A> {
  try {
    return await listen();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    throw new ListenError(setting, address, code);
  }
}
