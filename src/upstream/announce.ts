/** What connections to a service begin with, if it expects the PROXY protocol. */
import type { Announce } from '../http1/client/open-socket.ts';
import { type HeaderVersion, writeHeader } from '../proxy-protocol/write-header.ts';

/** `client` of the result unset: a connection of the gateway itself. */
export function announcing(version: HeaderVersion | null): Announce | null {
  if (version === null) return null;
  return ({ remoteAddress = '', remotePort = 0 }, client) =>
    writeHeader(version, client ?? null, { address: remoteAddress, port: remotePort });
}
