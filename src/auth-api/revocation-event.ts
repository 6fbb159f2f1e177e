/** The message that tells gateways that a result they may keep is no longer true. */

export interface RevocationEvent {
  /** `user`: every session and key pair of the user. */
  readonly kind: 'session' | 'keypair' | 'user';
  /** UUID of what changed. */
  readonly id: string;
}
