/** What names of routes, upstreams and identities look like. */

export const idPattern = '[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}';
export const idHint = 'letters, digits and _ . : - only, at most 100';
