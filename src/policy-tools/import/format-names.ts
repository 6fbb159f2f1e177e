/** Formats that can be imported. A separate file, because the command line needs them without loading the importers. */
export const formatNames = ['openapi', 'platform'] as const;
export type FormatName = (typeof formatNames)[number];
