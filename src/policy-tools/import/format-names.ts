/** What can be imported; apart, so that the command line knows it without loading the importers. */
export const formatNames = ['ingress-nginx', 'openapi', 'platform'] as const;
export type FormatName = (typeof formatNames)[number];
