/** By which name the attempts of a client are counted, and whether those of strangers concern it. */
import { clientNetwork } from '../../core/forwarding/client-address.ts';
import { type DeviceKeys, deviceOf } from './known-devices.ts';
import type { Charged } from './limiter.ts';

/** A client as an operation sees it. */
export interface Seen {
  readonly ip: string;
  /** What it keeps to be known by, empty for nothing; null: it keeps nothing, and is known by its network. */
  readonly kept: string | null;
}

export interface Recognized {
  readonly network: string;
  /** Of the device, if that is known; otherwise of the network. */
  readonly countedAs: string;
  readonly knownBy: 'device' | 'network' | null;
}

/** `userId` null: there is no such user, which takes the same work. */
export async function recognize(
  { ip, kept }: Seen,
  userId: string | null,
  services: Charged & DeviceKeys,
): Promise<Recognized> {
  const network = clientNetwork(ip);
  const stranger = { network, countedAs: network, knownBy: null };
  if (kept === null) {
    const isFamiliar = await services.limiter.isFamiliar(userId ?? '', network);
    return isFamiliar ? { ...stranger, knownBy: 'network' } : stranger;
  }
  const device = deviceOf(kept, userId ?? '', services);
  return device === null ? stranger : { network, countedAs: `device ${device}`, knownBy: 'device' };
}
