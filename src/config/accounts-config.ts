/** Compiled settings of `signIn.accounts`; null in the configuration: there is no sign-in at the embedded Auth API. */

/** For passkeys and these pages, where nothing else is configured. */
export const recentSignInMs = 600_000;

/** The pages on which people sign in at the embedded Auth API. */
export interface AccountsConfig {
  readonly name: string;
  /** An address with its origin, or a "data:" URL; null: none. */
  readonly logo: string | null;
  /** As "#rrggbb"; null: that of all pages. */
  readonly color: string | null;
  /** Whether anyone may sign up. */
  readonly mayRegister: boolean;
  /** Maximum time since the sign-in of a person who changes how they sign in. */
  readonly recentSignInMs: number;
  /** Whether they offer passkeys. */
  readonly passkeys: boolean;
}
