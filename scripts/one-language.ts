/** For the bundler: of the messages of `zod` in sixty languages, half of that package, the English ones. No other is ever shown. */
import type { Plugin } from 'rolldown';

export const oneLanguage: Plugin = {
  name: 'one-language',
  load: {
    filter: { id: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ },
    handler: () => `export { default as en } from './en.js';`,
  },
};
