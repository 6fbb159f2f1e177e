/** What a release was built from, as an in-toto statement with the predicate of SLSA provenance 1. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface Origin {
  readonly version: string;
  /** Full hash of the commit. */
  readonly commit: string;
  readonly lockFile: string;
  readonly node: string;
  readonly npm: string;
  readonly startedOn: string;
  readonly finishedOn: string;
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Lines for `sha256sum --check` in the folder of the files. */
export function checksums(paths: readonly string[]): string {
  return paths.map((path) => `${sha256(path)}  ${basename(path)}\n`).join('');
}

/** Not signed; the publisher signs it. */
export function provenance(paths: readonly string[], origin: Origin): object {
  const { version, commit, lockFile, node, npm, startedOn, finishedOn } = origin;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: paths.map((path) => ({ name: basename(path), digest: { sha256: sha256(path) } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:rolegate:scripts/release:1',
        externalParameters: { version },
        internalParameters: { node, npm, platform: `${process.platform}-${process.arch}` },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: sha256(lockFile) } },
        ],
      },
      runDetails: {
        builder: { id: 'urn:rolegate:scripts/release' },
        metadata: { startedOn, finishedOn },
      },
    },
  };
}
