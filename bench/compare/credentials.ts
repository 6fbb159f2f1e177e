/** Credentials of the comparison, as long as real ones. */
export const goodBearer = 'b'.repeat(64);
export const goodKey = 'k'.repeat(32);
export const goodSecret = 's'.repeat(64);
