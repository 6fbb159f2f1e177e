/** The settings of passkeys, as compiled. */

export interface PasskeySettings {
  /** As browsers serialize it. */
  readonly origin: string;
  /** The host of the origin (WebAuthn Level 3, RP ID). */
  readonly rpId: string;
  /** Shown by browsers. */
  readonly name: string;
  /**
   * Roles that only sessions opened by a passkey have. Besides them, that of administrators is one for those who have a passkey, unless the
   * list is empty. Null: not written.
   */
  readonly requiredForRoles: readonly string[] | null;
}
