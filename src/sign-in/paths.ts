/** Paths of the gateway itself, before any route. */
import { ownPaths } from '../core/credential/sign-in.ts';

export const paths = {
  start: (provider: string) => `${ownPaths}sign-in/${provider}`,
  callback: (provider: string) => `${ownPaths}callback/${provider}`,
  /** Where a sign-in ends that began beside a form. */
  signedIn: `${ownPaths}signed-in`,
  signOut: `${ownPaths}sign-out`,
  signedOut: `${ownPaths}signed-out`,
  sessions: `${ownPaths}sessions`,
} as const;
