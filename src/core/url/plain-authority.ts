/**
 * One form of the authorities that are the same place to a browser or a resolver: in lower case, without the port of http or https and without
 * the dot that ends a complete name.
 */
export function plainAuthority(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:(?:80|443)$/, '')
    .replace(/\.(?=:|$)/, '');
}
