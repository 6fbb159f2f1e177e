/**
 * Which callers may send checks: peers by address, or callers through the Unix socket; both only with the shared secret, if one is
 * configured.
 */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AuthorizerConfig } from '../config/config.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import { authorizerHeader } from '../core/syntax/header-names.ts';
import type { ListenAddress } from '../http1/server/listen.ts';
import { compareSecrets } from '../sealing/compare-secrets.ts';

/** Whether it is the shared secret. */
export type IsSecret = (presented: string) => boolean;

/** Null: no secret is configured. */
export function secretOf({ secret }: Pick<AuthorizerConfig, 'secret'>): IsSecret | null {
  return secret === null ? null : compareSecrets([secret]);
}

/** `address` is empty for a Unix socket. */
export function mayConnect(address: string, peers: TrustedProxies): boolean {
  return address === '' || peers(address);
}

/** `offered`: every value from the caller. A missing or repeated one is compared, too. */
export function hasSecret(offered: readonly string[], isSecret: IsSecret | null): boolean {
  if (isSecret === null) return true;
  const same = isSecret(offered[0] ?? '');
  return same && offered.length === 1;
}

/** The headers without the secret. Null: it is missing, repeated or wrong. */
export function takeSecret(rawHeaders: readonly string[], isSecret: IsSecret | null): string[] | null {
  const rest: string[] = [];
  const offered: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i]!, authorizerHeader)) offered.push(rawHeaders[i + 1]!);
    else rest.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return hasSecret(offered, isSecret) ? rest : null;
}

/** Of a Unix socket. Owner and group: a proxy that runs as another user shares a group with this process. */
const socketMode = 0o660;

/** Listens there with the given function; an address without a path is not a socket file. */
export async function listenWithGroup(
  address: ListenAddress,
  listen: (address: ListenAddress) => Promise<ListenAddress>,
): Promise<ListenAddress> {
  if (address.path === undefined) return await listen(address);
  await removeStaleSocket(address.path);
  const bound = await listen(address);
  await chmod(address.path, socketMode);
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
