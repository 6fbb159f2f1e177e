/** How the YAML library reads a configuration: the core schema of YAML 1.2, and nothing else. */
export const yamlOptions = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
  // "silent" would also keep silent about further documents.
  logLevel: 'error',
} as const;
