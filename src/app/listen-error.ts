/** Turns the failure to listen into one line that names the setting to change. */
import type { Address } from '../config/config.ts';

/** A socket that could not be opened; `message` is for the person at the terminal. */
export class ListenError extends Error {
  readonly setting: string;

  constructor(setting: string, address: Address, code: string) {
    const place = `${address.host === '' ? '' : address.host}:${address.port}`;
    const cause =
      code === 'EADDRINUSE'
        ? `port ${address.port} is taken`
        : code === 'EACCES'
          ? `port ${address.port} needs more rights`
          : code === 'EADDRNOTAVAIL'
            ? `this machine has no address ${address.host}`
            : `cannot listen (${code})`;
    super(`rolegate: ${cause}: change ${setting} (now "${place}")`);
    this.setting = setting;
  }
}

/** Calls `listen` and names the setting when it fails. */
export async function listenOn(setting: string, address: Address, listen: () => Promise<Address>): Promise<Address> {
  try {
    return await listen();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    throw new ListenError(setting, address, code);
  }
}
