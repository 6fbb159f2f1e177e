/** The message by which gateways learn that a verdict they may keep is not true anymore. */

export interface RevocationEvent {
  /** `user`: every session and key pair of the user. */
  readonly kind: 'session' | 'keypair' | 'user';
  /** UUID of what changed. */
  readonly id: string;
}
