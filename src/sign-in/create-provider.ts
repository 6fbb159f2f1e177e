/** The provider for its protocol. */
import type { NamedSessionSource } from '../config/source-config.ts';
import { createGithubProvider } from './github-provider.ts';
import { createOpenidProvider } from './openid-provider.ts';
import type { Provider } from './provider.ts';

/** `now`: milliseconds since the epoch. */
export function createProvider(config: NamedSessionSource, now: () => number): Provider {
  switch (config.protocol) {
    case 'openid':
      return createOpenidProvider(config, now);
    case 'github':
      return createGithubProvider(config, now);
  }
}
