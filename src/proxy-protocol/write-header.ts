/** Writes the header of the PROXY protocol with which a connection to a service begins. */
import { bytesOf, textOf } from './address-bytes.ts';
import { binarySignature } from './read-header.ts';

export type HeaderVersion = 'v1' | 'v2';

export interface HeaderTarget {
  /** Of the service, in the text form of a socket. */
  readonly address: string;
  readonly port: number;
}

/**
 * `client`: its address; null: the connection is one of the gateway itself. The port of the client is 0: its connections share those to the
 * service.
 */
export function writeHeader(version: HeaderVersion, client: string | null, target: HeaderTarget): Buffer {
  const source = client === null ? null : bytesOf(client);
  if (source === null)
    return version === 'v1' ? Buffer.from('PROXY UNKNOWN\r\n') : binary(client === null ? 0x20 : 0x21, 0, []);
  const destination = inFamilyOf(source, target.address);
  if (version === 'v1') {
    const family = source.length === 4 ? 4 : 6;
    return Buffer.from(`PROXY TCP${family} ${textOf(source)} ${textOf(destination)} 0 ${target.port}\r\n`);
  }
  const ports = Buffer.from([0, 0, target.port >> 8, target.port & 0xff]);
  return binary(0x21, source.length === 4 ? 0x11 : 0x21, [source, destination, ports]);
}

function binary(command: number, family: number, parts: readonly Buffer[]): Buffer {
  const rest = Buffer.concat(parts);
  return Buffer.concat([binarySignature, Buffer.from([command, family, 0, rest.length]), rest]);
}

/** A header has two addresses of one family. An IPv6 address has no form in IPv4, so it is not named to a client of IPv4. */
function inFamilyOf(source: Buffer, address: string): Buffer {
  const bytes = bytesOf(address) ?? Buffer.alloc(source.length);
  if (bytes.length === source.length) return bytes;
  return bytes.length === 16 ? Buffer.alloc(4) : Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), bytes]);
}
