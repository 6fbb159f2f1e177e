/** Paths of the gateway itself, before any route. */
export const ownPrefix = '/.rolegate/';

export const paths = {
  start: (provider: string) => `${ownPrefix}sign-in/${provider}`,
  callback: (provider: string) => `${ownPrefix}callback/${provider}`,
  signOut: `${ownPrefix}sign-out`,
  signedOut: `${ownPrefix}signed-out`,
  sessions: `${ownPrefix}sessions`,
} as const;
