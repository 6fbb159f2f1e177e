/** What a change of a key means for who gets in and who sees what: metadata of every key of the configuration. */

/**
 * `decides`: which requests are allowed, or as whom. `exposes`: who sees an identity, a credential, a port or a service.
 * `neither`: anything else, such as how long, how much, or how it is logged.
 */
export type KeyClass = 'decides' | 'exposes' | 'neither';

declare module 'zod' {
  interface GlobalMeta {
    class?: KeyClass;
    /** Of a number: how an author writes it. */
    unit?: 'ms' | 'bytes';
    /** The value is never shown. */
    isSecret?: boolean;
    /** Excludes another key of the same section, so the reference shows it as a comment. */
    alternative?: boolean;
  }
}
