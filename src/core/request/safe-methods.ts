/** Methods that ask for no change (RFC 9110 section 9.2.1): sent twice, by whomever, they do what once does. */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
