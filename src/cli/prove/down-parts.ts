/** What the operator stops before `rolegate prove --outage-of`. */
export const downParts = ['auth-api', 'authorizer'] as const;
export type DownPart = (typeof downParts)[number];
