/** Which methods exist, for every entrypoint and for `explain` alike. */

/** RFC 9110 section 5.6.2 token of at most 32 characters. */
const methodName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/;

/** In any case: a service may read methods without it. */
const neverForwarded = /^(?:trace|track|connect)$/i;

export function isMethodName(text: string): boolean {
  return methodName.test(text);
}

/** Any method name but TRACE and TRACK, which would echo credentials, and CONNECT, which asks for a tunnel. */
export function isSupportedMethod(method: string): boolean {
  return isMethodName(method) && !neverForwarded.test(method);
}

/** Methods that ask for no change (RFC 9110 section 9.2.1). */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
